/** Pieces that SVG of charts is made of. */
import type { Point } from './layout.ts';

/** Text for an element or an attribute, whatever it holds; what XML cannot hold becomes a mark. */
export const escaped = (text: string): string =>
  text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** A coordinate with at most one decimal. */
export const number = (value: number): string => String(Math.round(value * 10) / 10);

const radius = 5;
const tipLength = 8;

/** A path along corners, with its bends rounded. */
export function roundedPath(corners: readonly Point[]): string {
  const [first, ...rest] = corners;
  if (first === undefined) return '';
  const parts = [`M${number(first.x)},${number(first.y)}`];
  rest.forEach((corner, index) => {
    const before = corners[index] ?? corner;
    const after = rest[index + 1];
    if (after === undefined) {
      parts.push(`L${number(corner.x)},${number(corner.y)}`);
      return;
    }
    const r = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2);
    const [from, to] = [toward(corner, before, r), toward(corner, after, r)];
    parts.push(
      `L${number(from.x)},${number(from.y)}Q${number(corner.x)},${number(corner.y)} ${number(to.x)},${number(to.y)}`,
    );
  });
  return parts.join('');
}

/** The arrow's head at the end of a line. */
export function tip(corners: readonly Point[]): string {
  const end = corners.at(-1);
  const before = corners.at(-2);
  if (end === undefined || before === undefined) return '';
  const back = toward(end, before, tipLength);
  const [dx, dy] = [(end.x - back.x) * 0.42, (end.y - back.y) * 0.42];
  const points = [end, { x: back.x - dy, y: back.y + dx }, { x: back.x + dy, y: back.y - dx }];
  return `<polygon class="tip" points="${points.map(({ x, y }) => `${number(x)},${number(y)}`).join(' ')}"/>`;
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

function toward(from: Point, to: Point, length: number): Point {
  const all = distance(from, to);
  if (all === 0) return from;
  return { x: from.x + ((to.x - from.x) * length) / all, y: from.y + ((to.y - from.y) * length) / all };
}
