import type { Settings } from '../settings.ts';

/** How a campaign values candidates and begins, with what was left to the model decided. */
export interface Steering {
  /** As the methods that score and arrange take it. */
  readonly acquisition: Readonly<Record<string, string | number>>;
  /** Whether the first candidates are chosen to be diverse, and whether near-copies are kept apart. */
  readonly startsDiverse: boolean;
  readonly avoidsNearCopies: boolean;
}

/**
 * What `auto` means: nearest neighbours are the reference, as it was published: greedy, from a shuffled start. Models that know how
 * sure they are get what they do best with: upper confidence bounds, a diverse start, and batches without near-copies.
 */
export function steeringOf(settings: Settings): Steering {
  const { model, acquisition, beta, goal, top, threshold, seek, seed, start, nearCopies } = settings;
  const isReference = model === 'knn';
  const kind = acquisition === 'auto' ? (isReference ? 'greedy' : 'ucb') : acquisition;
  return {
    acquisition: { kind, beta, goal, top, threshold, seek, seed },
    startsDiverse: start === 'auto' ? !isReference : start === 'diverse',
    avoidsNearCopies: nearCopies === 'auto' ? !isReference : nearCopies === 'avoid',
  };
}
