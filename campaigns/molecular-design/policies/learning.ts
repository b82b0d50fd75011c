import type { ActorPlan, Policy } from 'coxswain';
import { inferenceRunner, plan, trainer, type InferenceRunnerInput } from 'coxswain/actors';
import type { Settings } from '../settings.ts';
import { steeringOf } from './steering.ts';

/** In what a policy's updates differ from another's. */
interface Learning extends Pick<InferenceRunnerInput, 'inParts' | 'minChunks' | 'chunkSize'> {
  /** How many slots of simulations an update takes; 0 where an allocator moves them. */
  readonly borrow: 'all' | number;
}

/** The actors that train the model and rank by it. */
export function learning(
  { settings, candidates, objects }: Parameters<Policy<Settings>>[0],
  { borrow, ...scoring }: Learning,
): readonly ActorPlan[] {
  const { model, seed, initial, batch } = settings;
  const { acquisition, startsDiverse, avoidsNearCopies } = steeringOf(settings);
  const space = { fingerprints: objects['fingerprints'], features: objects['features'] };
  const first = { method: 'choose-first', arguments: { ...space, count: firstWanted(initial), seed } };
  const arrange = { method: 'arrange-ranking', arguments: { ...space, acquisition }, take: arranged(batch) };
  return [
    plan(trainer, {
      method: 'train-model',
      topic: 'train',
      pool: 'train',
      from: 'simulate',
      borrow,
      arguments: { model, ...space, seed },
      failuresInARow: 3,
    }),
    plan(inferenceRunner, {
      candidates,
      method: 'score-candidates',
      topic: 'infer',
      pool: 'infer',
      trainPool: 'train',
      home: 'simulate',
      borrow,
      arguments: { ...space, acquisition },
      ...scoring,
      keep: kept(settings),
      first: startsDiverse ? first : null,
      arrange: avoidsNearCopies ? arrange : null,
    }),
  ];
}

/** How many chunks a space is scored in, where every slot takes part: as the reference, which has two a worker. */
export const manyChunks = ({ batch }: Settings): number => Math.min(2 * batch, 32);

/**
 * The length of a ranking: enough to last until the next one, and well beyond if that fails; but each stands in the log twice or more, at
 * about 60 bytes a candidate.
 */
function kept({ total, batch }: Settings): number {
  const usual = Math.min(1_000, Math.max(128, Math.ceil(total / 4)));
  return Math.max(usual, Math.min(2 * batch, 5_000));
}

/** So many are arranged: what may be submitted before the next ranking, on more slots than the batch has. */
const arranged = (batch: number): number => Math.min(128, Math.max(16, 4 * batch));

/** So many first candidates: before the first ranking there are as many tasks as that needs, and one more on each slot. */
const firstWanted = (initial: number): number => Math.max(initial, Math.min(4 * initial, 256));
