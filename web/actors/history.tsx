/** The slider through the log, and the books and counts of where it stands. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { reading } from '../live.ts';
import { hrefOf } from '../route.ts';
import { count, timeOfDay } from '../words.ts';
import { at, end, keepAddress, look, past, shownBooks, trouble } from './past.ts';

export function History(): JSX.Element {
  const last = end.value;
  const here = at.value ?? last;
  const step = (by: number): void => {
    look(here + by);
    keepAddress();
  };
  return (
    <section class={`history ${at.value === null ? '' : 'then'}`} aria-label="History">
      <div class="slider">
        <button aria-label="The event before" disabled={here <= 1} onClick={() => step(-1)}>
          ‹
        </button>
        <input
          type="range"
          aria-label="Place in the log"
          aria-valuetext={at.value === null ? `now, event ${last}` : `event ${here} of ${last}`}
          min={Math.min(1, last)}
          max={Math.max(1, last)}
          step={1}
          value={here}
          onInput={({ currentTarget }) => look(Number(currentTarget.value))}
          onChange={keepAddress}
        />
        <button aria-label="The event after" disabled={at.value === null} onClick={() => step(1)}>
          ›
        </button>
        <label>
          event <PlaceEntry here={here} last={last} /> of <span class="number">{count(last)}</span>
        </label>
        <button
          class={at.value === null ? '' : 'main'}
          disabled={at.value === null}
          onClick={() => {
            look(null);
            keepAddress();
          }}
        >
          Back to now
        </button>
      </div>
      <p class="where" role="status">
        <Where />
      </p>
      <Books />
    </section>
  );
}

/** The number of an event, to be typed: what comes in meanwhile does not write over it. */
function PlaceEntry({ here, last }: { readonly here: number; readonly last: number }): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const go = (): void => {
    const wanted = Number(typed);
    if (typed !== null && Number.isInteger(wanted) && wanted >= 1) {
      look(wanted);
      keepAddress();
    }
    setTyped(null);
  };
  return (
    <input
      type="number"
      class="number"
      min={1}
      max={last}
      value={typed ?? here}
      onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      onChange={go}
      onBlur={() => setTyped(null)}
    />
  );
}

function Where(): JSX.Element {
  const last = end.value;
  if (trouble.value !== null) return <span class="attention">{trouble.value}</span>;
  const replayed = reading.value?.history ?? 0;
  if (at.value === null && reading.value !== null && replayed < last) {
    return (
      <span class="attention">
        The actors run again over the log, and are at event {count(replayed)} of {count(last)}: their charts are as of
        there.
      </span>
    );
  }
  if (at.value === null)
    return (
      <span class="quiet">Now. Move the slider to see the actors, the ledger and the counts at any past event.</span>
    );
  const event = past.value?.event;
  if (event === undefined) return <span class="quiet">Going back.</span>;
  return (
    <>
      <strong class="attention">The past, {timeOfDay(event.at)}, right after</strong>{' '}
      <a href={hrefOf('log', { event: event.sequence })}>
        <span class="number">{event.sequence}</span> {event.source} {event.type}
      </a>{' '}
      <span class="told quiet">{event.text}</span>
    </>
  );
}

/** The ledger and the counts at the same place. */
function Books(): JSX.Element {
  const books = shownBooks.value;
  return (
    <dl class="actor-books small">
      <Entry name="campaign" value={books?.state} />
      {(books?.pools ?? []).map(({ pool, allocated, free }) => (
        <Entry key={pool} name={`pool ${pool}`} value={`${allocated} of ${allocated + free} slots`} />
      ))}
      <Entry name="capacity" value={books === null ? undefined : `${books.capacity} slots`} />
      <Entry name="simulating" value={books === null ? undefined : count(books.counts.running)} />
      <Entry name="queued" value={books === null ? undefined : count(books.counts.queued)} />
      <Entry name="succeeded" value={books === null ? undefined : count(books.counts.succeeded)} />
      <Entry name="failed" value={books === null ? undefined : count(books.counts.failed)} />
      <Entry name="found" value={books === null ? undefined : count(books.found)} />
    </dl>
  );
}

const Entry = ({ name, value }: { readonly name: string; readonly value: string | undefined }): JSX.Element => (
  <div>
    <dt class="quiet">{name}</dt>
    <dd class="number">{value ?? '–'}</dd>
  </div>
);
