/** What slots did with their time in the part that is seen: computed, by kind, or idle, by cause. */
import type { JSX } from 'preact';
import type { IdleReport } from '../../src/dashboard/api.ts';
import { theme } from '../theme.ts';
import { percent, timeOfDay } from '../words.ts';
import { idle, idleCauses, loaded, seen, wholeOf } from './data.ts';
import { inOrder, kindColour } from './kinds.ts';
import { lengthText, slotTimes } from './time-text.ts';
import { see } from './gantt.tsx';

interface Row {
  readonly name: string;
  readonly colour: string;
  readonly seconds: number;
  readonly what: string;
}

/** What each cause means, for people who have never read the code. */
const meaning: Readonly<Record<string, string>> = {
  'waiting for ranking': 'nothing is ranked yet, or no ranking is in force',
  'paused for update': 'the policy waits until the model knows the last results',
  dispatch: 'a task is on its way: decided, granted, queued, or being fetched',
  'no work in pool': 'its pool has no work',
  'worker lost': 'its worker was lost',
  'no candidate': 'all were submitted, or the campaign has what it wanted',
  draining: 'what runs may finish, and nothing new starts',
  'not running': 'the campaign is paused, not begun, or over',
};

export function IdleTable(): JSX.Element {
  const report = idle.value;
  return (
    <section class="idle" aria-labelledby="idle-title">
      <h3 id="idle-title">Where the slots' time went {seen.value === null ? '' : 'in the part that is seen'}</h3>
      {report === null ? (
        <p class="empty">Slot seconds by kind of task and by cause of idleness appear with the first slot.</p>
      ) : (
        <>
          <Times report={report} />
          <Longest report={report} />
        </>
      )}
    </section>
  );
}

function Times({ report }: { readonly report: IdleReport }): JSX.Element {
  const rows = rowsOf(report);
  const all = Math.max(report.slotSeconds, 1e-9);
  const timeText = slotTimes(all);
  return (
    <table class="times">
      <thead class="unseen">
        <tr>
          <th scope="col">What</th>
          <th scope="col">Slot time</th>
          <th scope="col">Share</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, colour, seconds, what }) => (
          <tr key={name} title={what}>
            <th scope="row">
              <i class="swatch" style={{ background: colour }} /> {name}
            </th>
            <td class="number">{timeText(seconds)}</td>
            <td class="number">{shareText(seconds / all)}</td>
            <td class="share" aria-label={what}>
              <i style={{ width: `${Math.min(100, (100 * seconds) / all)}%`, background: colour }} />
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">all slots</th>
          <td class="number">{timeText(report.slotSeconds)}</td>
          <td />
          <td />
        </tr>
      </tfoot>
    </table>
  );
}

/** A share that is there is never nothing. */
const shareText = (share: number): string => (share > 0 && share < 0.005 ? '<1 %' : percent(share));

function rowsOf({ busySeconds, idleSeconds }: IdleReport): Row[] {
  const busy = inOrder(Object.entries(busySeconds), ([topic]) => topic).map(([topic, seconds]): Row => ({
    name: topic,
    colour: kindColour(topic, theme.value),
    seconds,
    what: `computing: ${topic}`,
  }));
  const idles = idleCauses.flatMap((cause): Row[] => {
    const seconds = idleSeconds[cause] ?? 0;
    const what = meaning[cause] ?? '';
    return seconds > 0 ? [{ name: `idle: ${cause}`, colour: 'var(--idle)', seconds, what }] : [];
  });
  return [...busy, ...idles.sort((a, b) => b.seconds - a.seconds)];
}

/** The longest gaps; each shows itself in the timeline. */
function Longest({ report }: { readonly report: IdleReport }): JSX.Element | null {
  const all = loaded.value;
  if (report.longest.length === 0 || all === null) return null;
  const { origin } = all.timeline;
  const show = (from: number, to: number): void => {
    const room = Math.max(50, to - from);
    see({ from: from - origin - room, to: to - origin + room }, wholeOf(all));
  };
  return (
    <details>
      <summary>The longest gaps</summary>
      <ol class="gaps small">
        {report.longest.slice(0, 10).map(({ lane, from, to, cause }) => (
          <li key={`${lane} ${from}`}>
            <button class="link" onClick={() => show(from, to)}>
              <span class="number">{lengthText(to - from)}</span> slot {lane + 1}, {timeOfDay(from)}: {cause}
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}
