import type { Policy } from 'coxswain';
import type { Settings } from '../settings.ts';
import { learning, manyChunks } from './learning.ts';
import { simulating } from './simulating.ts';
import { steeringOf } from './steering.ts';

/**
 * Stop and wait: a round of `batch` simulations, all of which end before the model is trained and the next round chosen. A failed one is
 * replaced. Every choice knows all results, and slots idle at the end of each round.
 */
export const batch: Policy<Settings> = (input) => {
  const { settings, candidates } = input;
  const rounds = { initial: settings.initial, batch: settings.batch };
  const waitsForFirst = steeringOf(settings).startsDiverse;
  return [
    ...simulating(settings, candidates, { updates: rounds, waitsForFirst, pausing: true, rounds }),
    ...learning(input, { borrow: 'all', minChunks: manyChunks(settings), chunkSize: 20_000 }),
  ];
};
