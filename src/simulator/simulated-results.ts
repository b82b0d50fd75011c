/** What comes of simulated tasks: values that a seed determines, of the shapes that the packaged actors expect. */
import { z } from 'zod';
import { objectRefOf } from '../protocol/object-ref.ts';
import { compareRanked, rankedSchema, type Ranked } from '../protocol/ranking.ts';
import type { Task } from '../protocol/task.ts';
import { SeededRandom } from '../ml/seeded-random.ts';
import type { Computation } from './simulated-worker.ts';

/** How long tasks take, and how many fail. */
export interface TaskModel {
  /** The median of all tasks, ms. */
  readonly medianMs: number;
  /** Of the distribution: all alike, even between 0.3 and 1.7 medians, exponential, or log-normal with some that take very long. */
  readonly shape: 'constant' | 'even' | 'exponential' | 'heavy-tailed';
  /** Share that fails. */
  readonly failing: number;
}

const shapes: Readonly<Record<TaskModel['shape'], (random: SeededRandom) => number>> = {
  constant: () => 1,
  even: (random) => 0.3 + 1.4 * random.next(),
  exponential: (random) => -Math.log(1 - random.next()) / Math.LN2,
  'heavy-tailed': (random) => Math.exp(1.2 * random.normal()),
};

const rangeSchema = z.object({ from: z.number(), to: z.number(), exclude: z.array(z.number()), keep: z.number() });

/** How a task goes, by the seed and the task alone: the same whenever, wherever and however often it is computed. */
export function computationOf(
  task: Task,
  options: { seed: number; model: TaskModel; objective: { topic: string; field: string } },
): Computation {
  const { seed, model, objective } = options;
  const random = SeededRandom.of(seed, task.id);
  const durationMs = model.medianMs * shapes[model.shape](random);
  if (random.chance(model.failing)) {
    const failure = { code: 'method.failed', message: 'a simulated failure', retry: 'never', details: {} } as const;
    return { durationMs, value: null, failure };
  }
  return { durationMs, value: valueOf(task, objective, random), failure: null };
}

const firstSchema = z.object({ count: z.number() });
const rankingSchema = z.object({ ranking: rankedSchema, take: z.number() });

function valueOf(task: Task, { topic, field }: { topic: string; field: string }, random: SeededRandom): unknown {
  if (task.topic === topic) return { [field]: 0.4 + 0.2 * random.next() };
  const ranking = rankingSchema.safeParse(task.arguments);
  if (ranking.success) return { ranking: arranged(ranking.data) };
  const first = firstSchema.safeParse(task.arguments);
  // The lowest candidates, which every space has: a space of fewer than are wanted has too few, as when choosing fails.
  if (first.success)
    return { ranking: Array.from({ length: first.data.count }, (_, candidate) => [candidate, -candidate]) };
  const range = rangeSchema.safeParse(task.arguments);
  if (!range.success) return { model: objectRefOf(new TextEncoder().encode(task.id)) };
  const { from, to, exclude, keep } = range.data;
  const excluded = new Set(exclude);
  const scored: Ranked = [];
  for (let candidate = from; candidate < to; candidate += 1) {
    if (!excluded.has(candidate)) scored.push([candidate, random.next()]);
  }
  return { best: scored.sort(compareRanked).slice(0, keep), scored: scored.length };
}

/** The first `take` the other way round: another order of the same candidates. */
const arranged = ({ ranking, take }: { ranking: Ranked; take: number }): Ranked => [
  ...ranking.slice(0, take).reverse(),
  ...ranking.slice(take),
];
