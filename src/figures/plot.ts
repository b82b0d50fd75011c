/** Where a plot lies on its paper, and the words around it: made to fit the width that there is, from a phone's to a paper's. */
import { palettes, type, type Theme } from './palette.ts';
import { spread, type Words } from './frame.ts';

/** Of a figure, px. */
export interface Size {
  readonly width: number;
  readonly height: number;
  /** Without title and caption: whoever shows it says them beside it. */
  readonly isBare?: boolean;
}

/** A label in the colour of what it names, and where that ends: px on the paper. */
export interface Label {
  readonly text: string;
  readonly colour: string;
}

/** A plot's edges on the paper, px, what stands around it, and a way to place labels. */
export interface Plot {
  readonly size: Size;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** For ECharts: margins of the grid, and the paper with title and caption. */
  readonly grid: Readonly<Record<'left' | 'right' | 'top' | 'bottom', number>>;
  readonly paper: Readonly<Record<string, unknown>>;
  /** Labels beside the plot at the heights that they name, with a thin line to each end; on narrow paper in a row above it. */
  labelled(ends: readonly { readonly x: number; readonly y: number }[]): object[];
}

const narrowBelow = 560;
const edge = 16;
const lineHeight = 17;
const titleLine = 20;
/** Of wide fonts: words must fit whatever the system's is. */
const charWidth = { title: 8.8, text: 6.7 };
const labelRoom = { least: 90, most: 250, around: 34 };

/** Lay out a figure's paper. @param labels of what is drawn, in the order in which `labelled` takes their ends. */
export function plotOf(
  words: Words,
  theme: Theme,
  {
    size,
    labels = [],
    left = 64,
    bottom = 56,
  }: { size: Size; labels?: readonly Label[]; left?: number; bottom?: number },
): Plot {
  const { paper, ink, quiet } = palettes[theme];
  const isNarrow = size.width < narrowBelow;
  const room = size.width - 2 * edge;
  const title = wrapped(words.title, room / charWidth.title);
  const caption = words.caption.split('\n').flatMap((line) => wrapped(line, room / charWidth.text));
  const wordsHeight = 34 + titleLine * title.length + lineHeight * Math.max(isNarrow ? 1 : 2, caption.length);
  const head = size.isBare === true ? edge + 4 : wordsHeight;
  const rows = isNarrow ? rowsOf(labels, room) : { places: [], height: 0 };
  const margins = {
    left,
    right: isNarrow || labels.length === 0 ? edge + 6 : roomFor(labels),
    top: head + (rows.height === 0 ? 0 : rows.height + 4),
    bottom,
  };
  const edges = {
    left: margins.left,
    right: size.width - margins.right,
    top: margins.top,
    bottom: size.height - margins.bottom,
  };
  return {
    size,
    ...edges,
    grid: margins,
    paper: {
      backgroundColor: paper,
      textStyle: { fontFamily: type.family },
      title: {
        show: size.isBare !== true,
        text: title.join('\n'),
        subtext: caption.join('\n'),
        left: edge,
        top: 16,
        padding: 0,
        itemGap: 6,
        textStyle: { color: ink, fontSize: type.title, fontWeight: 600, lineHeight: titleLine },
        subtextStyle: { color: quiet, fontSize: type.text, lineHeight },
      },
    },
    labelled: (ends) =>
      isNarrow
        ? labels.map((label, i) => wordAt(label, { x: rows.places[i]?.x ?? 0, y: head - 4 + (rows.places[i]?.y ?? 0) }))
        : beside(labels, ends, edges),
  };
}

/** Room right of the plot: the longest label has it all, within bounds. */
function roomFor(labels: readonly Label[]): number {
  const longest = Math.max(...labels.map(({ text }) => text.length)) * charWidth.text + labelRoom.around;
  return Math.min(Math.max(longest, labelRoom.least), labelRoom.most);
}

/** A label that is too long for its room, without its end. */
function shortened(text: string): string {
  const most = Math.floor((labelRoom.most - labelRoom.around) / charWidth.text);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Labels right of the plot, none over another. */
function beside(
  labels: readonly Label[],
  ends: readonly { readonly x: number; readonly y: number }[],
  { right, top, bottom }: { right: number; top: number; bottom: number },
): object[] {
  const wanted = labels.map((_, i) => ends[i]?.y ?? bottom);
  const places = spread(wanted, type.text + 4, { top: top - 4, bottom });
  return labels.flatMap((label, i) => {
    const [end, place] = [ends[i] ?? { x: right, y: bottom }, places[i] ?? 0];
    return [
      {
        type: 'line',
        silent: true,
        shape: { x1: end.x + 3, y1: end.y, x2: right + 14, y2: place },
        style: { stroke: label.colour, lineWidth: 0.6, opacity: 0.6 },
      },
      wordAt(label, { x: right + 18, y: place }),
    ];
  });
}

const wordAt = ({ text, colour }: Label, { x, y }: { x: number; y: number }): object => ({
  type: 'text',
  silent: true,
  x,
  y,
  style: { text: shortened(text), fill: colour, font: `${type.text}px ${type.family}`, verticalAlign: 'middle' },
});

/** Words one behind the other in as many rows as they need. */
function rowsOf(labels: readonly Label[], room: number): { places: { x: number; y: number }[]; height: number } {
  let [x, row] = [0, 0];
  const places = labels.map(({ text }) => {
    const width = shortened(text).length * charWidth.text + 14;
    if (x > 0 && x + width > room) [x, row] = [0, row + 1];
    const place = { x: edge + x, y: row * lineHeight };
    x += width;
    return place;
  });
  return { places, height: labels.length === 0 ? 0 : (row + 1) * lineHeight };
}

/** Lines of at most so many characters, broken at blanks; a longer word stays whole. */
function wrapped(text: string, characters: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > characters) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A unit of time in which a span reads well, and how many ms one is. */
export function timeUnit(spanMs: number): { readonly unit: string; readonly ms: number } {
  if (spanMs > 4 * 3_600_000) return { unit: 'h', ms: 3_600_000 };
  if (spanMs > 10 * 60_000) return { unit: 'min', ms: 60_000 };
  return { unit: 's', ms: 1_000 };
}

/** Indices of at most `most` of `count` points, in equal steps, the first and the last among them. */
export function sampled(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

/** Px: the first that leaves few enough points is taken. */
const cellSizes = [2, 3, 4, 6, 8];
const mostPoints = 4_000;

/** Indices of points of which no two fall into the same cell of a plot: what more would lie over or beside them. Of few points all. */
export function apart(
  points: readonly (readonly [x: number, y: number, ...rest: unknown[]])[],
  { plot, x, y }: { plot: Pick<Plot, 'left' | 'right' | 'top' | 'bottom'>; x: Range; y: Range },
): number[] {
  const place = (value: number, { min, max }: Range, span: number): number => ((value - min) / (max - min || 1)) * span;
  let shown: number[] = [];
  for (const size of cellSizes) {
    const seen = new Set<number>();
    const rows = Math.ceil((plot.bottom - plot.top) / size) + 2;
    shown = [...points.keys()].filter((i) => {
      const [px, py] = points[i] ?? [0, 0];
      const column = Math.floor(place(px, x, plot.right - plot.left) / size);
      const key = column * rows + Math.floor(place(py, y, plot.bottom - plot.top) / size);
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
    if (shown.length <= mostPoints) break;
  }
  return shown;
}

/** Where an axis begins and ends. */
export interface Range {
  readonly min: number;
  readonly max: number;
}
