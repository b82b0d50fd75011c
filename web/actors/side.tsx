/** Beside an actor's chart: who runs it and how far it is, and its last events with what they caused. */
import type { JSX } from 'preact';
import type { ActorLive, EventPage, EventRow } from '../../src/dashboard/api.ts';
import { useAnswer } from '../answer.ts';
import { withQuery } from '../api.ts';
import { Held } from '../held.tsx';
import { actors } from '../live.ts';
import { hrefOf } from '../route.ts';
import { count, timeOfDay } from '../words.ts';
import { at, past } from './past.ts';

export function Side({ actor }: { readonly actor: string }): JSX.Element {
  const now = actors.value.find((one) => one.actor === actor);
  return (
    <aside class="side" aria-label={`About ${actor}`}>
      {at.value === null ? <Now actor={now} /> : <Then sequence={past.value?.sequence ?? at.value} />}
    </aside>
  );
}

function Now({ actor }: { readonly actor: ActorLive | undefined }): JSX.Element {
  return (
    <>
      <dl class="actor-facts">
        <Fact name="mailbox" value={actor === undefined ? '–' : mailboxText(actor.mailbox)} />
        <Fact name="position" value={actor === undefined ? '–' : `event ${count(actor.position)}`} />
        <Fact name="lease" value={actor === undefined ? '–' : leaseText(actor.runBy)} />
        <Fact name="host" value={actor?.host ?? '–'} />
      </dl>
      <Held value={actor?.recent ?? []} title="Its last events">
        {(recent) =>
          recent.length === 0 ? (
            <p class="empty">The events that it takes appear here, with what they cause.</p>
          ) : (
            <ol class="recent small">
              {recent.map((event) => (
                <Recent key={event.sequence} event={event} />
              ))}
            </ol>
          )
        }
      </Held>
    </>
  );
}

const leaseText = (runBy: string | null): string => (runBy === null ? 'nobody runs it' : `held by ${runBy}`);
const mailboxText = (depth: number): string => (depth === 0 ? 'empty' : `${count(depth)} to take`);

const Fact = ({ name, value }: { readonly name: string; readonly value: string }): JSX.Element => (
  <div>
    <dt class="quiet">{name}</dt>
    <dd class="told">{value}</dd>
  </div>
);

function Recent({ event }: { readonly event: ActorLive['recent'][number] }): JSX.Element {
  const { sequence, at: when, from, to, said } = event;
  return (
    <li>
      <a href={hrefOf('log', { event: sequence })}>
        <span class="number quiet">{timeOfDay(when)}</span> {event.event}
      </a>
      {from !== to && (
        <div class="quiet">
          {from === '' ? 'begins' : from} → {to}
        </div>
      )}
      {said.map((one, i) => (
        <div key={i} class="said">
          ↳{' '}
          {one.sequence === null ? (
            one.type
          ) : (
            <a href={hrefOf('log', { event: one.sequence })}>
              {one.type} <span class="number quiet">{one.sequence}</span>
            </a>
          )}
        </div>
      ))}
    </li>
  );
}

/** In the past: the log before that event. */
export function Then({ sequence }: { readonly sequence: number }): JSX.Element {
  const { data, error } = useAnswer<EventPage>(withQuery('/api/events', { before: sequence + 1, limit: 20 }), 0, 300);
  return (
    <section aria-label="The log up to there">
      <h2>The log up to there</h2>
      {data === null ? <p class="empty">{error ?? 'Asking for it.'}</p> : <EventLinks rows={data.rows} />}
    </section>
  );
}

/** Events as links into the log, newest first. */
export function EventLinks({ rows }: { readonly rows: readonly EventRow[] }): JSX.Element {
  return (
    <ol class="recent small">
      {rows.map(({ sequence, source, type }) => (
        <li key={sequence}>
          <a href={hrefOf('log', { event: sequence })}>
            <span class="number quiet">{sequence}</span> {source} {type}
          </a>
        </li>
      ))}
    </ol>
  );
}
