/** The course of a campaign: when it ran, why it stood still, and why a slot that was free then computed nothing. */
import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { Steps } from './columns.ts';
import type { CampaignState, IdleCause } from './views.ts';

/** Causes that hold for every free slot, in their codes; 6 is left to the pools. */
const causes: readonly IdleCause[] = [
  'not running',
  'draining',
  'no candidate',
  'waiting for ranking',
  'paused for update',
  'worker lost',
];
const open = 6;
const codeOf = (cause: IdleCause): number => causes.indexOf(cause);

export class Course {
  state: CampaignState = 'created';
  reason = '';
  startedAt: number | null = null;
  endedAt: number | null = null;
  /** Whether somebody asked to go on before a drain was over. */
  isToResume = false;
  /** Whether the first choice was made, or anything was ranked. */
  #hasBegun = false;
  #hasNoCandidate = false;
  /** The result that made an update due for which the policy waits: where it is in the log, and how many successes there were. */
  #due: { readonly sequence: number; readonly successes: number; readonly at: number } | null = null;
  /** The policy goes on submitting while the model is updated. */
  #neverPauses = false;
  #ranMs = 0;
  #runsSince: number | null = null;
  readonly #cause = new Steps();
  readonly #spare = new Steps();

  /** Time in which it was not paused, ms. */
  elapsedMs(now: number): number {
    return this.#ranMs + (this.#runsSince === null ? 0 : Math.max(0, now - this.#runsSince));
  }

  /** Since when the policy waits for an update that is due, and how many results the model is to know then; null when it does not. */
  get waitsForUpdate(): { readonly successes: number; readonly at: number } | null {
    return this.#due;
  }

  get waitsForFirst(): boolean {
    return !this.#hasBegun;
  }

  /** What the campaign's actor says. */
  take(event: Says<'campaign'>, at: number): void {
    if (event.type === 'timer.fired') return;
    const isOn = this.state === 'running' || this.state === 'draining';
    if (event.type === 'campaign.started' || event.type === 'campaign.resumed') {
      this.state = 'running';
      this.reason = '';
      this.startedAt ??= at;
      if (!isOn) this.#runsSince = at;
    } else {
      this.state = statesAfter[event.type];
      this.reason = event.reason;
      if (event.type !== 'drain.started') this.#stop(at);
      if (event.type === 'campaign.ended') this.endedAt = at;
    }
    this.isToResume = false;
    this.#settle(at);
  }

  /** A result was counted. */
  recorded(
    { sequence, at }: { sequence: number; at: number },
    event: Extract<Says<'result-processor'>, { type: 'result.recorded' }>,
  ): void {
    if (event.updateDue && !this.#neverPauses) this.#due = { sequence, successes: event.successes, at };
    if (event.targetReached) this.#hasNoCandidate = true;
    if (event.updateDue || event.targetReached) this.#settle(at);
  }

  exhausted(at: number): void {
    this.#hasNoCandidate = true;
    this.#settle(at);
  }

  /** A candidate was submitted: what was not waited for then is not waited for. */
  submitted({ cause, storedAt }: Pick<StoredFact, 'cause' | 'storedAt'>): void {
    const passesDue = this.#due !== null && cause !== null && cause >= this.#due.sequence;
    if (!passesDue && this.#hasBegun) return;
    if (passesDue) {
      this.#due = null;
      this.#neverPauses = true;
      if (this.#cause.last === codeOf('paused for update')) this.#cause.correct(open);
    }
    this.#hasBegun = true;
    this.#settle(storedAt);
  }

  /** A ranking is in force, or an update has failed: whoever waited for it, knowing so many results, goes on. */
  ranked(trainedOn: number, at: number): void {
    this.#hasBegun = true;
    if (this.#due !== null && trainedOn >= this.#due.successes) this.#due = null;
    this.#settle(at);
  }

  /** Whether some pool has slots that nobody asks for. */
  noteSpare(isSpare: boolean, at: number): void {
    this.#spare.set(at, isSpare ? 1 : 0);
  }

  /** Tell why a free slot computed nothing from one time to another, piece by piece. */
  eachCause(from: number, to: number, tell: (from: number, to: number, cause: IdleCause) => void): void {
    for (let at = from; at < to;) {
      const cause = causes[this.#cause.valueAt(at)];
      const next = this.#cause.nextAfter(at);
      const until = Math.min(to, cause === undefined ? Math.min(next, this.#spare.nextAfter(at)) : next);
      tell(at, until, cause ?? this.#inPool(at));
      at = until;
    }
  }

  causeAt(time: number): IdleCause {
    return causes[this.#cause.valueAt(time)] ?? this.#inPool(time);
  }

  #inPool(time: number): IdleCause {
    return this.#spare.valueAt(time) === 1 ? 'no work in pool' : 'dispatch';
  }

  #stop(at: number): void {
    if (this.#runsSince !== null) this.#ranMs += Math.max(0, at - this.#runsSince);
    this.#runsSince = null;
  }

  #settle(at: number): void {
    this.#cause.set(at, this.#codeNow());
  }

  #codeNow(): number {
    if (this.state !== 'running' && this.state !== 'draining') return codeOf('not running');
    if (this.#hasNoCandidate) return codeOf('no candidate');
    if (this.state === 'draining') return codeOf('draining');
    if (!this.#hasBegun) return codeOf('waiting for ranking');
    return this.#due === null ? open : codeOf('paused for update');
  }
}

const statesAfter = {
  'drain.started': 'draining',
  'campaign.paused': 'paused',
  'campaign.ended': 'ended',
} as const;
