import type { ActorPlan } from '../protocol/actor.ts';
import { messageOf } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { beginActor, takeFact, type ActorState, type Said, type Step } from '../runtime/step.ts';
import { fingerprint, firstDifference, short } from './difference.ts';
import { NumberTable, NumberTables } from './number-table.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * One actor, run again over the log: what it says by its own machine, and whether that is what was stored under its name.
 *
 * A fact is stored after the one that caused it, so at every place of the log the replay has said already what may be stored there.
 */
export class ActorReplay {
  readonly #plan: ActorPlan;
  #state: ActorState;
  /** What it has said by the replay and is not stored yet, by number. */
  readonly #expected = new Map<number, Said>();
  /** Fingerprints of what is stored, by number. */
  readonly #stored = new NumberTable();
  /** Every timer that it has armed, by name and the sequence that armed it. */
  readonly #armed = new NumberTables();
  #isBroken = false;

  constructor(plan: ActorPlan) {
    this.#plan = plan;
    const first = beginActor(plan.actor, plan.input, 0);
    this.#state = first;
    this.#expect(first);
  }

  /** How many facts it has said by the replay. */
  get said(): number {
    return this.#state.record.said;
  }

  /** What it has said by the replay and is not stored. */
  get unsaid(): readonly Said[] {
    return [...this.#expected.values()];
  }

  /** Whether the machine failed, so that nothing more can be said of it. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** What is wrong with a fact that was stored under its name; null when it is what the replay says, or said before. */
  misfit(fact: StoredFact): string | null {
    if (this.#isBroken) return null;
    const { number } = fact;
    if (number === null) return this.#misfitOfTimer(fact);
    const expected = this.#expected.get(number);
    const print = fingerprint([fact.id, fact.cause, essenceOf(fact)]);
    if (expected === undefined) {
      if (number > this.said) return `the replay says only ${this.said} facts up to here, and not a ${number}th`;
      return this.#stored.get(number) === print ? null : `fact ${number} was said before, and differently`;
    }
    this.#expected.delete(number);
    this.#stored.set(number, print);
    const { id, cause } = expected;
    return (
      firstDifference(fact.id, id, 'its id') ??
      firstDifference(fact.cause, cause, 'its cause') ??
      differenceOfEvents(fact, expected)
    );
  }

  /** Let the actor take a fact of the log; what is wrong when its machine cannot. */
  take(fact: StoredFact): string | null {
    if (this.#isBroken) return null;
    try {
      const step = takeFact(this.#plan.actor, this.#state, fact);
      this.#state = { record: step.record, snapshot: step.snapshot };
      this.#expect(step);
      return null;
    } catch (error) {
      this.#isBroken = true;
      return `it cannot be replayed: ${messageOf(error)}`;
    }
  }

  #expect({ said, timersChanged, record }: Step): void {
    for (const one of said) this.#expected.set(one.number, one);
    if (!timersChanged) return;
    for (const { id, armed } of record.timers) this.#armed.of(id).set(armed, 1);
  }

  /** A timer may fire twice, and after it was called off; but only one that was armed. */
  #misfitOfTimer({ id, cause, event }: StoredFact): string | null {
    const { type, timer, armed } = event as Fields;
    if (type !== 'timer.fired') return 'it has no number, which only timers have not';
    if (this.#armed.of(String(timer)).get(Number(armed)) === 0)
      return `no timer ${short(timer)} was armed at ${short(armed)}`;
    return (
      firstDifference(id, `${this.#plan.actor.name}/timer/${String(timer)}/${Number(armed)}`, 'its id') ??
      firstDifference(cause, armed, 'its cause')
    );
  }
}

/** What two facts under one id must share: all but the time at which a task was asked for. */
function essenceOf(fact: StoredFact): unknown {
  const event = withoutTimes(fact.event);
  if (event.type !== 'task.created') return event;
  return { ...event, task: { ...(event['task'] as Fields), createdAt: null } };
}

/**
 * What was said, without what follows from the server's clock: how old a ranking was in seconds, and the words in which slots are
 * moved. A log that was copied message by message has other times, and its decisions are the same.
 */
function withoutTimes(event: StoredFact['event']): StoredFact['event'] {
  if (event.type === 'reallocation.requested') return { ...event, reason: undefined };
  if (event.type !== 'task.created') return event;
  const task = event['task'] as Fields;
  const choice = task['choice'] as Fields | null | undefined;
  if (choice?.['stale'] === undefined) return event;
  const stale = { ...(choice['stale'] as Fields), seconds: null };
  return { ...event, task: { ...task, choice: { ...choice, stale } } };
}

/** The runtime completes tasks: what an actor did not say is not compared. */
function differenceOfEvents(fact: StoredFact, said: Said): string | null {
  const [event, expected] = [withoutTimes(fact.event), withoutTimes(said.event)];
  if (event.type !== 'task.created' || expected.type !== 'task.created') return firstDifference(event, expected);
  const found = event['task'] as Fields;
  const asked = expected['task'] as Fields;
  for (const name of Object.keys(asked)) {
    // Arguments that the actor left open follow from the candidate.
    if (name === 'arguments' && (asked[name] ?? null) === null) continue;
    const difference = firstDifference(found[name], asked[name], `task.${name}`);
    if (difference !== null) return difference;
  }
  return firstDifference(found['source'], fact.source, 'task.source');
}
