import { expect, test } from 'vitest';
import { drawMolecule } from '../../../src/chemistry/drawing.ts';

test('a molecule is drawn on nothing, in ink that differs with the theme', async () => {
  const [light, dark] = [await drawMolecule('CC(=O)N', 'light'), await drawMolecule('CC(=O)N', 'dark')];
  for (const svg of [light, dark]) {
    expect(svg).toMatch(/^<svg xmlns="[^"]+" width="200" height="150" viewBox="0 0 200 150">/);
    expect(svg).toMatch(/<\/svg>\s*$/);
    // Four bonds' worth of lines and two lettered atoms; no ground behind them.
    expect(svg.match(/class='bond-/g)?.length).toBeGreaterThanOrEqual(3);
    expect(svg).not.toMatch(/<rect|FFFFFF/i);
  }
  expect(light).not.toBe(dark);
  expect(dark).not.toContain('#1C2126');
});

test.each(['C(', '<script>alert(1)</script>', '', 'C'.repeat(400)])(
  '%s is an empty picture of the same size',
  async (text) => {
    expect(await drawMolecule(text, 'light')).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="150" viewBox="0 0 200 150"></svg>',
    );
  },
);
