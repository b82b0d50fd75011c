/** Molecules drawn: RDKit's SVG, on a transparent ground, for light and dark pages. */
import { withMolecule } from './rdkit.ts';

const width = 200;
const height = 150;

type Colour = readonly [red: number, green: number, blue: number];

/** Ink of bonds and carbon, and of the elements that have a colour of their own: at least 4.5 to 1 on the page's ground. */
const palettes: Readonly<Record<'light' | 'dark', Readonly<Record<string, Colour>>>> = {
  light: {
    ink: [0.11, 0.13, 0.15],
    7: [0.11, 0.3, 0.76],
    8: [0.76, 0.11, 0.09],
    9: [0.02, 0.44, 0.36],
    15: [0.62, 0.32, 0],
    16: [0.47, 0.4, 0],
    17: [0.02, 0.44, 0.2],
    35: [0.5, 0.25, 0.1],
    53: [0.42, 0.2, 0.56],
  },
  dark: {
    ink: [0.9, 0.91, 0.93],
    7: [0.55, 0.7, 1],
    8: [1, 0.52, 0.48],
    9: [0.36, 0.82, 0.7],
    15: [1, 0.68, 0.3],
    16: [0.9, 0.8, 0.28],
    17: [0.42, 0.84, 0.5],
    35: [0.92, 0.62, 0.44],
    53: [0.8, 0.62, 0.95],
  },
};

/**
 * A molecule's structure as SVG text, 200 by 150 px; what RDKit refuses is an empty picture of the same size, so that nothing moves.
 */
export async function drawMolecule(smiles: string, theme: 'light' | 'dark'): Promise<string> {
  const details = JSON.stringify({
    width,
    height,
    clearBackground: false,
    bondLineWidth: 1.3,
    padding: 0.06,
    fixedBondLength: 26,
    minFontSize: 11,
    ...colours(theme),
  });
  const drawn = await withMolecule(smiles, (molecule) => molecule.get_svg_with_highlights(details));
  return drawn === null ? empty : plain(drawn);
}

function colours(theme: 'light' | 'dark'): Record<string, unknown> {
  const { ink, ...elements } = palettes[theme];
  return {
    // -1: every element that has no colour of its own.
    atomColourPalette: { '-1': ink, 0: ink, 1: ink, 6: ink, ...elements },
    symbolColour: ink,
    annotationColour: ink,
    queryColour: ink,
  };
}

const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`;
const empty = `${open}</svg>`;

/** The picture alone: no declaration, no ground, no names of other programs' formats. */
function plain(svg: string): string {
  const body = svg
    .replace(/^[\s\S]*?<svg[^>]*>/, '')
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/<rect[^>]*>(?:\s*<\/rect>)?/g, '')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();
  return `${open}${body}`;
}
