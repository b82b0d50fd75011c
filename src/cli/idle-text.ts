/** Where the time of slots went, as people read it in a terminal. */
import type { IdleCause, IdleReport, SlotRow } from '../story/views.ts';
import { printable } from './printable.ts';

/** What each cause means, for people who have never read the code. */
const meanings: Readonly<Record<IdleCause, string>> = {
  'no candidate': 'all submitted, or enough done',
  'paused for update': 'waits until the model is updated',
  'waiting for ranking': 'the first choice was being made',
  dispatch: 'a result or a task was on its way',
  'no work in pool': 'its pool had nothing to compute',
  'worker lost': 'its work was lost with the worker',
  draining: 'what ran ended, nothing new began',
  'not running': 'paused, not begun, or over',
};

const mostGaps = 5;
const mostSlots = 32;

export function idleText(id: string, report: IdleReport, slots: readonly SlotRow[], now: number): string {
  const { from, to, slotSeconds, busySeconds, idleSeconds } = report;
  if (slotSeconds === 0) return `${id}: no slot was there\n`;
  const clock = (at: number): string => new Date(at).toISOString().slice(11, 23);
  const busy = entriesOf(busySeconds);
  const idle = entriesOf(idleSeconds);
  const sum = (rows: readonly (readonly [string, number])[]): number => rows.reduce((all, [, one]) => all + one, 0);
  const line = (name: string, seconds: number, about = ''): string => {
    const share = `${((100 * seconds) / slotSeconds).toFixed(1)} %`;
    return `${name.padEnd(23)}${seconds.toFixed(2).padStart(10)} s${share.padStart(9)}${about === '' ? '' : `  ${about}`}`;
  };
  const lines = [
    `${id}: the slots' time from ${clock(from)} to ${clock(to)} (UTC)`,
    line('in all', slotSeconds),
    line('busy', sum(busy)),
    ...busy.map(([topic, seconds]) => line(`  ${printable(topic)}`, seconds)),
    line('idle', sum(idle)),
    ...idle.map(([cause, seconds]) => line(`  ${cause}`, seconds, meanings[cause as IdleCause])),
    ...longest(report, clock),
    ...present(slots, now),
  ];
  return `${lines.join('\n')}\n`;
}

const entriesOf = (seconds: Readonly<Partial<Record<string, number>>>): [string, number][] =>
  Object.entries(seconds)
    .map(([name, one]): [string, number] => [name, one ?? 0])
    .sort(([, a], [, b]) => b - a);

function longest({ longest: gaps }: IdleReport, clock: (at: number) => string): string[] {
  if (gaps.length === 0) return [];
  const rows = gaps.slice(0, mostGaps).map(({ lane, worker, from, to, cause }) => {
    const seconds = `${((to - from) / 1_000).toFixed(2)} s`.padStart(11);
    return `${seconds}  from ${clock(from)}  slot ${lane} on ${printable(worker)}: ${cause}`;
  });
  return ['', 'longest gaps', ...rows];
}

function present(slots: readonly SlotRow[], now: number): string[] {
  if (slots.length === 0) return [];
  const rows = slots.slice(0, mostSlots).map(({ lane, worker, task, since, idle }) => {
    const seconds = `${(Math.max(0, now - since) / 1_000).toFixed(2)} s`.padStart(11);
    const what =
      task === null
        ? `idle: ${idle ?? 'dispatch'}`
        : task.label === task.task
          ? task.task
          : `${task.task} ${printable(task.label)}`;
    return `${seconds}  slot ${lane} on ${printable(worker)}: ${what}`;
  });
  const more = slots.length > mostSlots ? [`             and ${slots.length - mostSlots} more`] : [];
  return ['', 'now, and for how long', ...rows, ...more];
}
