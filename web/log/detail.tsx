/** One event: the whole fact, what led to it, and what it led to. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { EventDetail, EventRow } from '../../src/dashboard/api.ts';
import { useAnswer } from '../answer.ts';
import { withQuery } from '../api.ts';
import { go, hrefOf, taskHref } from '../route.ts';
import { timeOfDay } from '../words.ts';
import { EventWords } from './list.tsx';

export function Detail({ sequence }: { readonly sequence: string }): JSX.Element {
  const { data, error } = useAnswer<EventDetail>(withQuery('/api/event', { at: sequence }));
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), [sequence]);
  const number = Number(sequence);
  const step = (by: number): void => go('log', { event: number + by });
  const isThis = data !== null && String(data.sequence) === sequence;
  return (
    <aside
      class="event-detail"
      aria-labelledby="event-title"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        close();
      }}
    >
      <header>
        <h2 id="event-title" tabIndex={-1} ref={title}>
          Event <span class="number">{sequence}</span>
        </h2>
        <span>
          <button class="plain" aria-label="The event before" disabled={number <= 1} onClick={() => step(-1)}>
            ‹
          </button>
          <button class="plain" aria-label="The event after" onClick={() => step(1)}>
            ›
          </button>
          <button class="plain" aria-label="Close this event" onClick={close}>
            ✕
          </button>
        </span>
      </header>
      {isThis ? <Whole event={data} /> : <p class="empty">{error ?? 'Asking for it.'}</p>}
    </aside>
  );
}

/** Back to the list, where the keys go on. */
function close(): void {
  go('log');
  document.querySelector<HTMLElement>('.events')?.focus();
}

function Whole({ event }: { readonly event: EventDetail }): JSX.Element {
  const task = taskOf(event.fact);
  return (
    <>
      <p>
        <strong>{event.type}</strong> by {event.source} at <span class="number">{timeOfDay(event.at)}</span>
      </p>
      <p class="told">{event.text}</p>
      <p class="ways">
        {task !== null && (
          <a href={taskHref(task)}>
            Task <span class="id">{task}</span>
          </a>
        )}
        <a href={hrefOf('actors', { at: event.sequence })}>The actors right after it</a>
      </p>
      <Led
        title="What led to it"
        rows={event.causes}
        none={outside[event.source] ?? 'Nothing in the log: its actor began with it.'}
      />
      <Led title="What it led to" rows={event.consequences} none="Nothing, so far." />
      <h3>The fact as it is stored</h3>
      <pre tabIndex={0} aria-label="The fact as it is stored">
        {JSON.stringify(event.fact, null, 2)}
      </pre>
    </>
  );
}

/** What led to an event that no other one caused, by who says it. */
const outside: Readonly<Record<string, string>> = {
  worker: 'A worker computed the task; its story tells who created it, and why.',
  operator: 'Somebody asked for it.',
  host: 'The watch beside the fleet saw it happen.',
};

function Led({
  title,
  rows,
  none,
}: {
  readonly title: string;
  readonly rows: readonly EventRow[];
  readonly none: string;
}): JSX.Element {
  return (
    <section>
      <h3>{title}</h3>
      {rows.length === 0 ? (
        <p class="quiet">{none}</p>
      ) : (
        <ol>
          {rows.map((row) => (
            <li key={row.sequence}>
              <a class="led" href={hrefOf('log', { event: row.sequence })}>
                <EventWords row={row} />
              </a>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** The task that a fact is about; null when it is about none. */
function taskOf(fact: unknown): string | null {
  const event = field(fact, 'event') ?? fact;
  const task = field(event, 'task') ?? field(field(event, 'result'), 'task');
  const id = typeof task === 'string' ? task : field(task, 'id');
  return typeof id === 'string' ? id : null;
}

const field = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null && name in of ? (of as Readonly<Record<string, unknown>>)[name] : undefined;
