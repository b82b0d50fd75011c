import type { CampaignDefinition, CommonSettings } from '../campaign/definition.ts';
import type { RunRecord } from '../campaign/run-folder.ts';

/** One run as it was asked for, checked. */
export interface RunOptions {
  readonly folder: string;
  readonly definition: CampaignDefinition;
  readonly settings: CommonSettings;
  readonly id: string;
  /** The record of the run that is resumed; null for a new one. */
  readonly resumed: RunRecord | null;
  readonly out: string;
  readonly slots: number;
  /** URL of a server that is there already; null for one of our own. */
  readonly nats: string | null;
  /** Where Prometheus metrics are served, as `--metrics` has it; null for none. */
  readonly metrics: string | null;
  readonly output: 'full' | 'quiet' | 'json';
  /** Whether it is to be seen in a browser. */
  readonly dashboard: boolean;
  /** Port at which Stately's tools find the actors; 0 for any, null for none. */
  readonly inspect: number | null;
}
