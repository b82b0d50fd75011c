/** What `cox top` shows, as lines of text: of any width from 64 columns on, and cut to a height where there is one. */
import type { Overview, SlotRow, WorkerRow } from '../story/views.ts';
import { duration as exactly } from '../story/words.ts';
import { duration } from './run-view.ts';
import { fitted, wrappedLines, type Paint, type Tone } from './terminal-text.ts';

/** A campaign as it is now. */
export interface TopView {
  readonly id: string;
  readonly policy: string;
  readonly overview: Overview;
  readonly actors: readonly { readonly actor: string; readonly state: string; readonly runBy: string | null }[];
  readonly objective: {
    readonly label: string;
    readonly unit: string;
    readonly also: { readonly unit: string; readonly factor: number };
  };
  readonly threshold: number;
  readonly seek: 'highest' | 'lowest';
  /** Since when the server does not answer, ms since 1970; null while it does. */
  readonly lostSince: number | null;
  /** ms since 1970. */
  readonly now: number;
}

export interface ScreenSize {
  readonly columns: number;
  /** Null for as many as it takes. */
  readonly rows: number | null;
}

const mostBar = 24;
const leastBar = 8;
const leastColumns = 64;
const nameWidth = 17;

/** The whole picture. */
export function topLines(view: TopView, size: ScreenSize, paint: Paint): string[] {
  const columns = Math.max(leastColumns, size.columns);
  const head = [...header(view, columns, paint), ''];
  const middle = [...sideBySide(poolLines(view, paint), actorLines(view, columns - 34, paint), 32), ''];
  const workers = workerLines(view.overview, columns, paint);
  const slots = slotLines(view, columns, paint);
  const best = bestLines(view, columns, paint);
  const left = size.rows === null ? Infinity : size.rows - head.length - middle.length;
  return [...head, ...middle, ...shared(left, [slots, best, workers], paint)].slice(0, size.rows ?? undefined);
}

function header(
  { id, policy, overview, actors, objective, threshold, seek, lostSince, now }: TopView,
  columns: number,
  paint: Paint,
): string[] {
  const { state, reason, counts, found, elapsedSeconds, doing, model } = overview;
  const why = reason === '' ? '' : `: ${reason}`;
  const left = `${id}  ${policy}  ${state}${why}`;
  const time = duration(elapsedSeconds);
  const lines = [`${paint('strong', fitted(left, columns - time.length - 2))}  ${time}`];
  const of = counts.total === null ? '' : ` of ${counts.total.toLocaleString('en')}`;
  const done = `${counts.succeeded.toLocaleString('en')}${of} successful`;
  const failed = counts.failed === 0 ? '' : `, ${counts.failed.toLocaleString('en')} failed`;
  const others = `, ${counts.running} running, ${counts.queued} queued`;
  const bar = progressBar(counts, columns - done.length - failed.length - others.length - 2, paint);
  lines.push(`${bar}${done}${paint('wrong', failed)}${others}`);
  const percent = (value: number | null): string => (value === null ? '' : ` ${Math.round(value * 100)} %`);
  const rate = found.simulationsPerMinute === null ? '' : `, ${found.simulationsPerMinute.toFixed(1)}/min`;
  const next = found.secondsToNextFind === null ? '' : `, next in ${exactly(found.secondsToNextFind * 1_000)}`;
  const side = seek === 'highest' ? 'above' : 'below';
  const shares = found.share === null ? '' : `,${percent(found.share)} (last 25:${percent(found.shareOfLast25)})`;
  lines.push(
    fitted(
      `found   ${found.count.toLocaleString('en')} ${side} ${threshold} ${objective.unit}${shares}${rate}${next}`,
      columns,
    ),
  );
  if (model !== null) {
    const error = model.recentError === null ? '' : `, error ${model.recentError.toFixed(4)} ${objective.unit}`;
    const updating = model.isUpdating ? ', updating' : '';
    lines.push(
      fitted(
        `model   update ${model.update} from ${model.trainedOn} results, ${model.staleResults} more since${error}${updating}`,
        columns,
      ),
    );
  }
  // What was going on when they were left is no longer.
  const isLeft = state !== 'ended' && actors.every(({ runBy }) => runBy === null);
  if (isLeft) lines.push(paint('wrong', 'No process runs its actors; what is shown is how it was left.'));
  const sentences = isLeft ? [] : doing.flatMap((sentence) => wrappedLines(sentence, columns));
  lines.push(...sentences.map((line) => paint('quiet', fitted(line, columns))));
  if (lostSince !== null) {
    const age = duration((now - lostSince) / 1_000);
    lines.push(paint('wrong', fitted(`the NATS server does not answer; what is shown is ${age} old`, columns)));
  }
  return lines.map((line) => line.trimEnd());
}

/** How much of what is wanted is done, in at most so many columns; nothing where that says little. */
function progressBar({ total, succeeded }: Overview['counts'], columns: number, paint: Paint): string {
  const width = Math.min(mostBar, columns);
  if (total === null || width < leastBar) return '';
  const done = Math.round(Math.min(1, succeeded / Math.max(1, total)) * width);
  return `${paint('simulate', '█'.repeat(done))}${'░'.repeat(width - done)}  `;
}

function poolLines({ overview }: TopView, paint: Paint): string[] {
  const { pools, capacity } = overview;
  return [
    paint('quiet', `${fitted('pool', 14)}  in use    free`),
    ...pools.map(
      ({ pool, allocated, free }) =>
        paint(toneOf(pool), fitted(pool, 14)) +
        fitted(String(allocated), 8, 'right') +
        fitted(String(free), 8, 'right'),
    ),
    paint('quiet', `${fitted('capacity', 14)}${fitted(String(capacity), 8, 'right')}${' '.repeat(8)}`),
  ];
}

function actorLines({ actors }: TopView, columns: number, paint: Paint): string[] {
  const owners = new Set(actors.map(({ runBy }) => runBy));
  const [only = null] = owners;
  const heading = owners.size === 1 && only !== null ? `actors, all run by ${only}` : 'actors';
  const longest = Math.max(...actors.map(({ state }) => state.length), 0);
  const stateWidth = Math.min(longest, 24, columns - nameWidth - 1);
  return [
    paint('quiet', fitted(heading, columns)),
    ...actors.map(({ actor, state, runBy }) => {
      const owner = owners.size === 1 ? '' : (runBy ?? 'nobody');
      const rest = columns - nameWidth - stateWidth - 3;
      return `${fitted(actor, nameWidth)} ${fitted(state, stateWidth)}  ${rest > 0 ? paint(runBy === null ? 'wrong' : 'quiet', fitted(owner, rest)) : ''}`;
    }),
  ];
}

function slotLines({ overview, now }: TopView, columns: number, paint: Paint): string[] {
  const { slots } = overview;
  if (slots.length === 0) return [paint('quiet', 'no slots: no worker is there')];
  const width = columns - 5 - 20 - 10 - 12;
  return [
    paint('quiet', `${fitted('slot', 5)}${fitted('worker', 20)}${fitted('computes', 10)}`),
    ...slots.map((slot) => slotLine(slot, width, now, paint)),
  ];
}

function slotLine({ lane, worker, task, idle, since }: SlotRow, width: number, now: number, paint: Paint): string {
  const age = fitted(exactly(now - since), 11, 'right');
  const [what, about] = task === null ? ['idle', idle ?? ''] : [task.topic, task.label];
  const tone = task === null ? 'quiet' : toneOf(task.topic);
  return `${fitted(String(lane), 3, 'right')}  ${fitted(worker, 19)} ${paint(tone, fitted(what, 9))} ${paint(task === null ? 'quiet' : null, fitted(about, width))}${age}`;
}

function bestLines({ overview, objective }: TopView, columns: number, paint: Paint): string[] {
  const { best } = overview;
  if (best.length === 0) return [paint('quiet', 'the best results will be listed here after the first one')];
  const { unit, also } = objective;
  const width = columns - 4 - 20 - 10;
  return [
    paint('quiet', `best${fitted(unit, 10, 'right')}${fitted(also.unit, 9, 'right')}`),
    ...best.map(
      ({ value, label }, place) =>
        `${fitted(String(place + 1), 4, 'right')}${fitted((value ?? 0).toFixed(4), 10, 'right')}${fitted(((value ?? 0) * also.factor).toFixed(2), 9, 'right')}  ${fitted(label, width)}`,
    ),
  ];
}

function workerLines({ workers }: Overview, columns: number, paint: Paint): string[] {
  const there = workers.filter(({ state }) => state === 'there' || state === 'draining');
  const gone = workers.length - there.length;
  const width = columns - 20 - 41;
  const lines = there.map((worker) => workerLine(worker, width, paint));
  if (gone > 0)
    lines.push(paint('quiet', `${gone} ${gone === 1 ? 'worker has left or was' : 'workers have left or were'} lost`));
  const heading = `${fitted('worker', 20)}${fitted('host', width)}${['slots', 'running', 'done', 'failed', 'load'].map((name, i) => fitted(name, i === 1 ? 9 : 8, 'right')).join('')}`;
  return [paint('quiet', heading), ...lines];
}

function workerLine(
  { worker, host, state, slots, running, done, failed, load }: WorkerRow,
  width: number,
  paint: Paint,
): string {
  const number = (value: number | string, columns = 8): string => fitted(String(value), columns, 'right');
  const name = state === 'draining' ? `${worker}, draining` : worker;
  const trouble = failed > 0 ? 'wrong' : null;
  return `${fitted(name, 19)} ${fitted(host, width)}${number(slots)}${number(running, 9)}${number(done)}${paint(trouble, number(failed))}${number(load === null ? '' : load.toFixed(1))}`;
}

/**
 * Several lists in so many rows, blank lines between them: each gets its share, and what one does not need the others have. A list
 * that is cut says by how much.
 */
function shared(rows: number, lists: readonly string[][], paint: Paint): string[] {
  const room = sharesOf(rows - lists.length + 1, lists);
  const shown = lists.flatMap((list, place) => {
    const mine = room[place] ?? 0;
    if (mine >= list.length) return [list];
    // A heading, one line, and that there are more.
    return mine < 3 ? [] : [[...list.slice(0, mine - 1), paint('quiet', `… ${list.length - mine + 1} more`)]];
  });
  return shown.flatMap((list, place) => (place === 0 ? list : ['', ...list])).map((line) => line.trimEnd());
}

/** How many rows each list gets: one after the other a row each, until there is no more, or each has all that it needs. */
function sharesOf(rows: number, lists: readonly string[][]): number[] {
  const needs = lists.map(({ length }) => length);
  const room = needs.map(() => 0);
  for (
    let left = Math.min(
        rows,
        needs.reduce((sum, need) => sum + need, 0),
      ),
      place = 0;
    left > 0;
    place += 1
  ) {
    const list = place % needs.length;
    if ((room[list] ?? 0) >= (needs[list] ?? 0)) continue;
    room[list] = (room[list] ?? 0) + 1;
    left -= 1;
  }
  return room;
}

/** Two columns of lines; `width` is that of the left one. */
function sideBySide(left: readonly string[], right: readonly string[], width: number): string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const space = left[i] === undefined ? ' '.repeat(width - 2) : '';
    return `${left[i] ?? ''}${space}    ${right[i] ?? ''}`.trimEnd();
  });
}

/** The colour of a kind of work; others have none. */
const toneOf = (pool: string): Tone | null =>
  pool === 'simulate' || pool === 'train' || pool === 'infer' ? pool : null;
