/** Who computed what when: pools, slots, workers, idle time. */
import { effect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { theme } from '../theme.ts';
import { askIdle, follow, loaded, seen, trouble, wholeOf } from './data.ts';
import { Holders, Moves, SlotsNow, Workers } from './fleet.tsx';
import { Gantt } from './gantt.tsx';
import { IdleTable } from './idle-table.tsx';
import { inOrder, spanColours } from './kinds.ts';
import { lengthText } from './time-text.ts';
import './timeline.css';

/** So long after the last change of what is seen its idle time is asked for. */
const settledMs = 250;

export function TimelineView(): JSX.Element {
  useEffect(follow, []);
  useEffect(askWhenSettled, []);
  const all = loaded.value;
  return (
    <div class="timeline">
      <div class="timeline-title">
        <h2>Slots over time</h2>
        <p class="quiet" role="status">
          {trouble.value ?? ''}
        </p>
        <Legend />
      </div>
      {all === null ? (
        <p class="empty gantt-place">The timeline of pools and slots appears as soon as the log is read.</p>
      ) : all.timeline.lanes.length === 0 ? (
        <p class="empty gantt-place">Rows appear with the first slot, as soon as a worker joins.</p>
      ) : (
        <Gantt all={all} />
      )}
      <div class="timeline-below">
        <IdleTable />
        <SlotsNow />
        <div>
          <Workers />
          <Moves />
          <Holders />
        </div>
      </div>
    </div>
  );
}

function askWhenSettled(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = effect(() => {
    // Reading them is what subscribes to them.
    [seen, loaded].forEach((one) => one.value);
    clearTimeout(timer);
    timer = setTimeout(() => {
      // What could not be asked now is asked with the next turn.
      void askIdle().catch(() => undefined);
    }, settledMs);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

function Legend(): JSX.Element {
  const all = loaded.value;
  const topics = all?.timeline.topics ?? [];
  const colours = spanColours(topics, theme.value);
  const kinds = inOrder(
    [...topics, 'failed'].map((name, i) => ({ name, colour: colours[i] ?? '' })),
    ({ name }) => name,
  );
  const { from, to } = seen.value ?? (all === null ? { from: 0, to: 0 } : wholeOf(all));
  return (
    <ul class="legend small">
      {kinds.map(({ name, colour }) => (
        <li key={name}>
          <i class="swatch" style={{ background: colour }} /> {name}
        </li>
      ))}
      <li>
        <i class="swatch" style={{ background: 'var(--idle)' }} /> idle
      </li>
      <li>
        <i class="swatch update" /> model updates
      </li>
      <li class="quiet number">{all === null ? '' : `${lengthText(to - from)} shown`}</li>
    </ul>
  );
}
