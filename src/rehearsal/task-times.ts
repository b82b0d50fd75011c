/** How long tasks take in a rehearsal: virtual time that follows from the task and the seed alone, never from the machine. */
import type { Task } from '../protocol/task.ts';
import { SeededRandom } from '../ml/seeded-random.ts';

/** The times of all tasks. */
export interface TimeModel {
  /** Of a simulation, seconds. */
  readonly medianSeconds: number;
  /** Standard deviation of the logarithm of a simulation's time; 0 for all alike. */
  readonly spread: number;
  /** How many times as long as {@link learningCosts} says the tasks of the model take; 0 for no time at all. */
  readonly learning: number;
}

/**
 * What a task of the model takes, ms: each, for every training point that its model knows, and for every candidate that it
 * scores. Ours: an update on 20,000 candidates and 200 results takes about as long as the Gaussian process may at most.
 */
export const learningCosts = { taskMs: 20, pointMs: 0.5, candidateMs: 0.01 } as const;

/** Of the simulation of a candidate, ms: log-normal, and the same for whoever chooses it and whenever. */
export function simulationMs({ medianSeconds, spread }: TimeModel, seed: number, candidate: number): number {
  return 1_000 * medianSeconds * Math.exp(spread * SeededRandom.of(seed, `candidate ${candidate}`).normal());
}

/** Of a task of the model, ms, by {@link learningCosts}. */
export function learningMs({ learning }: TimeModel, task: Pick<Task, 'arguments' | 'choice'>): number {
  const { from, to } = (task.arguments ?? {}) as { from?: unknown; to?: unknown };
  const trainedOn = task.choice?.['trainedOn'];
  const points = typeof trainedOn === 'number' ? trainedOn : 0;
  const candidates = typeof from === 'number' && typeof to === 'number' ? to - from : 0;
  const { taskMs, pointMs, candidateMs } = learningCosts;
  return learning * (taskMs + pointMs * points + candidateMs * candidates);
}
