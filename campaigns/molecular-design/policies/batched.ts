import type { Policy } from 'coxswain';
import type { Settings } from '../settings.ts';
import { learning, manyChunks } from './learning.ts';
import { simulating } from './simulating.ts';
import { steeringOf } from './steering.ts';

/**
 * The reference: submission pauses while the model is updated, and simulations that run meanwhile finish.
 *
 * As in Colmena's molecular design example (Ward et al., 2021, doi:10.1109/MLHPC54614.2021.00007).
 */
export const batched: Policy<Settings> = (input) => {
  const { settings, candidates } = input;
  const { initial, batch } = settings;
  const waitsForFirst = steeringOf(settings).startsDiverse;
  return [
    ...simulating(settings, candidates, { updates: { initial, batch }, waitsForFirst, pausing: true }),
    ...learning(input, { borrow: 'all', minChunks: manyChunks(settings), chunkSize: 20_000 }),
  ];
};
