/** Follows a run through its log: writes results, shows progress, and knows when it is over. */
import type { Logger } from 'pino';
import type { CampaignDefinition } from '../campaign/definition.ts';
import type { Recorder } from '../campaign/recorder.ts';
import type { ResultLine } from '../campaign/result-line.ts';
import { SummaryBuilder } from '../campaign/summary.ts';
import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { isWithdrawn } from '../protocol/task.ts';
import { printable } from './printable.ts';
import type { RunView } from './run-view.ts';

/** How a run ended: for good, or to be resumed. */
export interface Outcome {
  readonly state: 'ended' | 'paused';
  readonly reason: string;
}

interface Options {
  readonly definition: CampaignDefinition;
  /** What people call what a result is about. */
  readonly labelOf: (line: ResultLine) => string;
  readonly total: number;
  readonly view: RunView;
  readonly logger: Logger;
}

type Addition = Extract<Says<'operator'>, { type: 'candidates.added' }>;
type Told = Readonly<Record<string, unknown>>;

export class CampaignWatch {
  readonly summary: SummaryBuilder;
  readonly #options: Options;
  /** Facts from before this life of the run are history: recorded where they were not yet, and not told again. */
  #begunAt = Infinity;
  #recorder: Recorder | null = null;
  /** Facts that came before this life of the run had begun. */
  readonly #early: StoredFact[] = [];
  #started = 0;
  #updateStartedAt = 0;
  /** What candidates are called that people added. */
  readonly #added = new Map<number, string>();
  #updateSeconds: number[] = [];
  #failedUpdates = 0;
  /** Whether a person asked for the pause that comes, and the pause in which the run stands until it is resumed. */
  #isByHand = false;
  #standing: Outcome | null = null;
  /** Since when it stands, and for how long it did before, ms. */
  #standsSince = 0;
  #stoodMs = 0;
  #isLeaving = false;
  #resolve: (outcome: Outcome) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  /** Resolves when the campaign is paused or has ended, after its last result was written. */
  readonly outcome: Promise<Outcome>;

  constructor(options: Options) {
    this.#options = options;
    this.summary = new SummaryBuilder(options.definition);
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever runs the campaign waits for it later; until then an error is not unhandled.
    this.outcome.catch(() => undefined);
  }

  /** Seconds of each update that ended well, from its start to its ranking, and how many failed. */
  get updates(): { seconds: readonly number[]; failed: number } {
    return { seconds: this.#updateSeconds, failed: this.#failedUpdates };
  }

  /** This life of the run begins at a place of the log; results are written from now on. */
  begin({ sequence }: { sequence: number }, recorder: Recorder): void {
    this.#begunAt = sequence;
    this.#recorder = recorder;
    for (const fact of this.#early.splice(0)) this.take(fact);
  }

  /** Somebody wants this run to end: a pause does, and one that it stands in already; whether it stood in one. */
  leave(): boolean {
    this.#isLeaving = true;
    if (this.#standing === null) return false;
    this.#resolve(this.#standing);
    return true;
  }

  /** For how long this life of the run has stood paused, s. */
  get stoodSeconds(): number {
    return (this.#stoodMs + (this.#standing === null ? 0 : performance.now() - this.#standsSince)) / 1_000;
  }

  /** The run cannot go on. */
  fail(error: unknown): void {
    this.#reject(error);
  }

  /** Take a fact of the log; all of them, in order, from the first on. */
  take(fact: StoredFact): void {
    if (this.#recorder === null) {
      this.#early.push(fact);
      return;
    }
    try {
      const recorded = this.#recorder.take(fact);
      this.summary.hear(fact.storedAt);
      if (recorded !== null) this.#count(recorded.line, recorded.isNew);
      else this.#tell(fact);
    } catch (error) {
      this.#reject(error);
    }
  }

  /** A result, whether it was written now or in an earlier life. */
  #count(line: ResultLine, isNew: boolean): void {
    const { view, logger, definition } = this.#options;
    this.summary.take(line, (one) => this.#labelOf(one));
    if (isWithdrawn(line.failure)) this.#started -= 1;
    this.#progress();
    if (!isNew) return;
    logger.info({ result: { ...line, value: undefined } }, 'result');
    // Another is chosen in its place: nothing that people wait for.
    if (isWithdrawn(line.failure)) return;
    if (line.topic === definition.objective.topic) view.result(printable(this.#resultText(line)));
    else if (!line.success) view.line(printable(`${line.id} failed: ${line.failure?.message ?? ''}`));
  }

  #tell(fact: StoredFact): void {
    const { view } = this.#options;
    const event = fact.event as unknown as Told;
    const isNow = fact.sequence > this.#begunAt;
    switch (`${fact.source}.${fact.event.type}`) {
      case 'submitter.task.created':
        this.#started += 1;
        this.#progress();
        break;
      case 'operator.run.requested':
        // One who resumes it by hand begins no other life of it.
        if (!isNow) this.summary.begin(fact.storedAt);
        break;
      case 'operator.candidates.added':
        this.#noteAddition(fact.event as unknown as Addition, isNow);
        break;
      case 'trainer.update.started':
        this.#updateStartedAt = fact.saidAt;
        break;
      case 'inference-runner.ranking.updated':
        this.#tellRanking(fact, event, isNow);
        break;
      case 'trainer.update.failed':
        this.#failedUpdates += 1;
        if (isNow)
          view.line(
            printable(`the update of the model failed, the last ranking stays in force: ${String(event['reason'])}`),
          );
        break;
      case 'fleet.capacity.changed':
        this.summary.staff(fact.storedAt, Number(event['capacity']));
        break;
      case 'fleet.workers.missing':
        if (isNow)
          view.line('no worker has been seen for 30 s; start one with cox worker, or see worker.log in the run folder');
        break;
      case 'host.worker.refused':
        if (isNow) view.line(printable(String(event['reason'])));
        break;
      case 'campaign.campaign.ended':
        this.#resolve({ state: 'ended', reason: String(event['reason']) });
        break;
      case 'operator.drain.requested':
        if (isNow) this.#isByHand = !this.#isLeaving;
        break;
      case 'campaign.campaign.started':
      case 'campaign.campaign.resumed':
        this.#goOn();
        break;
      case 'campaign.campaign.paused':
        if (isNow) this.#pause({ state: 'paused', reason: String(event['reason']) });
        else this.summary.pause(fact.storedAt);
        break;
    }
  }

  #goOn(): void {
    this.#isByHand = false;
    if (this.#standing === null) return;
    this.#options.view.waits('goes on');
    this.#stoodMs += performance.now() - this.#standsSince;
    this.#standing = null;
    this.summary.goOn();
  }

  /** What a person has paused may be resumed by one; whatever else pauses a run ends it. */
  #pause(outcome: Outcome): void {
    if (!this.#isByHand || this.#isLeaving) {
      this.#resolve(outcome);
      return;
    }
    this.#standing = outcome;
    this.#standsSince = performance.now();
    this.#options.view.waits(
      `paused: ${printable(outcome.reason)}; it goes on with Resume in the dashboard, or cox resume; Ctrl-C ends this run, and nothing is lost`,
    );
  }

  /** A ranking that is complete ends an update; one in parts says how far it is, and the first candidates are ranked by no model. */
  #tellRanking(fact: StoredFact, event: Told, isNow: boolean): void {
    const { view } = this.#options;
    const scored = Number(event['scored']).toLocaleString('en');
    if (event['update'] === 0) {
      if (isNow) view.line(`chose ${scored} first candidates, far from each other`);
      return;
    }
    if (event['older'] !== undefined) return;
    const seconds = (fact.saidAt - this.#updateStartedAt) / 1_000;
    this.#updateSeconds.push(seconds);
    if (isNow) view.line(`trained on ${String(event['trainedOn'])}, ranked ${scored} in ${seconds.toFixed(2)} s`);
    const { unarranged } = event as { unarranged?: string };
    if (isNow && unarranged !== undefined) view.line(`near-copies may be next to each other: ${unarranged}`);
  }

  #noteAddition({ first, candidates, by = 'somebody' }: Addition, isNow: boolean): void {
    for (const [place, { label }] of candidates.entries()) this.#added.set(first + place, label);
    const count = candidates.length;
    if (isNow) this.#options.view.line(printable(`${by} added ${count} candidate${count === 1 ? '' : 's'}`));
  }

  #labelOf(line: ResultLine): string {
    return this.#added.get(line.candidate ?? -1) ?? this.#options.labelOf(line);
  }

  #progress(): void {
    const { values, failed } = this.summary;
    this.#options.view.progress({ started: this.#started, successful: values.length, failed });
  }

  #resultText(line: ResultLine): string {
    const { objective } = this.#options.definition;
    const { values, failed } = this.summary;
    const label = this.#labelOf(line);
    const count = `${values.length}/${this.#options.total} successful${failed > 0 ? `, ${failed} failed` : ''}`;
    if (!line.success)
      return `${label}  failed: ${line.failure?.message ?? `no number "${objective.field}"`}  (${count})`;
    const value = Number((line.value as Record<string, unknown>)[objective.field]);
    const also = (value * objective.also.factor).toFixed(2);
    return `${label}  ${objective.label} ${value.toFixed(4)} ${objective.unit} (${also} ${objective.also.unit})  ${count}`;
  }
}
