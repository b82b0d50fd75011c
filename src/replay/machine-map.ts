/** A machine's states and transitions by number, and what each transition leaves and enters: worked out once, for counting. */
import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate';
import { arrowIds, chartOf, pathOf } from '../charts/chart-model.ts';

type Node = AnyStateMachine['root'];

export interface MachineMap {
  /** Paths of the states, outer ones first, and numbers by state. The machine itself is none. */
  readonly paths: readonly string[];
  readonly states: ReadonlyMap<Node, number>;
  /** Ids of the arrows, and numbers by transition. */
  readonly ids: readonly string[];
  readonly arrows: ReadonlyMap<AnyTransitionDefinition, number>;
  /** What causes an arrow, for people, by the type of a timer's event. */
  readonly timerNames: ReadonlyMap<string, string>;
  /** States inside this one are left and entered by the transition; null when nothing is. */
  readonly domainOf: (transition: AnyTransitionDefinition) => Node | null;
}

/** The map of a machine. */
export function mapOf(machine: AnyStateMachine): MachineMap {
  const nodes = inner(machine.root);
  const ids = arrowIds(machine);
  const events = new Map(chartOf(machine).arrows.map(({ id, event }) => [id, event]));
  const transitions = [...ids.keys()];
  const domains = new Map(transitions.map((transition) => [transition, domain(machine.root, transition)]));
  return {
    paths: nodes.map(pathOf),
    states: new Map(nodes.map((node, index) => [node, index])),
    ids: [...ids.values()],
    arrows: new Map(transitions.map((transition, index) => [transition, index])),
    timerNames: new Map(
      [...ids].map(([transition, id]) => [transition.eventType, events.get(id) ?? transition.eventType]),
    ),
    domainOf: (transition) => domains.get(transition) ?? null,
  };
}

const inner = (node: Node): Node[] => Object.values(node.states).flatMap((child) => [child, ...inner(child)]);

/** Whether a state lies inside another. */
export function liesIn(node: Node, outer: Node): boolean {
  for (let at = node.parent; at !== undefined; at = at.parent) if (at === outer) return true;
  return false;
}

/** As SCXML has it: the source of a transition that stays inside, else the innermost state that holds source and targets. */
function domain(root: Node, { source, target, reenter }: AnyTransitionDefinition): Node | null {
  if (target === undefined || target.length === 0) return null;
  if (!reenter && target.every((to) => to === source || liesIn(to, source))) return source;
  for (let at = source.parent; at !== undefined; at = at.parent) {
    const outer = at;
    if (target.every((to) => liesIn(to, outer))) return outer;
  }
  return root;
}
