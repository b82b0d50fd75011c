/** The timeline, the ledger and the idle time, asked for while somebody looks: never more often than they are worth. */
import { signal } from '@preact/signals';
import type { IdleReport, LedgerView, Timeline } from '../../src/dashboard/api.ts';
import { gapSpans, taskSpans, type Spans } from '../../src/figures/gantt.ts';
import type { IdleCause } from '../../src/story/views.ts';
import { get, withQuery } from '../api.ts';
import { overview } from '../live.ts';
import type { Span } from './window.ts';

/** Every cause in the order in which tables have them: what can be mended first. */
export const idleCauses: readonly IdleCause[] = [
  'waiting for ranking',
  'paused for update',
  'dispatch',
  'no work in pool',
  'worker lost',
  'no candidate',
  'draining',
  'not running',
];

/** A timeline with its tasks and gaps by lane. */
export interface Loaded {
  readonly timeline: Timeline;
  readonly tasks: Spans;
  readonly gaps: Spans;
}

export const loaded = signal<Loaded | null>(null);
export const ledger = signal<LedgerView | null>(null);
export const idle = signal<IdleReport | null>(null);
/** Why nothing new is shown, for people; null while all is well. */
export const trouble = signal<string | null>(null);
/** The part of the time that is seen; null for all of it, growing. */
export const seen = signal<Span | null>(null);

const leastMs = 2_000;
/** Of the time at most a fortieth goes into asking. */
const rest = 40;
let position = -1;
let idleOf = '';

/** All of the time that there is. */
export const wholeOf = ({ timeline }: Loaded): Span => ({ from: 0, to: Math.max(1_000, timeline.end) });

/** Begins to ask, until the function that comes back is called. */
export function follow(): () => void {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async (): Promise<void> => {
    const started = performance.now();
    if (!document.hidden) await ask(stop.signal);
    if (!stop.signal.aborted) {
      timer = setTimeout(() => void turn(), Math.max(leastMs, rest * (performance.now() - started)));
    }
  };
  void turn();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}

async function ask(signal: AbortSignal): Promise<void> {
  const now = overview.peek()?.position ?? 0;
  try {
    if (loaded.peek() === null || now !== position) {
      const [timeline, books] = await Promise.all([
        get<Timeline>('/api/timeline', signal),
        get<LedgerView>('/api/ledger', signal),
      ]);
      position = now;
      loaded.value = { timeline, tasks: taskSpans(timeline), gaps: gapSpans(timeline, idleCauses) };
      ledger.value = books;
    }
    await askIdle(signal);
    trouble.value = null;
  } catch (error) {
    if (!signal.aborted) trouble.value = error instanceof Error ? error.message : String(error);
  }
}

/** The idle time of what is seen, if that is not what is known. */
export async function askIdle(signal?: AbortSignal): Promise<void> {
  const all = loaded.peek();
  if (all === null) return;
  const { from, to } = seen.peek() ?? wholeOf(all);
  const { origin } = all.timeline;
  const path = withQuery('/api/idle', { from: Math.round(origin + from), to: Math.round(origin + to) });
  if (path === idleOf) return;
  idle.value = await get<IdleReport>(path, signal);
  idleOf = path;
}
