import type { Policy } from 'coxswain';
import type { Settings } from '../settings.ts';
import { learning } from './learning.ts';
import { simulating } from './simulating.ts';
import { steeringOf } from './steering.ts';

/**
 * Never pauses: one slot trains whenever a result is in and the last update is done, rankings follow as chunks come back, and each
 * submission takes the newest. What falls due during an update is trained on together by the next.
 */
export const streaming: Policy<Settings> = (input) => {
  const { settings, candidates } = input;
  const updates = { initial: settings.initial, batch: 1 };
  const waitsForFirst = steeringOf(settings).startsDiverse;
  return [
    ...simulating(settings, candidates, { updates, waitsForFirst, pausing: false }),
    ...learning(input, { borrow: 1, inParts: true, minChunks: 1, chunkSize: 20_000 }),
  ];
};
