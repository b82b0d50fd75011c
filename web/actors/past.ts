/** The campaign at a past event: asked for as the slider moves, one question at a time, the last wish first. */
import { computed, signal } from '@preact/signals';
import type { ActorLive, Past } from '../../src/dashboard/api.ts';
import type { Overview } from '../../src/story/views.ts';
import { ApiError, get, withQuery } from '../api.ts';
import { actors, overview, reading } from '../live.ts';
import { route } from '../route.ts';

/** The place in the log that is looked at; null for now. */
export const at = signal<number | null>(null);
/** The campaign there, or at the place that was asked for last while the answer is on its way. */
export const past = signal<Past | null>(null);
export const trouble = signal<string | null>(null);

/** The last event that there is. */
export const end = computed(() => Math.max(overview.value?.position ?? 0, reading.value?.end ?? 0));

const retryMs = 1_000;
const delay = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
let isAsking = false;

/** Looks at a place in the log; null for now. Kept in the address, so that it can be sent to somebody. */
export function look(to: number | null): void {
  // Before anything was heard, nobody knows where the end is.
  const isEnd = to !== null && end.peek() > 0 && to >= end.peek();
  at.value = to === null || isEnd ? null : Math.max(1, Math.round(to));
  void ask();
}

/** Keeps the address in step, once the slider rests. */
export function keepAddress(): void {
  const { view, params } = route.peek();
  if (view !== 'actors') return;
  const { at: _, ...others } = params;
  const query = new URLSearchParams(at.peek() === null ? others : { ...others, at: String(at.peek()) }).toString();
  history.replaceState(null, '', `#/actors${query === '' ? '' : `?${query}`}`);
  route.value = { view, params: Object.fromEntries(new URLSearchParams(query)) };
}

async function ask(): Promise<void> {
  if (isAsking) return;
  isAsking = true;
  for (;;) {
    const wanted = at.peek();
    if (wanted === null) {
      past.value = null;
      trouble.value = null;
      break;
    }
    if (past.peek()?.sequence === wanted) break;
    try {
      past.value = await get<Past>(withQuery('/api/past', { at: wanted }));
      trouble.value = null;
    } catch (error) {
      trouble.value = error instanceof Error ? error.message : String(error);
      // The replay is not that far yet, or the connection will be back.
      if (error instanceof ApiError && (error.status === 503 || error.status === 0)) await delay(retryMs);
      else if (at.peek() === wanted) break;
      continue;
    }
    // Where there is no event the answer is about the last one before it.
    if (at.peek() === wanted) break;
  }
  isAsking = false;
}

/** An actor as far as the chart shows it: now, or then. */
export type ActorShown = Pick<ActorLive, 'actor' | 'active' | 'states' | 'arrows' | 'last'>;

export const shownActors = computed<readonly ActorShown[]>(() => past.value?.actors ?? actors.value);

/** Books and counts: now, or then. */
export const shownBooks = computed<
  (Pick<Overview, 'state' | 'capacity' | 'pools' | 'counts'> & { found: number }) | null
>(() => {
  if (past.value !== null) return past.value;
  const now = overview.value;
  return now === null ? null : { ...now, found: now.found.count };
});
