import type { Registry } from 'prom-client';
import type { Overview } from '../story/views.ts';
import { counter, gauge, type Sample } from './tallies.ts';

/** An overview is looked up once a scrape, however many metrics are made of it. */
const freshMs = 500;

/**
 * Metrics of a campaign, its ledger and its fleet.
 * @param look the campaign as it is now; null where nobody here knows, and nothing is said.
 */
export function addCampaignMetrics(registry: Registry, campaign: string, look: () => Promise<Overview | null>): void {
  const overview = once(look);
  const each =
    <L extends string>(samples: (of: Overview) => readonly [labels: Record<L, string>, value: number | null][]) =>
    async (): Promise<Sample<L | 'campaign'>[]> => {
      const now = await overview();
      if (now === null) return [];
      return samples(now).map(([labels, value]) => ({ labels: { campaign, ...labels }, value }));
    };
  const one = (value: (of: Overview) => number | null): (() => Promise<Sample<'campaign'>[]>) =>
    each<never>((now) => [[{}, value(now)]]);
  const values: readonly [typeof gauge, name: string, help: string, value: (of: Overview) => number | null][] = [
    [gauge, 'cox_campaign_target', 'Successes that are wanted.', ({ counts }) => counts.total],
    [counter, 'cox_campaign_succeeded_total', 'Simulations that succeeded.', ({ counts }) => counts.succeeded],
    [counter, 'cox_campaign_failed_total', 'Simulations that failed for good.', ({ counts }) => counts.failed],
    [
      counter,
      'cox_campaign_withdrawn_total',
      'Tasks that were withdrawn before they started.',
      ({ counts }) => counts.withdrawn,
    ],
    [counter, 'cox_campaign_retried_total', 'Attempts that were tried again.', ({ counts }) => counts.retried],
    [counter, 'cox_campaign_found_total', 'Results beyond the threshold.', ({ found }) => found.count],
    [
      gauge,
      'cox_campaign_best_value',
      "The best value so far, in the objective's unit.",
      ({ best }) => best[0]?.value ?? null,
    ],
    [
      gauge,
      'cox_campaign_simulations_per_minute',
      'Successes a minute, lately.',
      ({ found }) => found.simulationsPerMinute,
    ],
    [gauge, 'cox_campaign_finds_per_minute', 'Finds a minute, lately.', ({ found }) => found.findsPerMinute],
    [gauge, 'cox_campaign_elapsed_seconds', 'Time in which it was not paused.', ({ elapsedSeconds }) => elapsedSeconds],
    [counter, 'cox_model_updates_total', 'Updates of the model that ended well.', ({ model }) => model?.updates ?? 0],
    [
      counter,
      'cox_model_failed_updates_total',
      'Updates of the model that failed.',
      ({ model }) => model?.failedUpdates ?? 0,
    ],
    [
      gauge,
      'cox_model_trained_on',
      'Results that the model in force was trained on.',
      ({ model }) => model?.trainedOn ?? null,
    ],
    [
      gauge,
      'cox_model_stale_results',
      'Successes since the model in force was trained.',
      ({ model }) => model?.staleResults ?? null,
    ],
    [
      gauge,
      'cox_model_recent_error',
      'Mean absolute error of predictions on the last 25 results.',
      ({ model }) => model?.recentError ?? null,
    ],
    [gauge, 'cox_ledger_capacity', 'Slots of all workers.', ({ capacity }) => capacity],
  ];
  for (const [add, name, help, value] of values) add(registry, { name, help, labels: ['campaign'], look: one(value) });
  gauge(registry, {
    name: 'cox_campaign_state',
    help: '1 for the state that the campaign is in.',
    labels: ['campaign', 'state'],
    look: each(({ state }) => states.map((name) => [{ state: name }, Number(name === state)])),
  });
  gauge(registry, {
    name: 'cox_campaign_tasks',
    help: 'Tasks that run, and that wait in the queue.',
    labels: ['campaign', 'state'],
    look: each(({ counts }) => [
      [{ state: 'running' }, counts.running],
      [{ state: 'queued' }, counts.queued],
    ]),
  });
  gauge(registry, {
    name: 'cox_ledger_slots',
    help: 'Slots of a pool, allocated and free.',
    labels: ['campaign', 'pool', 'state'],
    look: each(({ pools }) =>
      pools.flatMap(({ pool, allocated, free }) => [
        [{ pool, state: 'allocated' }, allocated],
        [{ pool, state: 'free' }, free],
      ]),
    ),
  });
  gauge(registry, {
    name: 'cox_slots_idle',
    help: 'Slots that compute nothing now, by why.',
    labels: ['campaign', 'cause'],
    look: each(({ slots }) =>
      tally(
        slots,
        ({ idle }) => idle,
        () => 1,
      ).map(([cause, value]) => [{ cause }, value]),
    ),
  });
  const hosts: readonly [
    typeof gauge,
    name: string,
    help: string,
    value: (of: Overview['workers'][number]) => number,
  ][] = [
    [
      gauge,
      'cox_host_slots',
      'Slots of the workers of a host that are there.',
      ({ state, slots }) => (state === 'there' ? slots : 0),
    ],
    [gauge, 'cox_host_running', 'Tasks of this campaign that a host computes.', ({ running }) => running],
    [counter, 'cox_host_done_total', 'Tasks of this campaign that succeeded on a host.', ({ done }) => done],
    [counter, 'cox_host_failed_total', 'Tasks of this campaign that failed on a host.', ({ failed }) => failed],
  ];
  for (const [add, name, help, value] of hosts) {
    add(registry, {
      name,
      help,
      labels: ['campaign', 'host'],
      look: each(({ workers }) => tally(workers, ({ host }) => host, value).map(([host, sum]) => [{ host }, sum])),
    });
  }
}

const states = ['created', 'running', 'draining', 'paused', 'ended'] as const;

/** Sums by a name; what has none does not count. */
function tally<T>(items: readonly T[], name: (of: T) => string | null, value: (of: T) => number): [string, number][] {
  const sums = new Map<string, number>();
  for (const item of items) {
    const key = name(item);
    if (key !== null) sums.set(key, (sums.get(key) ?? 0) + value(item));
  }
  return [...sums];
}

/** The same for everybody who asks at about the same time. */
function once(look: () => Promise<Overview | null>): () => Promise<Overview | null> {
  let last: { readonly at: number; readonly overview: Promise<Overview | null> } | null = null;
  return () => {
    if (last === null || performance.now() - last.at > freshMs) last = { at: performance.now(), overview: look() };
    return last.overview;
  };
}
