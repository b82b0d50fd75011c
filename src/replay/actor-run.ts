/** One actor, run again over the log and counted on the way. */
import type { AnyMachineSnapshot, AnyTransitionDefinition } from 'xstate';
import type { ActorPlan } from '../protocol/actor.ts';
import { messageOf } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { beginActor, takeFact, type ActorState, type Microstep, type Step } from '../runtime/step.ts';
import type { ActorHistory, PastActor } from './actor-history.ts';
import { liesIn, mapOf, type MachineMap } from './machine-map.ts';

type Last = NonNullable<PastActor['last']>;
type Recent = ActorHistory['recent'][number];

/** What it takes to go on from some event: none of it changes afterwards. */
export interface ActorMark {
  readonly state: ActorState;
  readonly entered: Float64Array;
  readonly ms: Float64Array;
  readonly since: Float64Array;
  readonly arrows: Float64Array;
  readonly last: Last | null;
  readonly trouble: string | null;
}

const mostRecent = 20;

/** An event of the actor's own that the replay has said, on its way into the log. */
interface Owed {
  readonly cause: number;
  readonly saying: { readonly type: string; sequence: number | null };
}

export class ActorRun {
  readonly plan: ActorPlan;
  readonly #map: MachineMap;
  #state: ActorState;
  /** By number of the state: how often it was entered, ms in it before the last time, and since when it is active (NaN: it is not). */
  readonly #entered: Float64Array;
  readonly #ms: Float64Array;
  readonly #since: Float64Array;
  readonly #arrows: Float64Array;
  #last: Last | null = null;
  #trouble: string | null = null;
  #recent: Recent[] = [];
  readonly #owed = new Map<number, Owed>();
  /** Sequences of what it has taken since the oldest event that it owes an answer to. */
  #unanswered: number[] = [];
  #taken: string[] = [];
  #now = 0;

  private constructor(plan: ActorPlan, map: MachineMap, mark: ActorMark) {
    this.plan = plan;
    this.#map = map;
    this.#state = mark.state;
    this.#entered = mark.entered.slice();
    this.#ms = mark.ms.slice();
    this.#since = mark.since.slice();
    this.#arrows = mark.arrows.slice();
    this.#last = mark.last;
    this.#trouble = mark.trouble;
  }

  /** An actor at its first breath. */
  static begin(plan: ActorPlan, at: number): ActorRun {
    const map = mapOf(plan.actor.machine);
    const first = beginActor(plan.actor, plan.input, at);
    const run = new ActorRun(plan, map, {
      state: first,
      entered: new Float64Array(map.paths.length),
      ms: new Float64Array(map.paths.length),
      since: new Float64Array(map.paths.length).fill(NaN),
      arrows: new Float64Array(map.ids.length),
      last: null,
      trouble: null,
    });
    run.#now = at;
    run.#enter(first.snapshot, plan.actor.machine.root);
    run.#owe(first);
    return run;
  }

  /** The same actor as it was at a mark; this one stays as it is. */
  from(mark: ActorMark): ActorRun {
    return new ActorRun(this.plan, this.#map, mark);
  }

  mark(): ActorMark {
    return {
      state: this.#state,
      entered: this.#entered.slice(),
      ms: this.#ms.slice(),
      since: this.#since.slice(),
      arrows: this.#arrows.slice(),
      last: this.#last,
      trouble: this.#trouble,
    };
  }

  /** The machine's snapshot. */
  get snapshot(): AnyMachineSnapshot {
    return this.#state.snapshot;
  }

  /** Take a fact of the log; whether the machine was given an event. An actor that failed takes nothing more. */
  take(fact: StoredFact): boolean {
    if (fact.source === this.plan.actor.name && fact.number !== null) this.#answered(fact.number, fact.sequence);
    if (this.#trouble !== null) return false;
    this.#now = fact.storedAt;
    try {
      const before = this.#state.snapshot;
      const step = takeFact(this.plan.actor, this.#state, fact, this.#watch);
      this.#state = { record: step.record, snapshot: step.snapshot };
      if (step.taken.length === 0) return false;
      this.#note(before, step, fact);
      return true;
    } catch (error) {
      this.#trouble = `it cannot be replayed from ${fact.sequence} on: ${messageOf(error)}`;
      return false;
    }
  }

  /** What is known of it, at a time of the log. */
  past(at: number): PastActor {
    const { paths, ids } = this.#map;
    const states = paths.map((path, n): [string, { entered: number; ms: number }] => {
      const since = this.#since[n] ?? NaN;
      const running = Number.isNaN(since) ? 0 : Math.max(0, at - since);
      return [path, { entered: this.#entered[n] ?? 0, ms: (this.#ms[n] ?? 0) + running }];
    });
    return {
      actor: this.plan.actor.name,
      active: paths.filter((_, n) => !Number.isNaN(this.#since[n])),
      states: Object.fromEntries(states),
      arrows: Object.fromEntries(ids.map((id, n) => [id, this.#arrows[n] ?? 0])),
      last: this.#last,
      trouble: this.#trouble,
    };
  }

  /** All of it, at a time of the log. */
  history(at: number): ActorHistory {
    const { position, early, timers } = this.#state.record;
    return {
      ...this.past(at),
      position,
      mailbox: early.length + this.#unanswered.length,
      timers: timers
        .map(({ event, dueAt }) => ({ event: this.#map.timerNames.get(event.type) ?? event.type, dueAt }))
        .sort((a, b) => a.dueAt - b.dueAt),
      recent: this.#recent.map((one) => ({ ...one, said: one.said.map((saying) => ({ ...saying })) })),
    };
  }

  readonly #watch = ({ transitions, snapshot }: Microstep): void => {
    for (const transition of transitions) {
      this.#count(transition);
      const domain = this.#map.domainOf(transition);
      if (domain === null) continue;
      for (const [node, n] of this.#map.states) if (liesIn(node, domain)) this.#leave(n);
      this.#enter(snapshot, domain);
    }
  };

  #count(transition: AnyTransitionDefinition): void {
    const n = this.#map.arrows.get(transition);
    if (n === undefined) return;
    this.#arrows[n] = (this.#arrows[n] ?? 0) + 1;
    this.#taken.push(this.#map.ids[n] ?? '');
  }

  #leave(n: number): void {
    const since = this.#since[n] ?? NaN;
    if (Number.isNaN(since)) return;
    this.#ms[n] = (this.#ms[n] ?? 0) + Math.max(0, this.#now - since);
    this.#since[n] = NaN;
  }

  #enter(snapshot: AnyMachineSnapshot, domain: AnyMachineSnapshot['_nodes'][number]): void {
    for (const node of snapshot._nodes) {
      const n = this.#map.states.get(node);
      if (n === undefined || !liesIn(node, domain)) continue;
      this.#entered[n] = (this.#entered[n] ?? 0) + 1;
      this.#since[n] = this.#now;
    }
  }

  #note(before: AnyMachineSnapshot, step: Step, { sequence, storedAt: at }: StoredFact): void {
    const type = step.taken.at(-1)?.type ?? '';
    const event = this.#map.timerNames.get(type) ?? type;
    const sayings = this.#owe(step);
    this.#last = { sequence, at, event, arrows: this.#taken, said: sayings.map((saying) => saying.type) };
    this.#taken = [];
    const recent = { sequence, at, event, from: innermost(before), to: innermost(step.snapshot), said: sayings };
    this.#recent = [recent, ...this.#recent.slice(0, mostRecent - 1)];
    if (this.#owed.size > 0) this.#unanswered.push(sequence);
  }

  #owe({ said }: Step): Owed['saying'][] {
    return said.map(({ number, cause, event: { type } }) => {
      const saying = { type, sequence: null };
      this.#owed.set(number, { cause, saying });
      return saying;
    });
  }

  #answered(number: number, sequence: number): void {
    const owed = this.#owed.get(number);
    if (owed === undefined) return;
    owed.saying.sequence = sequence;
    this.#owed.delete(number);
    const [oldest] = this.#owed.values();
    // They rise. Where the log never has what is owed, nothing is taken away, and nothing is looked through for that.
    const first = this.#unanswered.findIndex((taken) => taken >= (oldest?.cause ?? Infinity));
    if (first !== 0) this.#unanswered.splice(0, first < 0 ? this.#unanswered.length : first);
  }
}

/** Paths of the innermost active states. */
function innermost({ _nodes: nodes }: AnyMachineSnapshot): string {
  return nodes
    .filter((node) => Object.keys(node.states).length === 0)
    .map(({ path }) => path.join('.'))
    .join(', ');
}
