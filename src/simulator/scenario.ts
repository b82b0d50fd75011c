/** A whole run of the simulator as data: what is run, on what, and what goes wrong. */
import { drawFaults, drawHands, type Fault, type FaultLevel } from './faults.ts';
import { SeededRandom } from '../ml/seeded-random.ts';
import type { TaskModel } from './simulated-results.ts';

export interface Scenario {
  readonly seed: number;
  readonly policy: string;
  /** Candidates to choose from, and successes that are wanted; an update of the model at `initial` and after every `batch` more. */
  readonly candidates: number;
  readonly total: number;
  readonly initial: number;
  readonly batch: number;
  /** Tasks that wait beyond the slots. */
  readonly lookahead: number;
  /** Further settings, where the campaign has them: how it begins, and what may run together. */
  readonly steering: Readonly<Record<string, string>>;
  readonly workers: number;
  /** Of each worker. */
  readonly slots: number;
  /** Processes that host the actors, standbys included. */
  readonly hosts: number;
  readonly weather: { readonly latencyMs: number; readonly lost: number; readonly unanswered: number };
  readonly tasks: TaskModel;
  readonly faults: readonly Fault[];
}

/** What a person has asked for; the seed says the rest. */
export interface ScenarioWishes {
  readonly policies: readonly string[];
  readonly faults: FaultLevel;
  readonly workers: number | null;
  readonly tasks: number | null;
  readonly hosts: number | null;
  readonly lookahead: number | null;
}

/** From here on a run is about how much it holds: one slot a worker, tasks of a minute. */
const manyTasks = 1_000;

/** The scenario of a seed: the same for the same wishes. */
export function drawScenario(seed: number, wishes: ScenarioWishes): Scenario {
  const random = SeededRandom.of(seed, 'scenario');
  const policy = random.pick(wishes.policies);
  const isLarge = (wishes.tasks ?? 0) >= manyTasks;
  const initial = isLarge ? 8 : 1 + random.below(3);
  const drawnTotal = initial + random.below(6);
  const total = Math.max(1, wishes.tasks ?? drawnTotal);
  const drawnWorkers = 1 + random.below(4);
  const workers = wishes.workers ?? drawnWorkers;
  const slots = isLarge ? 1 : 1 + random.below(2);
  const hosts = wishes.hosts ?? 1 + random.below(3);
  const latencyMs = isLarge ? 1 : random.spread(0.1, random.chance(0.25) ? 300 : 20);
  const astray = wishes.faults !== 'none' && random.chance(0.4) ? 0.04 : 0;
  const tasks: TaskModel = {
    medianMs: isLarge ? 60_000 : random.chance(0.2) ? random.spread(5_000, 250_000) : random.spread(2, 5_000),
    shape: isLarge ? 'even' : random.pick(['constant', 'even', 'exponential', 'heavy-tailed'] as const),
    failing: wishes.faults !== 'none' && random.chance(0.5) ? 0.15 : 0,
  };
  const ahead = SeededRandom.of(seed, 'lookahead');
  const drawnLookahead = isLarge || ahead.chance(0.4) ? 0 : 1 + ahead.below(4);
  const candidates = isLarge ? 2 * total : total + random.below(16);
  // Every task takes some requests one after another beside its computation.
  const runMs = ((tasks.medianMs + 12 * latencyMs) * total) / Math.min(total, workers * slots) + 20 * latencyMs;
  return {
    seed,
    policy,
    candidates,
    total,
    initial: Math.min(initial, total),
    batch: isLarge ? Math.ceil(total / 20) : 1 + random.below(2),
    lookahead: wishes.lookahead ?? drawnLookahead,
    steering: {
      start: ahead.pick(['diverse', 'shuffled'] as const),
      nearCopies: ahead.pick(['avoid', 'allow'] as const),
    },
    workers,
    slots,
    hosts,
    weather: { latencyMs: Math.round(100 * latencyMs) / 100, lost: astray, unanswered: astray },
    tasks,
    faults: [
      ...drawFaults(SeededRandom.of(seed, 'faults'), {
        level: wishes.faults,
        hosts,
        workers,
        runMs,
        runFacts: 12 + 9 * total,
      }),
      ...drawHands(SeededRandom.of(seed, 'hands'), { level: wishes.faults, runMs, candidates }),
    ],
  };
}
