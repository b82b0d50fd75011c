/** The events as a list of any length: only the lines in sight are in the page. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { EventRow } from '../../src/dashboard/api.ts';
import { go, route } from '../route.ts';
import { timeOfDay } from '../words.ts';
import { isHeld, older, rows, state } from './feed.ts';

/** Lines beyond the edges, so that a quick scroll shows no gap. */
const spare = 12;
const narrow = 640;

export function EventList(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const scroll = useSignal(0);
  const size = useSignal({ width: 1_000, height: 600 });
  const chosen = useSignal(-1);
  useEffect(() => watch(box.current, (width, height) => (size.value = { width, height })), []);
  const all = rows.value;
  const lineHeight = size.value.width < narrow ? 44 : 24;
  const first = Math.max(0, Math.floor(scroll.value / lineHeight) - spare);
  const end = Math.min(all.length, Math.ceil((scroll.value + size.value.height) / lineHeight) + spare);
  useEffect(() => {
    if (end >= all.length - spare && state.value === 'there') void older();
  }, [end, all.length, state.value]);
  const hold = (): void => {
    const element = box.current;
    if (element === null) return;
    const inside = element.matches(':hover') || element.contains(document.activeElement) || holdsSelection(element);
    isHeld.value = inside || element.scrollTop > 0;
  };
  useEffect(() => {
    document.addEventListener('selectionchange', hold);
    return () => {
      document.removeEventListener('selectionchange', hold);
      isHeld.value = false;
    };
  }, []);
  const choose = (to: number): void => {
    chosen.value = Math.min(Math.max(0, to), all.length - 1);
    const top = chosen.value * lineHeight;
    const element = box.current;
    if (element === null) return;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + lineHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + lineHeight - element.clientHeight;
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(size.value.height / lineHeight) - 1);
    const to = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 }[event.key];
    const row = all[chosen.value];
    if (to !== undefined) choose(chosen.value + to);
    else if (event.key === 'Enter' && row !== undefined) go('log', { event: row.sequence });
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={box}
      class="events"
      role="listbox"
      tabIndex={0}
      aria-label="Events, newest first"
      aria-activedescendant={chosen.value < 0 ? undefined : `event-${all[chosen.value]?.sequence ?? 0}`}
      onScroll={(event) => {
        scroll.value = event.currentTarget.scrollTop;
        hold();
      }}
      onPointerEnter={hold}
      onPointerLeave={hold}
      onFocus={hold}
      onBlur={() => queueMicrotask(hold)}
      onKeyDown={onKey}
    >
      <div style={{ height: `${all.length * lineHeight}px` }} role="presentation">
        {all.slice(first, end).map((row, i) => (
          <Line
            key={row.sequence}
            row={row}
            top={(first + i) * lineHeight}
            height={lineHeight}
            place={first + i}
            of={all.length}
            isChosen={first + i === chosen.value}
          />
        ))}
      </div>
    </div>
  );
}

function Line({
  row,
  top,
  height,
  place,
  of,
  isChosen,
}: {
  readonly row: EventRow;
  readonly top: number;
  readonly height: number;
  readonly place: number;
  readonly of: number;
  readonly isChosen: boolean;
}): JSX.Element {
  const isOpen = route.value.params.event === String(row.sequence);
  return (
    <div
      id={`event-${row.sequence}`}
      class={`event ${isChosen ? 'chosen' : ''}`}
      role="option"
      aria-selected={isOpen}
      aria-setsize={of}
      aria-posinset={place + 1}
      style={{ top: `${top}px`, height: `${height}px` }}
      onClick={() => {
        if (getSelection()?.isCollapsed !== false) go('log', { event: row.sequence });
      }}
    >
      <EventWords row={row} />
    </div>
  );
}

/** An event in one line: its place, when, who, what. */
export function EventWords({ row }: { readonly row: EventRow }): JSX.Element {
  return (
    <>
      <span class="number quiet sequence">{row.sequence}</span>
      <span class="number quiet">{timeOfDay(row.at)}</span>
      <span class="source">{row.source}</span>
      <span class="type">{row.type}</span>
      <span class="told text">{row.text}</span>
    </>
  );
}

function watch(element: HTMLElement | null, tell: (width: number, height: number) => void): (() => void) | undefined {
  if (element === null) return undefined;
  const measure = (): void => tell(element.clientWidth, element.clientHeight);
  const observer = new ResizeObserver(measure);
  observer.observe(element);
  measure();
  return () => observer.disconnect();
}

function holdsSelection(element: Element): boolean {
  const selection = getSelection();
  return (
    selection !== null &&
    !selection.isCollapsed &&
    selection.anchorNode !== null &&
    element.contains(selection.anchorNode)
  );
}
