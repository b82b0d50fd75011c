/** Colours of kinds of task, pools and failures on a canvas: the palette's, by what they mean. */
import { palettes, type Palette, type Theme } from '../../src/figures/palette.ts';

/** The colour of a topic or of the pool that is named like it; others have one that means nothing else. */
export function kindColour(kind: string, theme: Theme): string {
  const palette = palettes[theme];
  if (kind === 'simulate' || kind === 'train' || kind === 'infer') return palette[kind];
  return palette.series[hashOf(kind) % palette.series.length] ?? palette.quiet;
}

const order = ['simulate', 'train', 'infer'];

/** Kinds in the order in which a molecule meets them, others behind. */
export const inOrder = <T>(of: readonly T[], kind: (one: T) => string): T[] => {
  const rank = (one: T): number => (order.includes(kind(one)) ? order.indexOf(kind(one)) : order.length);
  return [...of].sort((a, b) => rank(a) - rank(b));
};

/** Colours of a timeline's spans by their key: its topics, and then what failed. */
export const spanColours = (topics: readonly string[], theme: Theme): readonly string[] => [
  ...topics.map((topic) => kindColour(topic, theme)),
  palettes[theme].failure,
];

export const paletteOf = (theme: Theme): Palette => palettes[theme];

const hashOf = (text: string): number =>
  Array.from(text).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
