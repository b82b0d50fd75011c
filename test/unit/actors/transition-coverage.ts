import {
  getInitialMicrosteps,
  getMicrosteps,
  getNextTransitions,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
} from 'xstate';

type Node = AnyStateMachine['root'];

/**
 * Which states and transitions of a machine a test file has reached, against all that its definition has. A transition is one
 * entry of a state's `on`, `after` or `always`: where several wait for one event under different guards, each counts.
 */
export class TransitionCoverage {
  readonly #machine: AnyStateMachine;
  readonly #transitions = new Map<AnyTransitionDefinition, string>();
  readonly #states = new Set<string>();
  readonly #taken = new Set<AnyTransitionDefinition>();
  readonly #entered = new Set<string>();

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    this.#list(machine.root);
  }

  /** Note the machine's first breath. */
  noteStart(input: unknown): void {
    const steps = getInitialMicrosteps(this.#machine, input).map(([snapshot]) => snapshot as AnyMachineSnapshot);
    this.#noteSteps(steps);
  }

  /** Note what this event does to the machine. */
  noteEvent(before: AnyMachineSnapshot, event: { type: string }): void {
    for (const transition of this.#machine.getTransitionData(before, event)) this.#take(transition);
    this.#noteSteps(getMicrosteps(this.#machine, before, event).map(([snapshot]) => snapshot as AnyMachineSnapshot));
  }

  /** States and transitions that were never reached, as people read them. */
  missing(): string[] {
    return [
      ...[...this.#states].filter((state) => !this.#entered.has(state)).map((state) => `state ${state}`),
      ...[...this.#transitions].flatMap(([transition, name]) => (this.#taken.has(transition) ? [] : [name])),
    ];
  }

  /** How many states and transitions the definition has. */
  get size(): number {
    return this.#states.size + this.#transitions.size;
  }

  #list(node: Node): void {
    this.#states.add(nameOf(node));
    const listed: [string, readonly AnyTransitionDefinition[]][] = [...node.transitions];
    if (node.always !== undefined) listed.push(['always', node.always]);
    for (const [event, transitions] of listed) {
      transitions.forEach((transition, index) => {
        const target = (transition.target ?? []).map((to) => nameOf(to)).join(', ') || 'stays';
        this.#transitions.set(transition, `${nameOf(node)}: ${event} [${index}] -> ${target}`);
      });
    }
    for (const child of Object.values(node.states)) this.#list(child);
  }

  /** The first of the steps follows from the event, each other one from an eventless transition of the one before. */
  #noteSteps(steps: readonly AnyMachineSnapshot[]): void {
    steps.forEach((snapshot, index) => {
      for (const node of snapshot._nodes) this.#entered.add(nameOf(node));
      const before = steps[index - 1];
      if (before !== undefined) this.#take(eventlessBetween(before, snapshot));
    });
  }

  #take(transition: AnyTransitionDefinition): void {
    if (!this.#transitions.has(transition))
      throw new Error(`a transition on ${transition.eventType} is not in the list`);
    this.#taken.add(transition);
  }
}

/** The eventless transition that led from one snapshot to the next; its target tells which one it was. */
function eventlessBetween(before: AnyMachineSnapshot, after: AnyMachineSnapshot): AnyTransitionDefinition {
  const fitting = getNextTransitions(before).filter(
    (transition) =>
      transition.eventType === '' &&
      (transition.target ?? []).every((target) => after._nodes.some((node) => node === target)),
  );
  const [transition] = fitting;
  if (transition === undefined || fitting.length > 1) {
    throw new Error(`${fitting.length} eventless transitions lead from ${JSON.stringify(before.value)} onwards`);
  }
  return transition;
}

const nameOf = (node: Node): string => node.path.join('.') || '(top)';
