/** The timeline on a canvas: pools over time and a row a slot; zoomed, moved and read by pointer, touch and keys. */
import { batch, effect, signal, useComputed, useSignal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { openTask } from '../route.ts';
import { theme } from '../theme.ts';
import { BarLayer } from './bar-layer.ts';
import { ledger, loaded, seen, wholeOf, type Loaded } from './data.ts';
import { foundAt, foundBeside, foundNear, poolText, type Found } from './found.ts';
import { laneAt, laneTop, layoutOf, poolAt, scrollTo, type Layout } from './layout.ts';
import { paintTimeline } from './paint.ts';
import { listenToPointer, type PointerTarget } from './pointer.ts';
import { isAll, panned, showing, zoomed, type Span } from './window.ts';

/** Where keys and pointer are. */
interface Reader {
  readonly size: Signal<{ readonly width: number; readonly ratio: number }>;
  readonly scroll: Signal<number>;
  /** What keys have chosen, and what the pointer is over. */
  readonly chosen: Signal<Found | null>;
  readonly hovered: Signal<Found | null>;
  /** What the pointer is over in the strip of a pool, and where. */
  readonly strip: Signal<{ readonly x: number; readonly text: string } | null>;
  readonly drag: Signal<Span | null>;
}

const isFocused = signal(false);
/** A tip is at most so wide, px. */
const tipRoom = 320;

export function Gantt({ all }: { readonly all: Loaded }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const reader: Reader = {
    size: useSignal({ width: 0, ratio: 1 }),
    scroll: useSignal(0),
    chosen: useSignal<Found | null>(null),
    hovered: useSignal<Found | null>(null),
    strip: useSignal<{ readonly x: number; readonly text: string } | null>(null),
    drag: useSignal<Span | null>(null),
  };
  const layout = useComputed(() => currentLayout(reader));
  useEffect(() => watchSize(frame.current, reader), []);
  useEffect(() => keepPainted(canvas.current, reader, layout), []);
  useEffect(() => {
    if (canvas.current !== null) return listenToPointer(canvas.current, pointerTarget(reader, layout));
    return undefined;
  }, []);
  const { height, gutter } = layout.value;
  const told = reader.hovered.value ?? (isFocused.value ? reader.chosen.value : null);
  return (
    <div class="gantt">
      <Controls whole={wholeOf(all)} />
      <div class="gantt-frame" ref={frame} style={{ height: `${height}px` }}>
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-roledescription="Gantt chart"
          aria-label={`Timeline of ${all.timeline.lanes.length} slots and ${all.timeline.tasks.id.length} tasks`}
          aria-describedby="gantt-keys"
          style={{ height: `${height}px` }}
          onKeyDown={(event) => onKey(event, reader, layout.peek())}
          onFocus={() => (isFocused.value = true)}
          onBlur={() => (isFocused.value = false)}
        />
        <Tip found={told} layout={layout.value} gutter={gutter} />
        <StripTip reader={reader} layout={layout.value} />
        <LaneScroll reader={reader} layout={layout.value} />
      </div>
      <p id="gantt-keys" class="small quiet hint">
        <span class="by-mouse">
          Drag to zoom in, wheel to zoom, Shift and drag to move. Keys: arrows go from task to task, Enter opens one, +
          and − zoom, 0 shows all.
        </span>
        <span class="by-touch">Drag to move, two fingers to zoom, tap a task to open it.</span>
      </p>
      <p class="unseen" aria-live="polite">
        {isFocused.value ? reader.chosen.value?.text : ''}
      </p>
    </div>
  );
}

function currentLayout({ size, scroll }: Reader): Layout {
  const pools = Object.keys(ledger.value?.pools ?? {});
  return layoutOf(size.value, pools, loaded.value?.timeline.lanes.length ?? 0, scroll.value);
}

const seenNow = (all: Loaded): Span => seen.peek() ?? wholeOf(all);

/** Sees a part of the time; all of it means that the view grows with it. */
export function see(span: Span, whole: Span): void {
  seen.value = isAll(span, whole) ? null : span;
}

function watchSize(frame: HTMLElement | null, { size }: Reader): (() => void) | undefined {
  if (frame === null) return undefined;
  const measure = (): void => {
    size.value = { width: Math.floor(frame.clientWidth), ratio: devicePixelRatio };
  };
  const observer = new ResizeObserver(measure);
  observer.observe(frame);
  measure();
  return () => observer.disconnect();
}

/** Paints at most once a frame, after any change; how long that takes can be read off the canvas, ms. */
function keepPainted(canvas: HTMLCanvasElement | null, reader: Reader, layout: ReadonlySignal<Layout>): () => void {
  const context = canvas?.getContext('2d') ?? null;
  const bars = new BarLayer();
  let asked = 0;
  let most = 0;
  const paint = (): void => {
    asked = 0;
    const all = loaded.peek();
    if (canvas === null || context === null || all === null || layout.peek().width <= 0) return;
    const started = performance.now();
    const { width, height, ratio } = layout.peek();
    fit(canvas, Math.round(width * ratio), Math.round(height * ratio));
    const marked = reader.hovered.peek() ?? (isFocused.peek() ? reader.chosen.peek() : null);
    paintTimeline(
      context,
      {
        layout: layout.peek(),
        loaded: all,
        ledger: ledger.peek(),
        seen: seenNow(all),
        theme: theme.peek(),
        marked,
        drag: reader.drag.peek(),
      },
      bars,
    );
    const took = performance.now() - started;
    most = Math.max(most, took);
    canvas.dataset.paintMs = took.toFixed(1);
    canvas.dataset.mostPaintMs = most.toFixed(1);
    canvas.dataset.bars = String(bars.count);
  };
  const watched = [loaded, ledger, seen, theme, isFocused, layout, reader.hovered, reader.chosen, reader.drag];
  const stop = effect(() => {
    // Reading them is what subscribes to them.
    watched.forEach((one) => one.value);
    if (asked === 0) asked = requestAnimationFrame(paint);
  });
  return () => {
    stop();
    cancelAnimationFrame(asked);
  };
}

function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function pointerTarget(reader: Reader, layout: ReadonlySignal<Layout>): PointerTarget {
  const timeAt = (x: number): number => {
    const { gutter, width } = layout.peek();
    const all = loaded.peek();
    if (all === null) return 0;
    const { from, to } = seenNow(all);
    return from + ((x - gutter) / Math.max(1, width - gutter)) * (to - from);
  };
  const withAll = (act: (all: Loaded, whole: Span) => void): void => {
    const all = loaded.peek();
    if (all !== null) act(all, wholeOf(all));
  };
  return {
    isInGutter: (x) => x < layout.peek().gutter,
    hover: (x, y) =>
      withAll((all) => {
        const lane = laneAt(layout.peek(), y);
        const found = lane < 0 || x < layout.peek().gutter ? null : foundAt(all, lane, timeAt(x));
        const pool = x < layout.peek().gutter ? null : poolAt(layout.peek(), y);
        const books = ledger.peek();
        reader.strip.value =
          pool === null || books === null ? null : { x, text: poolText(all, books, pool, timeAt(x)) ?? '' };
        if (found?.text !== reader.hovered.peek()?.text) reader.hovered.value = found;
      }),
    leave: () =>
      batch(() => {
        reader.hovered.value = null;
        reader.strip.value = null;
      }),
    select: (x0, x1) => {
      const [from, to] = [timeAt(Math.min(x0, x1)), timeAt(Math.max(x0, x1))];
      reader.drag.value = { from, to };
    },
    selected: (isTaken) =>
      withAll((_, whole) => {
        const drag = reader.drag.peek();
        batch(() => {
          reader.drag.value = null;
          if (isTaken && drag !== null) see(zoomed(drag, 1, drag.from, whole), whole);
        });
      }),
    click: (x, y) =>
      withAll((all) => {
        const lane = laneAt(layout.peek(), y);
        const found = lane < 0 ? null : foundAt(all, lane, timeAt(x));
        if (found === null) return;
        reader.chosen.value = found;
        if (found.task !== null) openTask(found.task);
      }),
    zoom: (factor, x) => withAll((all, whole) => see(zoomed(seenNow(all), factor, timeAt(x), whole), whole)),
    pan: (pixels) =>
      withAll((all, whole) => {
        const { gutter, width } = layout.peek();
        see(panned(seenNow(all), -pixels / Math.max(1, width - gutter), whole), whole);
      }),
    scroll: (pixels) => {
      const { scroll } = layoutOf(
        reader.size.peek(),
        layout.peek().pools,
        layout.peek().lanes,
        layout.peek().scroll + pixels,
      );
      reader.scroll.value = scroll;
    },
  };
}

function onKey(event: KeyboardEvent, reader: Reader, layout: Layout): void {
  const all = loaded.peek();
  if (all === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const whole = wholeOf(all);
  const now = seenNow(all);
  const middle = (now.from + now.to) / 2;
  const at = reader.chosen.peek();
  const acts: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => (event.shiftKey ? see(panned(now, -0.2, whole), whole) : step(-1)),
    ArrowRight: () => (event.shiftKey ? see(panned(now, 0.2, whole), whole) : step(1)),
    ArrowUp: () => lane(-1),
    ArrowDown: () => lane(1),
    PageUp: () => lane(-10),
    PageDown: () => lane(10),
    Home: () => see(panned(now, -1e9, whole), whole),
    End: () => see(panned(now, 1e9, whole), whole),
    '+': () => see(zoomed(now, 0.5, at === null ? middle : clampTo(now, at.from), whole), whole),
    '=': () => see(zoomed(now, 0.5, at === null ? middle : clampTo(now, at.from), whole), whole),
    '-': () => see(zoomed(now, 2, middle, whole), whole),
    '0': () => (seen.value = null),
    Enter: () => {
      if (typeof at?.task === 'string') openTask(at.task);
    },
  };
  const choose = (found: Found | null): void => {
    if (found === null) return;
    reader.hovered.value = null;
    reader.chosen.value = found;
    reader.scroll.value = scrollTo(layout, found.lane);
    see(showing(now, found, whole), whole);
  };
  const step = (direction: -1 | 1): void =>
    choose(at === null ? foundNear(all, 0, now.from) : foundBeside(all, at, direction));
  const lane = (by: number): void => {
    const to = Math.min(Math.max(0, (at?.lane ?? -by) + by), layout.lanes - 1);
    const time = at === null ? now.from : clampTo(now, (at.from + at.to) / 2);
    choose(foundNear(all, to, time));
  };
  const act = acts[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

const clampTo = ({ from, to }: Span, at: number): number => Math.min(Math.max(at, from), to);

function Controls({ whole }: { readonly whole: Span }): JSX.Element {
  const now = seen.value ?? whole;
  const middle = (now.from + now.to) / 2;
  return (
    <div class="gantt-controls" role="group" aria-label="What part of the time is seen">
      <button onClick={() => see(zoomed(now, 0.5, middle, whole), whole)} aria-label="Zoom in">
        +
      </button>
      <button
        disabled={seen.value === null}
        onClick={() => see(zoomed(now, 2, middle, whole), whole)}
        aria-label="Zoom out"
      >
        −
      </button>
      <button disabled={seen.value === null} onClick={() => see(panned(now, -0.5, whole), whole)} aria-label="Earlier">
        ←
      </button>
      <button disabled={seen.value === null} onClick={() => see(panned(now, 0.5, whole), whole)} aria-label="Later">
        →
      </button>
      <button disabled={seen.value === null} onClick={() => (seen.value = null)}>
        All
      </button>
    </div>
  );
}

/** What is under the pointer or chosen by keys, beside it. */
function Tip({
  found,
  layout,
  gutter,
}: {
  readonly found: Found | null;
  readonly layout: Layout;
  readonly gutter: number;
}): JSX.Element | null {
  const all = loaded.value;
  if (found === null || all === null) return null;
  const { from, to } = seen.value ?? wholeOf(all);
  const at = Math.min(Math.max(found.from, from), to);
  const left = gutter + ((at - from) / (to - from)) * (layout.width - gutter);
  const top = laneTop(layout, found.lane) + layout.rowHeight + 2;
  if (top < layout.lanesTop || top > layout.height + layout.rowHeight) return null;
  return (
    <div
      class="tip small"
      style={{ left: `${Math.max(0, Math.min(left, layout.width - tipRoom))}px`, top: `${top}px` }}
    >
      {found.text}
    </div>
  );
}

/** What a pool had at the time under the pointer, below the strips. */
function StripTip({ reader, layout }: { readonly reader: Reader; readonly layout: Layout }): JSX.Element | null {
  const strip = reader.strip.value;
  if (strip === null || strip.text === '') return null;
  const left = Math.max(0, Math.min(strip.x, layout.width - tipRoom));
  return (
    <div class="tip small" style={{ left: `${left}px`, top: `${layout.lanesTop + 2}px` }}>
      {strip.text}
    </div>
  );
}

/** The browser's own bar for more lanes than there is room for. */
function LaneScroll({ reader, layout }: { readonly reader: Reader; readonly layout: Layout }): JSX.Element | null {
  const bar = useRef<HTMLDivElement>(null);
  const all = layout.lanes * layout.rowHeight;
  const room = layout.height - layout.lanesTop - 2;
  /** Where it was put, so that it is not mistaken for where somebody has moved it to. */
  const put = useRef(-1);
  useEffect(() => {
    if (bar.current === null || Math.abs(bar.current.scrollTop - layout.scroll) <= 1) return;
    bar.current.scrollTop = layout.scroll;
    put.current = bar.current.scrollTop;
  }, [layout.scroll]);
  if (all <= room) return null;
  return (
    <div
      ref={bar}
      class="lane-scroll"
      tabIndex={0}
      role="group"
      aria-label="More slots"
      style={{ top: `${layout.lanesTop}px`, height: `${room}px` }}
      onScroll={({ currentTarget: { scrollTop } }) => {
        if (Math.abs(scrollTop - put.current) > 1) reader.scroll.value = scrollTop;
        put.current = -1;
      }}
    >
      <div style={{ height: `${all}px` }} />
    </div>
  );
}
