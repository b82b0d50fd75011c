/** Whether the campaign is well, in sentences: what somebody should look at, most urgent first. */
import type { ActorLive } from '../src/dashboard/api.ts';
import type { Overview } from '../src/story/views.ts';
import { count, duration } from './words.ts';

/** A worker that beats each second and was not heard for so long has a problem, ms. */
const silentMs = 10_000;

/** What became of a lost worker's tasks is seen after so long, ms. */
const lostMs = 120_000;

/** What is not as it should be; nothing when all is. `now` in ms by the server's clock. */
export function worriesOf(
  overview: Overview,
  { now, actors }: { readonly now: number; readonly actors: readonly Pick<ActorLive, 'runBy'>[] },
): string[] {
  const { state, workers, capacity, counts, model } = overview;
  if (state === 'ended' || state === 'created') return [];
  const lost = workers.filter((one) => one.state === 'lost' && now - (one.goneAt ?? now) < lostMs);
  const silent = workers.filter(
    ({ state: its, heardAt }) => its === 'there' && heardAt !== null && now - heardAt > silentMs,
  );
  const tried = counts.succeeded + counts.failed;
  const worries: string[] = [];
  if (actors.length > 0 && actors.every(({ runBy }) => runBy === null)) {
    worries.push('No process runs its actors, so nothing is decided: "cox run --resume" goes on with it.');
    return worries;
  }
  if (capacity === 0 && state !== 'paused') worries.push('No worker is there, so nothing is computed.');
  if (lost.length > 0) worries.push(`${named(lost)} lost: what ${itRan(lost.length)} is given to others.`);
  for (const { worker, heardAt } of silent.slice(0, 2)) {
    worries.push(`${worker} has not been heard for ${duration((now - (heardAt ?? now)) / 1000)}.`);
  }
  if (tried >= 20 && counts.failed > tried / 4) {
    worries.push(`${count(counts.failed)} of ${count(tried)} simulations failed.`);
  }
  if (model !== null && model.failedUpdates > 0) {
    worries.push(`${count(model.failedUpdates)} of ${count(model.updates + model.failedUpdates)} updates failed.`);
  }
  return worries;
}

/** The fleet in one line: `3 workers on 2 hosts, 6 slots`. */
export function fleetOf({ workers, capacity }: Overview): string {
  const there = workers.filter(({ state }) => state === 'there' || state === 'draining');
  const hosts = new Set(there.map(({ host }) => host)).size;
  return there.length === 0
    ? 'no workers'
    : `${counted(there.length, 'worker')} on ${counted(hosts, 'host')}, ${counted(capacity, 'slot')}`;
}

export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

const named = (lost: readonly { readonly worker: string }[]): string =>
  lost.length === 1 ? `Worker ${lost[0]?.worker ?? ''} was` : `${count(lost.length)} workers were`;
const itRan = (many: number): string => (many === 1 ? 'it ran' : 'they ran');
