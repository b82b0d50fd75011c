import type { Policy } from 'coxswain';
import { allocator, plan } from 'coxswain/actors';
import type { Settings } from '../settings.ts';
import { learning } from './learning.ts';
import { simulating } from './simulating.ts';
import { steeringOf } from './steering.ts';

/** Candidates of a chunk: small enough that several slots can share the scoring of a usual space. */
const chunkSize = 5_000;

/**
 * Never pauses, and trains after each `batch`: an allocator moves slots between simulation, training and scoring, so that no more than
 * a batch of results comes in during an update, and says why at each move.
 */
export const reallocating: Policy<Settings> = (input) => {
  const { settings, candidates } = input;
  const { initial, batch } = settings;
  const waitsForFirst = steeringOf(settings).startsDiverse;
  const chunks = Math.max(2, Math.floor(candidates / chunkSize));
  return [
    ...simulating(settings, candidates, { updates: { initial, batch }, waitsForFirst, pausing: false }),
    ...learning(input, { borrow: 0, inParts: true, minChunks: 2, chunkSize }),
    plan(allocator, { home: 'simulate', trainPool: 'train', inferPool: 'infer', batch, chunks }),
  ];
};
