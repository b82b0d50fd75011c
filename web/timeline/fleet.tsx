/** Who holds each slot now, the hosts and workers with their load and health, and the moves between pools. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { LedgerView, Overview, SlotRow, WorkerRow } from '../../src/story/views.ts';
import { overview, shownAt } from '../live.ts';
import { hrefOf, taskHref } from '../route.ts';
import { theme } from '../theme.ts';
import { ago, count, timeOfDay } from '../words.ts';
import { ledger } from './data.ts';
import { kindColour } from './kinds.ts';
import { lengthText } from './time-text.ts';

const mostRows = 64;
const shownMoves = 6;
const mostMoves = 200;
const showsAll = signal(false);

export function SlotsNow(): JSX.Element {
  const slots = overview.value?.state === 'ended' ? [] : (overview.value?.slots ?? []);
  const shown = showsAll.value ? slots : slots.slice(0, mostRows);
  return (
    <section aria-labelledby="slots-title">
      <h3 id="slots-title">Who holds each slot now</h3>
      {slots.length === 0 ? (
        <p class="empty">{noSlots(overview.value)}</p>
      ) : (
        <table class="slots">
          <thead>
            <tr>
              <th scope="col">slot</th>
              <th scope="col">what</th>
              <th scope="col" class="number">
                for
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((slot) => (
              <Slot key={slot.lane} slot={slot} />
            ))}
          </tbody>
        </table>
      )}
      {shown.length < slots.length && (
        <button onClick={() => (showsAll.value = true)}>Show all {count(slots.length)} slots</button>
      )}
    </section>
  );
}

function noSlots(now: Overview | null): string {
  if (now === null) return 'The slots appear as soon as the log is read.';
  if (now.state === 'ended') return 'Nobody: the campaign has ended.';
  return 'No worker is there. Slots appear as soon as one registers: cox worker starts one.';
}

function Slot({ slot }: { readonly slot: SlotRow }): JSX.Element {
  const { lane, task, idle, since } = slot;
  return (
    <tr title={`${slot.worker} on ${slot.host}`}>
      <td class="number">{lane + 1}</td>
      <td class="what">
        {task === null ? (
          <>
            <i class="swatch" style={{ background: 'var(--idle)' }} />{' '}
            <span class="quiet">idle: {idle ?? 'unknown'}</span>
          </>
        ) : (
          <>
            <i class="swatch" style={{ background: kindColour(task.topic, theme.value) }} />{' '}
            <a class="id" href={taskHref(task.task)}>
              {task.label}
            </a>
          </>
        )}
      </td>
      <td class="number">{lengthText(Math.max(0, shownAt.value - since))}</td>
    </tr>
  );
}

export function Workers(): JSX.Element {
  const workers = overview.value?.workers ?? [];
  const hosts = new Map<string, WorkerRow[]>();
  for (const one of workers) hosts.set(one.host, [...(hosts.get(one.host) ?? []), one]);
  return (
    <section aria-labelledby="workers-title">
      <h3 id="workers-title">Hosts and workers</h3>
      {workers.length === 0 ? (
        <p class="empty">
          {overview.value === null
            ? 'The workers appear as soon as the log is read.'
            : 'Workers appear here when the first one has joined the campaign.'}
        </p>
      ) : (
        <div class="wide" tabIndex={0} role="group" aria-label="Hosts and workers">
          <table class="workers">
            <thead>
              <tr>
                <th scope="col">worker</th>
                <th scope="col">state</th>
                <th scope="col" class="number">
                  busy
                </th>
                <th scope="col" class="number">
                  done
                </th>
                <th scope="col" class="number">
                  failed
                </th>
                <th scope="col" class="number">
                  load
                </th>
                <th scope="col">heard</th>
              </tr>
            </thead>
            {[...hosts].map(([host, those]) => (
              <tbody key={host}>
                <tr>
                  <th scope="rowgroup" colSpan={7} class="host id">
                    {host}
                  </th>
                </tr>
                {those.map((one) => (
                  <Worker key={one.worker} worker={one} />
                ))}
              </tbody>
            ))}
          </table>
        </div>
      )}
    </section>
  );
}

/** Of one that was not seen to go, an ended campaign knows no more. */
function healthOf({ state, goneAt }: WorkerRow): string {
  if (state === 'there' || goneAt === null) return overview.value?.state === 'ended' ? 'to the end' : state;
  return `${state} ${timeOfDay(goneAt)}`;
}

function Worker({ worker }: { readonly worker: WorkerRow }): JSX.Element {
  const { state, running, slots, done, failed, load, heardAt } = worker;
  return (
    <tr class={`worker ${state}`}>
      <td class="id">{worker.worker}</td>
      <td class="health">{healthOf(worker)}</td>
      <td class="number">
        {running}/{slots}
      </td>
      <td class="number">{count(done)}</td>
      <td class={`number ${failed > 0 ? 'bad' : ''}`}>{count(failed)}</td>
      <td class="number">{load === null ? '–' : load.toFixed(2)}</td>
      <td class="quiet">
        {heardAt === null || state === 'left' || state === 'lost' ? '–' : ago(heardAt, shownAt.value)}
      </td>
    </tr>
  );
}

export function Moves(): JSX.Element {
  const newest = [...(ledger.value?.moves ?? [])].reverse();
  return (
    <section aria-labelledby="moves-title">
      <h3 id="moves-title">Moves between pools</h3>
      {newest.length === 0 ? (
        <p class="empty">
          {ledger.value === null
            ? 'The moves appear as soon as the log is read.'
            : 'None yet. A policy, or somebody by hand, moves slots from pool to pool; each move says why.'}
        </p>
      ) : (
        <>
          <MoveList moves={newest.slice(0, shownMoves)} />
          {newest.length > shownMoves && (
            <details>
              <summary>Older ones</summary>
              <MoveList moves={newest.slice(shownMoves, mostMoves)} />
            </details>
          )}
        </>
      )}
    </section>
  );
}

function MoveList({ moves }: { readonly moves: LedgerView['moves'] }): JSX.Element {
  return (
    <ol class="moves">
      {moves.map(({ sequence, at, from, to, slots, by, reason }) => (
        <li key={sequence}>
          <a class="number" href={hrefOf('log', { event: sequence })}>
            {timeOfDay(at)}
          </a>{' '}
          <span>
            {slots} {from} → {to}, by <span class="told">{by}</span>
          </span>{' '}
          {reason !== '' && <span class="quiet told small">{reason}</span>}
        </li>
      ))}
    </ol>
  );
}

/** What is allocated, by grant: the ledger's own words, for those who want to check. */
export function Holders(): JSX.Element | null {
  const holders = ledger.value?.holders ?? [];
  if (holders.length === 0) return null;
  return (
    <details>
      <summary>Grants that are held: {count(holders.length)}</summary>
      <ul class="small holders">
        {holders.slice(0, 200).map(({ grant, pool, slots, task, label, since }) => (
          <li key={grant}>
            <span class="id">{grant}</span> {slots} of {pool} since {timeOfDay(since)}:{' '}
            {task === null ? (
              <span class="quiet">no task yet</span>
            ) : (
              <a class="id" href={taskHref(task)}>
                {label ?? task}
              </a>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
