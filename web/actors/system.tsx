/** The whole system as one graph: arrows that carried an event within the last second are lit, and nodes say how much is in them. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { EventRow } from '../../src/dashboard/api.ts';
import type { PoolRow } from '../../src/story/views.ts';
import { Held } from '../held.tsx';
import { actors, events } from '../live.ts';
import { count } from '../words.ts';
import { innermost, usePicture } from './chart.tsx';
import { PanZoom } from './pan-zoom.tsx';
import { at, past, shownActors, shownBooks } from './past.ts';
import { mark, write, type Picture } from './picture.ts';
import { EventLinks, Then } from './side.tsx';

const litMs = 1_000;

export function System(): JSX.Element {
  const picture = usePicture('/api/system');
  const isPast = at.value !== null;
  useEffect(() => {
    if (picture === null || typeof picture === 'string' || isPast) return undefined;
    let seen = events.peek().rows.at(-1)?.sequence ?? 0;
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = events.subscribe(({ rows }) => {
      const fresh = rows.filter(({ sequence }) => sequence > seen);
      seen = rows.at(-1)?.sequence ?? seen;
      if (fresh.length > 0) timers.add(carry(picture, fresh));
    });
    return () => {
      stop();
      timers.forEach(clearTimeout);
      mark(picture.arrows, 'carry', () => false);
    };
  }, [picture, isPast]);
  const books = shownBooks.value;
  const live = actors.value;
  const shown = shownActors.value;
  useEffect(() => {
    if (picture === null || typeof picture === 'string') return;
    const depth = new Map(isPast ? [] : live.map(({ actor, mailbox }) => [actor, mailbox]));
    const states = new Map(shown.map(({ actor, active }) => [actor, namesOf(active)]));
    write(picture.counts, (of) => {
      if (books === null) return '';
      if (of === 'queue') return `${count(books.counts.queued)} queued`;
      if (of === 'worker') return `${count(atWork(books.pools))} at work`;
      const waiting = depth.get(of) ?? 0;
      return waiting === 0 ? (states.get(of) ?? '') : `${count(waiting)} to take`;
    });
  }, [picture, books, live, shown, isPast]);
  if (picture === null) return <p class="empty chart-place">Drawing the system.</p>;
  if (typeof picture === 'string') return <p class="empty chart-place">{picture}</p>;
  return <PanZoom picture={picture} label="The actors, the queue and the workers, and what they say to each other" />;
}

/** Slots that were granted to a task of any kind. */
const atWork = (pools: readonly PoolRow[]): number => pools.reduce((sum, { allocated }) => sum + allocated, 0);

/** The innermost states by their own names: the whole path has no room. */
const namesOf = (active: readonly string[]): string =>
  innermost(active)
    .map((path) => path.slice(path.lastIndexOf('.') + 1))
    .join(', ');

/** Lights the arrows that these events went along, for a second. */
function carry(picture: Picture, fresh: readonly EventRow[]): ReturnType<typeof setTimeout> {
  const said = new Set(fresh.map(({ source, type }) => `${source} ${type}`));
  if (fresh.some(isHandedOut)) said.add('queue task');
  const along = [...picture.arrows].filter(([arrow, [element]]) =>
    carriedBy(element).some((type) => said.has(`${arrow.split('>')[0] ?? ''} ${type}`)),
  );
  const elements = along.flatMap(([, those]) => those);
  for (const element of elements) element.classList.add('carry');
  return setTimeout(() => elements.forEach((element) => element.classList.remove('carry')), litMs);
}

/** Whether a task goes on from the queue to a worker: it was created with a slot, or got the one that it waited for. */
const isHandedOut = ({ type, text }: EventRow): boolean =>
  (type === 'task.created' && !text.includes('ahead of a slot')) ||
  (type === 'slots.granted' && / to [^/]+, pool /.test(text));

/** The events that an arrow can carry, as it is labelled. */
const carriedBy = (arrow: Element | undefined): string[] =>
  Array.from(arrow?.querySelectorAll('.says text') ?? [], ({ textContent }) => textContent);

/** Beside the graph: what was said last, by anybody. */
export function SystemSide(): JSX.Element {
  return (
    <aside class="side" aria-label="What was said last">
      {at.value === null ? (
        <Held value={events.value.rows} title="The last events">
          {(rows) =>
            rows.length === 0 ? (
              <p class="empty">Events appear here as they happen; those before are in the log.</p>
            ) : (
              <EventLinks rows={rows.slice(-20).reverse()} />
            )
          }
        </Held>
      ) : (
        <Then sequence={past.value?.sequence ?? at.value} />
      )}
    </aside>
  );
}
