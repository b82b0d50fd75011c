/** Where things are on the timeline's canvas, in CSS pixels: an axis, a strip for each pool, then a row a lane, which scroll. */

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Device pixels in a CSS pixel. */
  readonly ratio: number;
  readonly gutter: number;
  readonly pools: readonly string[];
  readonly lanesTop: number;
  readonly rowHeight: number;
  readonly lanes: number;
  /** Of the lanes, from the top. */
  readonly scroll: number;
}

export const axisHeight = 22;
export const stripHeight = 30;
const rows = { least: 12, most: 26, room: 380 };

/** As high as the lanes need, within what a laptop's screen has room for. */
export function layoutOf(
  size: { readonly width: number; readonly ratio: number },
  pools: readonly string[],
  lanes: number,
  scroll: number,
): Layout {
  const lanesTop = axisHeight + pools.length * stripHeight + 4;
  const rowHeight = Math.min(rows.most, Math.max(rows.least, Math.floor(rows.room / Math.max(1, lanes))));
  const shown = Math.min(Math.max(1, lanes) * rowHeight, rows.room);
  return {
    ...size,
    height: lanesTop + shown + 2,
    gutter: size.width < 560 ? 96 : 148,
    pools,
    lanesTop,
    rowHeight,
    lanes,
    scroll: Math.min(Math.max(0, scroll), Math.max(0, lanes * rowHeight - shown)),
  };
}

/** Lanes in sight: from `first` up to `end`. */
export function lanesSeen({ scroll, rowHeight, lanes, height, lanesTop }: Layout): { first: number; end: number } {
  const first = Math.floor(scroll / rowHeight);
  return { first, end: Math.min(lanes, Math.ceil((scroll + height - lanesTop) / rowHeight)) };
}

/** The lane at a place of the canvas; -1 where none is. */
export function laneAt({ lanesTop, scroll, rowHeight, lanes, height }: Layout, y: number): number {
  const lane = Math.floor((y - lanesTop + scroll) / rowHeight);
  return y >= lanesTop && y < height && lane < lanes ? lane : -1;
}

export const laneTop = ({ lanesTop, scroll, rowHeight }: Layout, lane: number): number =>
  lanesTop + lane * rowHeight - scroll;

/** Scrolled as little as shows a lane. */
export function scrollTo(layout: Layout, lane: number): number {
  const top = lane * layout.rowHeight;
  const room = layout.height - layout.lanesTop - layout.rowHeight - 2;
  return Math.min(top, Math.max(layout.scroll, top - room));
}

/** The pool whose strip is at a place of the canvas; null where none is. */
export const poolAt = ({ pools }: Layout, y: number): string | null =>
  pools[Math.floor((y - axisHeight) / stripHeight)] ?? null;
