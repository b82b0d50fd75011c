/** What stands in a state's box and on an arrow, line by line, and how much room that takes. */
import type { Chart, ChartArrow, ChartState } from './chart-model.ts';
import { codeWidth, wordsWidth } from './text-size.ts';

/** Sizes in px. Counts are set later, by whoever shows a campaign: their places are kept free. */
export const sizes = {
  name: 13,
  code: 11,
  count: 10,
  line: 16,
  header: 26,
  padding: 10,
  stateCount: 92,
  arrowCount: 38,
} as const;

/** One line of names: what causes it, and in a lighter ink what it does. */
export interface Line {
  readonly text: string;
  readonly does: string;
  /** Id of the arrow that this line is, and keeps room for a count of; null for entry and exit actions. */
  readonly arrow: string | null;
  readonly hint: string;
  /** Whether it goes on with the line before. */
  readonly goesOn: boolean;
}

/** A state's box before it has a place. */
export interface Box {
  readonly state: ChartState;
  readonly lines: readonly Line[];
  readonly width: number;
  /** Of the header with the lines under it. */
  readonly height: number;
}

/** Names on one line; longer ones go on in the next. */
const mostCharacters = 46;

const isInside = (arrow: ChartArrow): boolean =>
  arrow.targets.length === 0 || (!arrow.reenters && arrow.targets.every((target) => target === arrow.source));

/** Arrows that are drawn: those that lead somewhere. */
export const drawnArrows = ({ arrows }: Chart): ChartArrow[] => arrows.filter((arrow) => !isInside(arrow));

/** The box of a state: entry and exit actions, and the transitions that stay inside it, as UML lists them. */
export function boxOf(chart: Chart, state: ChartState): Box {
  const lines = [
    ...state.entry.flatMap((action) => actionLine('entry', action)),
    ...state.exit.flatMap((action) => actionLine('exit', action)),
    ...chart.arrows.filter((arrow) => arrow.source === state.path && isInside(arrow)).flatMap(linesOf),
  ];
  const name = state.path === '' ? chart.actor : state.name;
  const wide = Math.max(
    wordsWidth(name, sizes.name) + sizes.stateCount + (state.kind === 'final' ? 18 : 0),
    ...lines.map(lineWidth),
  );
  const body = lines.length === 0 ? 0 : lines.length * sizes.line + 8;
  return { state, lines, width: Math.ceil(wide) + 2 * sizes.padding, height: sizes.header + body };
}

/** The width of a line with the room for its count. */
export const lineWidth = ({ text, does, arrow }: Line): number =>
  codeWidth(text + (does === '' ? '' : ` ${does}`), sizes.code) + (arrow === null ? 0 : sizes.arrowCount);

/** What stands on an arrow: what causes it. What it does is told by a hint, so that the charts stay small. */
export function labelOf(arrow: ChartArrow): Line[] {
  return arrow.label === '' ? [] : [{ text: arrow.label, does: '', arrow: arrow.id, hint: '', goesOn: false }];
}

/** The lines of a transition inside a box: what causes it and what it does, on one where there is room. */
function linesOf({ id, label, actions, description }: ChartArrow): Line[] {
  const does = actions.length === 0 ? '' : `/ ${actions.join(', ')}`;
  const base = { arrow: id, hint: description };
  if (does === '' || label.length + does.length < mostCharacters) {
    return [{ text: label, does, goesOn: false, ...base }];
  }
  return [
    { text: label, does: '', goesOn: false, ...base },
    { text: '', does: `  ${does}`, goesOn: true, ...base },
  ];
}

function actionLine(when: string, action: string): Line[] {
  return [{ text: when, does: `/ ${action}`, arrow: null, hint: '', goesOn: false }];
}
