/** The events that the log's list shows: what was asked for, what came since, and what is held back while somebody reads. */
import { batch, effect, signal } from '@preact/signals';
import type { EventPage, EventRow } from '../../src/dashboard/api.ts';
import { get, withQuery } from '../api.ts';
import { events } from '../live.ts';

export interface Filter {
  readonly source: string;
  readonly type: string;
  /** Anywhere in the line, in any case. */
  readonly text: string;
}

export const noFilter: Filter = { source: '', type: '', text: '' };

export const filter = signal<Filter>(noFilter);
/** Newest first. */
export const rows = signal<readonly EventRow[]>([]);
/** What came and is not shown yet, newest first. */
export const waiting = signal<readonly EventRow[]>([]);
/** Whether the list stays as it is. */
export const isHeld = signal(false);
/** Types that were seen, by source. */
export const types = signal<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
export const state = signal<'asking' | 'there' | 'all'>('asking');
export const trouble = signal<string | null>(null);

const pageSize = 200;
/** More than these are not kept: what is older is asked for again. */
const mostRows = 20_000;
let before: number | null = null;
let abort = new AbortController();
let known = 0;
let leftOut = 0;

/** Whether an event passes; the server has the same rule. */
const fits = (row: EventRow, { source, type, text }: Filter): boolean =>
  (source === '' || row.source === source) &&
  (type === '' || row.type === type) &&
  (text === '' || `${row.source} ${row.type} ${row.text}`.toLowerCase().includes(text.toLowerCase()));

/** Begins to show, until the function that comes back is called. */
export function follow(): () => void {
  let filtered: Filter | null = null;
  const stops = [
    effect(() => {
      if (filter.value === filtered) return;
      filtered = filter.value;
      void restart();
    }),
    effect(() => {
      const heard = events.value;
      const isGap = heard.leftOut !== leftOut;
      leftOut = heard.leftOut;
      if (isGap) void restart();
      else take(heard.rows);
    }),
    effect(() => {
      if (!isHeld.value) showWaiting();
    }),
  ];
  return () => {
    stops.forEach((stop) => stop());
    abort.abort();
  };
}

/** From the newest on, with the filter that there is. */
async function restart(): Promise<void> {
  abort.abort();
  abort = new AbortController();
  before = null;
  batch(() => {
    waiting.value = [];
    state.value = 'asking';
  });
  await ask(true);
}

/** Asks for those that came before the last that is shown, if no answer is under way. */
export async function older(): Promise<void> {
  if (state.peek() !== 'there' || before === null) return;
  state.value = 'asking';
  await ask(false);
}

async function ask(isFirst: boolean): Promise<void> {
  const { signal } = abort;
  try {
    const page = await get<EventPage>(withQuery('/api/events', { ...filter.peek(), before, limit: pageSize }), signal);
    if (signal.aborted) return;
    batch(() => {
      rows.value = isFirst ? page.rows : [...rows.peek(), ...page.rows];
      learnTypes(page.rows);
      before = page.before;
      state.value = page.before === null ? 'all' : 'there';
      trouble.value = null;
      if (isFirst) {
        known = page.rows[0]?.sequence ?? 0;
        take(events.peek().rows);
      }
    });
  } catch (error) {
    if (signal.aborted) return;
    state.value = 'there';
    trouble.value = error instanceof Error ? error.message : String(error);
  }
}

/** Takes those of `heard`, oldest first, that are newer than what is known. */
function take(heard: readonly EventRow[]): void {
  const first = heard[0]?.sequence ?? 0;
  const last = heard.at(-1)?.sequence ?? 0;
  if (last <= known || (known === 0 && state.peek() === 'asking')) return;
  // What came between the page that was asked for and the first that was heard is not there.
  const isGap = first > known + 1 && heard.length > 0 && known > 0 && filter.peek() === noFilter;
  const fresh = heard.filter(({ sequence }) => sequence > known).reverse();
  known = last;
  learnTypes(fresh);
  const passing = fresh.filter((row) => fits(row, filter.peek()));
  if (isGap) void restart();
  else if (isHeld.peek()) waiting.value = [...passing, ...waiting.peek()].slice(0, mostRows);
  else if (passing.length > 0) show(passing);
}

/** Shows what was held back. */
export function showWaiting(): void {
  const late = waiting.peek();
  if (late.length === 0) return;
  batch(() => {
    waiting.value = [];
    show(late);
  });
}

function show(fresh: readonly EventRow[]): void {
  const all = [...fresh, ...rows.peek()];
  if (all.length > mostRows) {
    before = all[mostRows - 1]?.sequence ?? before;
    state.value = 'there';
  }
  rows.value = all.slice(0, mostRows);
}

function learnTypes(fresh: readonly EventRow[]): void {
  const known = types.peek();
  const news = fresh.filter(({ source, type }) => known.get(source)?.has(type) !== true);
  if (news.length === 0) return;
  const all = new Map([...known].map(([source, those]) => [source, new Set(those)]));
  for (const { source, type } of news) all.set(source, (all.get(source) ?? new Set<string>()).add(type));
  types.value = all;
}
