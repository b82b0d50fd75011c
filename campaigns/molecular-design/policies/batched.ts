import type { Policy } from 'coxswain';
import { inferenceRunner, plan, trainer } from 'coxswain/actors';
import type { Settings } from '../settings.ts';
import { simulating } from './simulating.ts';

/**
 * The reference: submission pauses while the model is updated, and simulations that run meanwhile finish.
 *
 * As in Colmena's molecular design example (Ward et al., 2021, doi:10.1109/MLHPC54614.2021.00007).
 */
export const batched: Policy<Settings> = ({ settings, candidates, objects }) => [
  ...simulating(settings, candidates, { initial: settings.initial, batch: settings.batch }),
  plan(trainer, {
    method: 'train-model',
    topic: 'train',
    pool: 'train',
    from: 'simulate',
    arguments: { model: settings.model, fingerprints: objects['fingerprints'] },
    failuresInARow: 3,
  }),
  plan(inferenceRunner, {
    candidates,
    method: 'score-candidates',
    topic: 'infer',
    pool: 'infer',
    trainPool: 'train',
    home: 'simulate',
    arguments: { fingerprints: objects['fingerprints'] },
    minChunks: 2 * settings.batch,
    chunkSize: 20_000,
    // Enough to last until the next update, and well beyond if that one fails.
    keep: Math.min(1_000, settings.total + 64),
  }),
];
