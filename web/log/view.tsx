/** The campaign's log, event by event. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { campaign } from '../live.ts';
import { route } from '../route.ts';
import { count } from '../words.ts';
import { Detail } from './detail.tsx';
import {
  filter,
  follow,
  isHeld,
  noFilter,
  rows,
  showWaiting,
  state,
  trouble,
  types,
  waiting,
  type Filter,
} from './feed.ts';
import { EventList } from './list.tsx';
import './log.css';

const outsiders = ['operator', 'host', 'worker'];
/** So long after the last letter it is looked for. */
const settledMs = 250;

export function LogView(): JSX.Element {
  useEffect(follow, []);
  const { event: wanted } = route.value.params;
  const event = wanted !== undefined && /^\d{1,15}$/.test(wanted) ? wanted : undefined;
  return (
    <div class={`log-view ${event === undefined ? '' : 'open'}`}>
      <div class="log-list">
        <Filters />
        <EventList />
        <p class="small quiet log-foot" role="status">
          {footOf()}
        </p>
      </div>
      {event !== undefined && <Detail sequence={event} />}
    </div>
  );
}

function footOf(): string {
  if (trouble.value !== null) return trouble.value;
  const shown = rows.value.length;
  if (state.value === 'asking') return shown === 0 ? 'Looking through the log.' : 'Looking further back.';
  if (shown > 0)
    return `${count(shown)} events${state.value === 'all' ? ', all there are' : '; older ones come as you scroll'}.`;
  return filter.value === noFilter
    ? 'No event yet: the first appears when the campaign is begun.'
    : state.value === 'all'
      ? 'No event passes the filters.'
      : 'No event passes the filters so far back.';
}

/** What the chosen source says, or anybody; the chosen type in any case. */
function typesOf({ source, type }: Filter): string[] {
  const said = source === '' ? [...types.value.values()] : [types.value.get(source) ?? new Set<string>()];
  const all = new Set(said.flatMap((those) => [...those]));
  if (type !== '') all.add(type);
  return [...all].sort();
}

function Filters(): JSX.Element {
  const text = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const set = (change: Partial<typeof filter.value>): void => {
    const next = { ...filter.peek(), ...change };
    filter.value = Object.values(next).every((one) => one === '') ? noFilter : next;
  };
  const sources = [...(campaign.value?.actors ?? []), ...outsiders];
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Choice name="Source" of={sources} value={filter.value.source} onChange={(source) => set({ source, type: '' })} />
      <Choice name="Type" of={typesOf(filter.value)} value={filter.value.type} onChange={(type) => set({ type })} />
      <input
        ref={text}
        type="search"
        aria-label="Text in the event"
        placeholder="text, task or event"
        defaultValue={filter.peek().text}
        onInput={({ currentTarget: { value } }) => {
          clearTimeout(timer.current);
          timer.current = setTimeout(() => set({ text: value.trim() }), settledMs);
        }}
      />
      <button
        type="button"
        disabled={filter.value === noFilter}
        onClick={() => {
          filter.value = noFilter;
          if (text.current !== null) text.current.value = '';
        }}
      >
        All
      </button>
      <News />
    </form>
  );
}

function News(): JSX.Element {
  const fresh = waiting.value.length;
  return (
    <span class="news" role="status">
      {fresh > 0 ? (
        <button
          type="button"
          onClick={() => {
            showWaiting();
            document.querySelector('.events')?.scrollTo(0, 0);
          }}
        >
          {count(fresh)} new
        </button>
      ) : (
        <span class="quiet small">{isHeld.value ? 'held while you read' : ''}</span>
      )}
    </span>
  );
}

function Choice({
  name,
  of,
  value,
  onChange,
}: {
  readonly name: string;
  readonly of: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}): JSX.Element {
  return (
    <select aria-label={name} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      <option value="">any {name.toLowerCase()}</option>
      {of.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}
