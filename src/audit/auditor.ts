/**
 * Proves from the log alone that a campaign went as it should: every slot has one holder, every task one path, and every actor
 * said what its machine says when it is run again.
 */
import type { ActorPlan } from '../protocol/actor.ts';
import { messageOf } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import type { Said } from '../runtime/step.ts';
import { ActorReplay } from './actor-replay.ts';
import { fingerprint } from './difference.ts';
import { SlotAudit, type SlotUse } from './slot-audit.ts';
import { TaskAudit, type TaskCounts } from './task-audit.ts';
import { Turns } from './turns.ts';
import { WishAudit } from './wish-audit.ts';

/** Something in a log that does not fit: where, who said it, and what was expected. */
export interface Violation {
  readonly sequence: number;
  readonly message: string;
}

/** What an audit has found. */
export interface AuditReport {
  /** In the order of the log, so that the first is the one that the others may follow from. */
  readonly violations: readonly Violation[];
  readonly facts: number;
  /** Sequence of the last fact. */
  readonly end: number;
  readonly tasks: TaskCounts;
  readonly slots: SlotUse;
  /** Facts of actors that the replay says, and those of the last events that are not stored. */
  readonly effects: { readonly replayed: number; readonly unsaid: number };
}

/** An audit that has found so much looks no further: what follows says nothing new. */
const mostViolations = 1_000;

const outsiders = ['operator', 'host', 'worker'];

/** How many candidates a campaign begins with, as its submitter is told; any number where nothing chooses among so many. */
function candidatesOf(plans: readonly ActorPlan[]): number {
  const { candidates } = (plans.find(({ actor }) => actor.name === 'submitter')?.input ?? {}) as {
    candidates?: number;
  };
  return candidates ?? Infinity;
}

/** Takes all facts of a log in order, in memory that is bounded by what is under way and a few bytes a task and fact. */
export class Auditor {
  readonly #replays: ReadonlyMap<string, ActorReplay>;
  readonly #turns = new Turns();
  readonly #violations: Violation[] = [];
  readonly #slots: SlotAudit;
  readonly #tasks: TaskAudit;
  readonly #wishes: WishAudit;
  /** What people asked for, by the ids of their messages. */
  readonly #asked = new Map<string, number>();
  /** The fact that is looked at, for what is found wrong with it. */
  #at: { place: number; fact: StoredFact | null } = { place: 0, fact: null };
  #end = 0;
  #facts = 0;
  #endedAt: number | null = null;

  constructor(plans: readonly ActorPlan[]) {
    this.#replays = new Map(plans.map((plan) => [plan.actor.name, new ActorReplay(plan)]));
    const wrong = (message: string): void => this.#wrong(message);
    this.#slots = new SlotAudit(wrong);
    this.#tasks = new TaskAudit(wrong);
    this.#wishes = new WishAudit(candidatesOf(plans), wrong);
  }

  /** Take the next fact of the log. */
  take(fact: StoredFact): void {
    this.#facts += 1;
    if (!this.#isNext(fact.sequence)) return;
    this.#at = { place: fact.sequence, fact };
    try {
      this.#check(fact);
    } catch (error) {
      this.#wrong(`it cannot be read: ${messageOf(error)}`);
    }
  }

  /** Take a message that is no fact. */
  refuse(sequence: number, message: string): void {
    if (this.#isNext(sequence)) this.#note(sequence, `a message that is no fact: ${message}`);
  }

  /**
   * What was found.
   * @param claim.isOver whether the campaign is said to have ended, so that nothing may be left open.
   * @param claim.end a place that the log is known to have reached.
   */
  finish({ isOver, end = 0 }: { isOver: boolean; end?: number }): AuditReport {
    const slots = this.#slots.finish();
    if (end > this.#end) this.#note(this.#end + 1, `there is no message ${this.#end + 1}; the log had reached ${end}`);
    if (!this.#isFull) this.#checkEnd(isOver, slots);
    const replays = [...this.#replays.values()];
    return {
      violations: [...this.#violations].sort((a, b) => a.sequence - b.sequence),
      facts: this.#facts,
      end: this.#end,
      tasks: this.#tasks.counts,
      slots,
      effects: {
        replayed: replays.reduce((sum, { said }) => sum + said, 0),
        unsaid: replays.reduce((sum, { unsaid }) => sum + unsaid.length, 0),
      },
    };
  }

  get #isFull(): boolean {
    return this.#violations.length >= mostViolations;
  }

  #note(sequence: number, message: string): void {
    if (!this.#isFull) this.#violations.push({ sequence, message });
  }

  /** Note something about the fact that is looked at. */
  #wrong(message: string): void {
    const { place, fact } = this.#at;
    const late = fact === null || fact.sequence === place ? '' : `, stored at ${fact.sequence}`;
    const who = fact === null ? '' : `${fact.source} said ${fact.event.type}${late}: `;
    this.#note(place, `${who}${message}`);
  }

  /** Whether there is something to look at: the next message of the log. */
  #isNext(sequence: number): boolean {
    const next = this.#end + 1;
    if (sequence < next) {
      this.#note(sequence, `it comes after ${this.#end}: the log is out of order`);
      return false;
    }
    if (sequence > next) this.#note(next, `there is no message ${next}; the next one in the log is ${sequence}`);
    this.#end = sequence;
    return !this.#isFull;
  }

  #check(fact: StoredFact): void {
    const { source, sequence } = fact;
    const misfit = this.#misfitOf(fact);
    if (misfit !== null) this.#wrong(misfit);
    for (const [name, replay] of this.#replays) {
      const failure = replay.take(fact);
      if (failure !== null) this.#note(sequence, `actor ${name}: ${failure}`);
    }
    const run = this.#turns.take(fact);
    for (const turn of run) {
      this.#at = { place: sequence, fact: turn };
      this.#slots.take(turn, sequence, run.length > 1);
      this.#tasks.take(turn);
      this.#wishes.take(turn);
      if (source === 'campaign' && turn.event.type === 'campaign.ended') this.#endedAt ??= sequence;
    }
  }

  /** What is wrong with a fact by what its source may say here; null when nothing is. */
  #misfitOf(fact: StoredFact): string | null {
    const { source, id, number, event } = fact;
    const replay = this.#replays.get(source);
    if (replay !== undefined) return replay.misfit(fact);
    if (!outsiders.includes(source)) return 'this campaign has no actor of that name';
    if (number !== null) return `it has the number ${number}, and outsiders do not count what they say`;
    if (source !== 'operator') return null;
    const print = fingerprint(event);
    const isSame = (this.#asked.get(id) ?? print) === print;
    this.#asked.set(id, print);
    return isSame ? null : `${id} was said before, and differently`;
  }

  #checkEnd(isOver: boolean, { held }: SlotUse): void {
    for (const { source, missing, sequence } of this.#turns.waiting())
      this.#note(sequence, `${source} said this, and its fact ${missing}, which comes before, is not in the log`);
    const unsaid = [...this.#replays].flatMap(([name, replay]) => replay.unsaid.map((said) => ({ name, said })));
    // A task is queued beside the fact that creates it: after a crash its result may be there first.
    const coming = new Set(unsaid.map(({ said }) => (said.event['task'] as { id?: string } | undefined)?.id));
    // And the word that withdraws it is given beside the fact that says so.
    const withdrawing = new Set(
      unsaid.flatMap(({ said: { event } }) => (event.type === 'task.withdrawn' ? event['task'] : [])),
    );
    for (const { id, createdAt, finishedAt, endedUnrun, isWithdrawn } of this.#tasks.open) {
      if (createdAt === null && !coming.has(id))
        this.#note(finishedAt ?? this.#end, `worker said task.finished: nobody created ${id}`);
      else if (endedUnrun && !isWithdrawn && !withdrawing.has(id))
        this.#note(finishedAt ?? this.#end, `worker said task.finished: nobody withdrew ${id}`);
    }
    if (isOver) this.#checkOver(unsaid, held);
  }

  /** Nothing is left open in a campaign that is over. */
  #checkOver(unsaid: readonly { name: string; said: Said }[], held: readonly string[]): void {
    const missing = (what: string): void => this.#note(this.#end + 1, `the log ends here, and ${what}`);
    if (this.#endedAt === null) missing('nothing in it says that the campaign has ended');
    for (const { name, said } of unsaid) {
      // What comes after the end, such as workers that leave, nobody may be there any more to answer.
      if (said.cause > (this.#endedAt ?? this.#end)) continue;
      missing(`${name} has not said its fact ${said.number}: ${said.event.type}, because of ${said.cause}`);
    }
    for (const { id, createdAt, finishedAt, isRecorded } of this.#tasks.open) {
      if (createdAt === null || isRecorded) continue;
      const lacks = finishedAt === null ? 'has no result' : `has a result (${finishedAt}), which is not counted`;
      missing(`${id}, created at ${createdAt}, ${lacks}`);
    }
    for (const grant of held) missing(`${grant} is still held`);
  }
}
