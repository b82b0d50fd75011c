import { describe, expect, test } from 'vitest';
import { utilisationFigure } from '../../../src/figures/bars.ts';
import { calibrationFigure } from '../../../src/figures/calibration.ts';
import { curvesFigure, type CurvesData } from '../../../src/figures/curves.ts';
import { niceMax, spread } from '../../../src/figures/frame.ts';
import { palettes, type Theme } from '../../../src/figures/palette.ts';
import { renderSvg, type Figure } from '../../../src/figures/svg.ts';

const themes = ['light', 'dark'] as const;
const x = [0, 50, 100];
const curves: CurvesData = {
  words: { title: 'Finding < 1 % & more', caption: 'What to see', x: 'evaluations', y: 'found, of 44' },
  lines: [
    { name: 'streaming gp', x, mean: [0, 30, 44], band: [0, 3, 0] },
    { name: 'batched knn', x, mean: [0, 12, 20], band: [0, 2, 2] },
  ],
  baselines: [{ name: 'random', x, mean: [0, 0.5, 1], band: null, stroke: 'dashed' }],
};
const figures: Record<string, (theme: Theme) => Figure> = {
  curves: (theme) => curvesFigure(curves, theme),
  utilisation: (theme) =>
    utilisationFigure(
      {
        words: { title: 'Slots', caption: 'Teal: simulating' },
        rows: [
          { name: 'streaming gp', simulate: 0.96, learn: 0.02 },
          { name: 'batched knn', simulate: 0.8, learn: 0.05 },
        ],
      },
      theme,
    ),
  calibration: (theme) =>
    calibrationFigure(
      {
        words: { title: 'Calibration', caption: '' },
        lines: [{ name: 'gp', expected: [0.5, 0.9], observed: [0.4, 0.8] }],
      },
      theme,
    ),
};

/** Relative luminance and contrast as in WCAG 2.2. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const c = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

describe.each(Object.entries(figures))('%s', (_, figure) => {
  test.each(themes)('is one whole SVG, the same each time, in the %s theme', async (theme) => {
    const svg = await renderSvg(figure(theme));
    await renderSvg(figures['curves']?.('dark') ?? figure(theme));
    expect(await renderSvg(figure(theme))).toBe(svg);
    expect(svg).toMatch(/^<svg width="\d+" height="\d+" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg.trimEnd()).toMatch(/<\/svg>$/);
    expect(svg).toContain(palettes[theme].paper);
    // Attributes are closed where they should be: every tag is made of names and quoted values.
    const tags = svg.replaceAll(/<!\[CDATA\[[^]*?\]\]>/g, '').match(/<[^>]*>/g) ?? [];
    const wrong = tags.filter((tag) => !/^<\/?[\w:]+(\s+[\w:-]+="[^"]*")*\s*\/?>$/.test(tag));
    expect(wrong).toEqual([]);
  });

  test('names what it shows', async () => {
    const svg = await renderSvg(figure('light'));
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts.filter((text) => text === '')).toEqual([]);
    expect(texts.length).toBeGreaterThan(5);
  });
});

describe('curves', () => {
  test('are labelled where they end, without one label over another', async () => {
    const svg = await renderSvg(curvesFigure({ ...curves, lines: [...curves.lines, ...curves.lines] }, 'light'));
    expect(svg).toContain('Finding &lt; 1 % &amp; more');
    expect(svg.match(/>streaming gp</g)).toHaveLength(2);
    const labels = [...svg.matchAll(/transform="translate\((\S+) (\S+)\)"[^>]*>(streaming gp|batched knn|random)</g)];
    const places = labels.map(([, , y]) => Number(y)).sort((a, b) => a - b);
    expect(places).toHaveLength(5);
    for (const [i, place] of places.slice(1).entries()) expect(place - (places[i] ?? 0)).toBeGreaterThanOrEqual(15.9);
  });

  test('have a band only where there is one', () => {
    const series = (data: CurvesData): number => (curvesFigure(data, 'light').option['series'] as unknown[]).length;
    expect(series(curves)).toBe(1 + 2 * 3);
    expect(series({ ...curves, lines: curves.lines.map((line) => ({ ...line, band: null })) })).toBe(3);
  });
});

describe('labels', () => {
  test('stay where they want to be, unless others are there', () => {
    expect(spread([10, 50, 90], 10, { top: 0, bottom: 100 })).toEqual([10, 50, 90]);
    expect(spread([50, 50, 51], 10, { top: 0, bottom: 100 })).toEqual([50, 60, 70]);
    expect(spread([99, 100, 98], 10, { top: 0, bottom: 100 })).toEqual([90, 100, 80]);
  });
});

describe('axes', () => {
  test('end at a round number that nothing passes', () => {
    expect([0, 0.7, 1, 44, 45, 79, 159, 1_234].map(niceMax)).toEqual([1, 0.8, 1, 50, 50, 80, 200, 1_250]);
  });
});

describe('colours', () => {
  test.each(themes)('are readable on the paper of the %s theme', (theme) => {
    const { paper, ink, quiet, series, simulate, train, infer } = palettes[theme];
    // Lines are labelled in their own colours.
    for (const word of [ink, quiet, ...series]) expect(contrast(word, paper), word).toBeGreaterThanOrEqual(4.5);
    // Bars are graphics: 3 is enough.
    for (const colour of [simulate, train, infer]) expect(contrast(colour, paper), colour).toBeGreaterThanOrEqual(3);
  });
});
