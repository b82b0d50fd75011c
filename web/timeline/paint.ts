/** Paints the timeline on a canvas, in one go: what is in sight, and nothing else. */
import type { LedgerView } from '../../src/dashboard/api.ts';
import { type, type Palette, type Theme } from '../../src/figures/palette.ts';
import type { BarLayer } from './bar-layer.ts';
import type { Loaded } from './data.ts';
import { axisHeight, laneTop, lanesSeen, stripHeight, type Layout } from './layout.ts';
import { kindColour, paletteOf } from './kinds.ts';
import { ticks } from './time-text.ts';
import { averages } from './strip.ts';
import type { Span } from './window.ts';

/** What is marked: a lane and a time in it. */
export interface Mark {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
}

export interface Scene {
  readonly layout: Layout;
  readonly loaded: Loaded;
  readonly ledger: LedgerView | null;
  readonly seen: Span;
  readonly theme: Theme;
  readonly marked: Mark | null;
  /** What is being selected to be zoomed to. */
  readonly drag: Span | null;
}

/** Between the edge and words, so that the mark of the focus leaves them free. */
const inset = 4;

interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly x: (at: number) => number;
}

export function paintTimeline(context: CanvasRenderingContext2D, scene: Scene, bars: BarLayer): void {
  const { layout, seen, theme } = scene;
  const { width, height, gutter, ratio } = layout;
  const scale = (width - gutter) / (seen.to - seen.from);
  const pen = { context, palette: paletteOf(theme), x: (at: number) => gutter + (at - seen.from) * scale };
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `${type.small}px ${type.family}`;
  context.textBaseline = 'middle';
  clipped(pen, { left: gutter, top: 0, width: width - gutter, height }, () => {
    paintUpdates(pen, scene);
    paintAxis(pen, scene);
    paintPools(pen, scene);
  });
  paintPoolNames(pen, scene);
  clipped(pen, { left: 0, top: layout.lanesTop, width, height: height - layout.lanesTop }, () => {
    paintLanes(pen, scene);
    paintBars(pen, scene, bars);
    paintMark(pen, scene);
  });
  paintDrag(pen, scene);
}

function clipped(
  { context }: Pen,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
  paint: () => void,
): void {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  paint();
  context.restore();
}

/** Each colour in one go, so that neighbours in the same pixel do not add up. */
function paintUpdates({ context, palette, x }: Pen, { loaded: { timeline }, layout, seen }: Scene): void {
  const paths = { failed: new Path2D(), done: new Path2D() };
  for (const { start, end, failed } of timeline.updates) {
    const to = end ?? timeline.end;
    if (to < seen.from || start > seen.to) continue;
    const path = failed ? paths.failed : paths.done;
    path.rect(x(start), axisHeight, Math.max(1, x(to) - x(start)), layout.height);
  }
  context.globalAlpha = 0.18;
  context.fillStyle = palette.train;
  context.fill(paths.done);
  context.fillStyle = palette.failure;
  context.fill(paths.failed);
  context.globalAlpha = 1;
}

function paintAxis({ context, palette, x }: Pen, { layout, seen }: Scene): void {
  const room = layout.width - layout.gutter;
  let end = -Infinity;
  for (const { at, text } of ticks(seen.from, seen.to, Math.max(2, room / 96))) {
    context.fillStyle = palette.grid;
    context.fillRect(Math.round(x(at)), axisHeight - 4, 1, layout.height);
    const half = context.measureText(text).width / 2;
    const middle = Math.min(Math.max(x(at), layout.gutter + half + 1), layout.width - half - 1);
    if (middle - half < end + 8) continue;
    end = middle + half;
    context.fillStyle = palette.quiet;
    context.textAlign = 'center';
    context.fillText(text, middle, axisHeight / 2);
  }
}

/** Slots of each pool as a line, and those that are allocated filled under it: each as high as its most. */
function paintPools(pen: Pen, { ledger, loaded, layout, seen, theme }: Scene): void {
  if (ledger === null) return;
  const shift = ledger.origin - loaded.timeline.origin;
  layout.pools.forEach((pool, i) => {
    const columns = ledger.pools[pool];
    if (columns === undefined) return;
    const bottom = axisHeight + (i + 1) * stripHeight - 3;
    const unit = (stripHeight - 8) / Math.max(1, ...columns.slots);
    const { context, palette } = pen;
    const pixels = Math.max(1, Math.round(layout.width - layout.gutter));
    const window = { from: seen.from - shift, to: seen.to - shift };
    const steps = (values: readonly number[], isArea: boolean): Path2D => {
      const path = new Path2D();
      averages(ledger.at, values, window, pixels).forEach((value, pixel) => {
        const y = bottom - value * unit;
        if (pixel === 0) path.moveTo(layout.gutter, isArea ? bottom : y);
        path.lineTo(layout.gutter + pixel, y);
        path.lineTo(layout.gutter + pixel + 1, y);
      });
      if (isArea) path.lineTo(layout.gutter + pixels, bottom);
      return path;
    };
    context.fillStyle = kindColour(pool, theme);
    context.fill(steps(columns.allocated, true));
    context.strokeStyle = palette.ink;
    context.lineWidth = 1;
    context.stroke(steps(columns.slots, false));
  });
}

function paintPoolNames({ context, palette }: Pen, { layout, ledger }: Scene): void {
  layout.pools.forEach((pool, i) => {
    const columns = ledger?.pools[pool];
    const slots = columns?.slots.at(-1) ?? 0;
    const middle = axisHeight + i * stripHeight + stripHeight / 2 + 1;
    const count = `${columns?.allocated.at(-1) ?? 0}/${slots}`;
    context.textAlign = 'right';
    context.fillStyle = palette.quiet;
    context.fillText(count, layout.gutter - 8, middle);
    const room = layout.gutter - 14 - inset - context.measureText(count).width;
    context.textAlign = 'left';
    context.fillStyle = palette.ink;
    context.fillText(cut(context, pool, room), inset, middle);
  });
}

/** A lane is idle grey for as long as its slot was there; what it computed lies on it. */
function paintLanes({ context, palette, x }: Pen, { layout, loaded: { timeline }, seen }: Scene): void {
  const { first, end } = lanesSeen(layout);
  const names = new Map<string, string>();
  for (let lane = first; lane < end; lane++) {
    const one = timeline.lanes[lane];
    if (one === undefined) continue;
    const top = laneTop(layout, lane);
    const left = Math.max(layout.gutter, x(Math.max(seen.from, one.from)));
    const right = Math.min(layout.width, x(Math.min(seen.to, one.to ?? timeline.end)));
    context.fillStyle = palette.idle;
    if (right > left) context.fillRect(left, top + 1, right - left, layout.rowHeight - 2);
    context.fillStyle = palette.quiet;
    context.textAlign = 'left';
    const name = `${one.host} ${one.worker}`;
    let text = names.get(name);
    if (text === undefined) names.set(name, (text = cut(context, name, layout.gutter - inset - 36)));
    context.fillText(text, inset, top + layout.rowHeight / 2);
    context.textAlign = 'right';
    context.fillText(String(lane + 1), layout.gutter - 8, top + layout.rowHeight / 2);
  }
}

function paintBars({ context }: Pen, scene: Scene, bars: BarLayer): void {
  const { layout } = scene;
  const image = bars.of(scene);
  context.drawImage(image, layout.gutter, layout.lanesTop, image.width / layout.ratio, image.height / layout.ratio);
}

function paintMark({ context, palette, x }: Pen, { marked, layout }: Scene): void {
  if (marked === null) return;
  const top = laneTop(layout, marked.lane);
  const left = Math.max(layout.gutter, x(marked.from));
  const right = Math.min(layout.width - 1, Math.max(left + 3, x(marked.to)));
  context.strokeStyle = palette.paper;
  context.lineWidth = 4;
  context.strokeRect(left, top + 1, right - left, layout.rowHeight - 2);
  context.strokeStyle = palette.ink;
  context.lineWidth = 2;
  context.strokeRect(left, top + 1, right - left, layout.rowHeight - 2);
}

function paintDrag({ context, palette, x }: Pen, { drag, layout }: Scene): void {
  if (drag === null) return;
  context.globalAlpha = 0.15;
  context.fillStyle = palette.ink;
  context.fillRect(x(drag.from), 0, x(drag.to) - x(drag.from), layout.height);
  context.globalAlpha = 1;
  context.strokeStyle = palette.ink;
  context.lineWidth = 1;
  context.strokeRect(x(drag.from), 0.5, x(drag.to) - x(drag.from), layout.height - 1);
}

/** A text's beginning, as long as there is room for. */
function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > room) end--;
  return `${text.slice(0, end)}…`;
}
