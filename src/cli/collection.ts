/** The files that a campaign leaves, written from its log by whoever reads it. */
import type { NatsConnection } from '@nats-io/nats-core';
import { pino } from 'pino';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { followFacts } from '../campaign/facts.ts';
import { Recorder } from '../campaign/recorder.ts';
import type { ResultLine } from '../campaign/result-line.ts';
import { writeWhole, type RunFolder, type RunRecord } from '../campaign/run-folder.ts';
import { taskLabel } from '../campaign/story-reader.ts';
import { exitCodes } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { totalOf } from './campaign-status.ts';
import { CampaignWatch } from './campaign-watch.ts';
import type { Interruption } from './interruption.ts';
import { printable } from './printable.ts';
import type { RunView } from './run-view.ts';
import { summaryText } from './summary-text.ts';

/** What is written of one campaign, and how far that went. */
export class Collection {
  readonly #record: RunRecord;
  readonly #definition: CampaignDefinition;
  readonly #folder: RunFolder;
  readonly #view: RunView;
  readonly #watch: CampaignWatch;
  #state = { state: 'created', reason: '' };
  #begunAt = 0;
  #heardAt = 0;

  constructor(record: RunRecord, definition: CampaignDefinition, folder: RunFolder, view: RunView) {
    this.#record = record;
    this.#definition = definition;
    this.#folder = folder;
    this.#view = view;
    const logger = pino({ level: 'silent' });
    this.#watch = new CampaignWatch({ definition, labelOf, total: totalOf(record) ?? 0, view, logger });
  }

  /** Write what there is, and what comes if it is to follow; resolves with the exit code. */
  async run(connection: NatsConnection, follow: boolean, interruption: Interruption): Promise<number> {
    const recorder = new Recorder(this.#folder.results);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    try {
      // Events are history here, results are not: only an end ends this, and a file that cannot be written.
      this.#watch.begin({ sequence: Infinity }, recorder);
      const reader = await followFacts(connection, this.#record.id, {
        from: 1,
        onFact: (fact) => {
          this.#take(fact);
          if (this.#state.state === 'ended') end();
        },
        onOther: (sequence, message) => this.#view.line(`message ${sequence} is no event: ${printable(message)}`),
      });
      const failed = this.#watch.outcome.then(() => new Promise<never>(() => undefined));
      const done = reader.caughtUp.then(() => (follow ? ended : undefined));
      const code = await Promise.race([
        done.then(() => exitCodes.done),
        interruption.second.then(() => exitCodes.interrupted),
        failed,
      ]);
      await reader.close();
      return code;
    } finally {
      this.#view.close();
      recorder.close();
    }
  }

  /** Write and print what it comes to. */
  async finish(json: boolean): Promise<void> {
    const { id, settings } = this.#record;
    const summary = this.#watch.summary.build({
      id,
      settings: this.#definition.settings.parse(settings),
      ...this.#state,
      slots: 0,
      updates: this.#watch.updates,
      wallSeconds: (this.#heardAt - this.#begunAt) / 1_000,
    });
    await writeWhole(this.#folder.summary, summary);
    const text = json
      ? `${JSON.stringify(summary)}\n`
      : summaryText(summary, this.#definition.objective, this.#folder.path);
    process.stdout.write(text);
  }

  #take(fact: StoredFact): void {
    this.#watch.take(fact);
    const { source, event, storedAt } = fact;
    if (this.#state.state === 'ended') return;
    if (source === 'operator' && event.type === 'run.requested') this.#begunAt = storedAt;
    if (this.#begunAt > 0) this.#heardAt = storedAt;
    if (source === 'campaign' && event.type === 'campaign.paused') [this.#begunAt, this.#heardAt] = [0, 0];
    const state = source === 'campaign' ? states[event.type] : undefined;
    const { reason } = event as { reason?: string };
    if (state !== undefined) this.#state = { state, reason: reason ?? 'it goes on' };
  }
}

const states: Readonly<Record<string, string>> = {
  'campaign.started': 'running',
  'campaign.resumed': 'running',
  'drain.started': 'draining',
  'campaign.paused': 'paused',
  'campaign.ended': 'ended',
};

const labelOf = (line: ResultLine): string => printable(taskLabel(line));
