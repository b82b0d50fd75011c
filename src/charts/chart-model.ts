/**
 * A statechart as plain data, read from the machine's own definition: what is drawn, printed and counted is what runs.
 *
 * A state is named by its path (`draining.toEnd`), an arrow by its state, its event and its place among that state's transitions on
 * the event (`running/result.recorded/0`); both stay the same as long as the definition does. The machine itself is the state with
 * the empty path.
 */
import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate';

type Node = AnyStateMachine['root'];

export type StateKind = 'simple' | 'compound' | 'parallel' | 'final' | 'history';

/** One state with those inside it. */
export interface ChartState {
  readonly path: string;
  readonly name: string;
  readonly kind: StateKind;
  readonly description: string;
  /** Path of the state inside that is entered first; null where there is none, or all are. */
  readonly initial: string | null;
  /** Names of the actions on entering and on leaving it. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly states: readonly ChartState[];
}

/** One transition: an entry of a state's `on`, `after`, `always` or `onDone`, or where a history state leads at first. */
export interface ChartArrow {
  readonly id: string;
  /** Paths of the states that it leads from and to; without targets, or inside its own state, nothing is left by it. */
  readonly source: string;
  readonly targets: readonly string[];
  /** Whether its source is left and entered anew. */
  readonly reenters: boolean;
  /** What causes it, as people read it: `result.recorded`, `after 30 s`, `always`, `done`. */
  readonly event: string;
  /** The guard's name; of guards made of guards `and(a, not(b))`. */
  readonly guard: string | null;
  readonly actions: readonly string[];
  readonly description: string;
  /** `event [guard]`, which is what stands on the arrow; without the event where there is none. */
  readonly label: string;
}

/** A machine as a chart. */
export interface Chart {
  /** The machine's id. */
  readonly actor: string;
  readonly root: ChartState;
  readonly arrows: readonly ChartArrow[];
}

/** The chart of a machine. */
export function chartOf(machine: AnyStateMachine): Chart {
  const { root } = machine;
  return {
    actor: machine.id,
    root: stateOf(root),
    arrows: [
      ...listed(machine).map(({ id, event, transition }) => arrowOf(id, event, transition)),
      ...nodesOf(root).flatMap(historyArrows),
    ],
  };
}

/** The ids of a machine's arrows by its transitions as XState holds them: which one was taken is told by identity. */
export function arrowIds(machine: AnyStateMachine): ReadonlyMap<AnyTransitionDefinition, string> {
  return new Map(listed(machine).map(({ id, transition }) => [transition, id]));
}

/** The path of a state, as the chart names it; of the machine itself the empty one. */
export const pathOf = (node: { readonly path: readonly string[] }): string => node.path.join('.');

/** All states of a chart, outer ones before those inside. */
export const statesOf = ({ root }: Pick<Chart, 'root'>): ChartState[] => {
  const flat = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(flat)];
  return flat(root);
};

interface Listed {
  readonly id: string;
  readonly event: string;
  readonly transition: AnyTransitionDefinition;
}

const nodesOf = (node: Node): Node[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

/** The transitions of a machine with what causes each, state by state. */
function listed(machine: AnyStateMachine): Listed[] {
  return nodesOf(machine.root).flatMap((node) => {
    const path = pathOf(node);
    const groups: [string, readonly AnyTransitionDefinition[]][] = [...node.transitions];
    if (node.always !== undefined) groups.push(['', node.always]);
    return groups.flatMap(([type, transitions]) =>
      transitions.map((transition, index) => {
        const [key, event] = causeOf(machine, type, transition);
        return { id: `${path}/${key}/${index}`, event, transition };
      }),
    );
  });
}

/** What causes a transition: as its id names it, and as people read it. */
function causeOf(machine: AnyStateMachine, type: string, transition: AnyTransitionDefinition): [string, string] {
  if (type === '') return ['always', 'always'];
  if (type.startsWith('xstate.done.')) return ['done', 'done'];
  const { delay } = transition as { delay?: string | number };
  if (delay === undefined) return [type, type];
  const delays = machine.implementations.delays as Readonly<Record<string, unknown>>;
  const ms = typeof delay === 'number' ? delay : delays[delay];
  return [`after ${delay}`, `after ${typeof ms === 'number' ? duration(ms) : delay}`];
}

/** 30 s, 250 ms, 1.5 min. */
function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${ms / 1_000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}

function stateOf(node: Node): ChartState {
  const { initial } = node.config as { initial?: string };
  const isOpen = node.type === 'compound' && initial !== undefined;
  return {
    path: pathOf(node),
    name: node.key,
    kind: node.type === 'atomic' ? 'simple' : node.type,
    description: node.description ?? '',
    initial: isOpen ? [...node.path, initial].join('.') : null,
    // Of the config: XState adds the arming of timers to the node's own.
    entry: namesOf(node.config.entry),
    exit: namesOf(node.config.exit),
    states: Object.values(node.states).map(stateOf),
  };
}

function arrowOf(id: string, event: string, transition: AnyTransitionDefinition): ChartArrow {
  const guard = transition.guard === undefined ? null : guardName(transition.guard);
  const shown = event === 'always' && guard !== null ? '' : event;
  return {
    id,
    source: pathOf(transition.source),
    targets: (transition.target ?? []).map(pathOf),
    reenters: transition.reenter,
    event,
    guard,
    actions: namesOf(transition.actions),
    description: transition.description ?? '',
    label: [shown, guard === null ? '' : `[${guard}]`].filter((part) => part !== '').join(' '),
  };
}

/** Where a history state leads when its parent has none yet. */
function historyArrows(node: Node): ChartArrow[] {
  const { target } = node.config as { target?: string };
  if (node.type !== 'history' || target === undefined || node.parent === undefined) return [];
  const source = pathOf(node);
  const to = [...node.parent.path, target.replace(/^\./, '')].join('.');
  const what = { event: '', guard: null, actions: [], description: '', label: '' };
  return [{ id: `${source}/default/0`, source, targets: [to], reenters: false, ...what }];
}

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { name, type, guards } = guard as { name?: string; type?: string; guards?: readonly unknown[] };
  const called = type ?? (name === undefined || name === '' ? 'a condition' : name);
  return guards === undefined ? called : `${called}(${guards.map(guardName).join(', ')})`;
}

function namesOf(actions: unknown): string[] {
  if (actions === undefined) return [];
  return (Array.isArray(actions) ? actions : [actions]).map((action: unknown) => {
    if (typeof action === 'string') return action;
    const { name, type } = action as { name?: string; type?: string };
    return (type ?? name ?? '').replace(/^xstate\./, '') || 'an action';
  });
}
