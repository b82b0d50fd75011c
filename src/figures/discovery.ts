/** What was found, against simulations or against wall time, beside what choices without a model would have found. */
import { curvesFigure, type BaseLine, type Line } from './curves.ts';
import { type Theme } from './palette.ts';
import { sampled, type Size } from './plot.ts';
import { goalOf, wallTime, type RunScience, type RunsData } from './runs.ts';
import type { Figure } from './svg.ts';

const points = 400;

/** A figure of finds; the band around the baseline holds two of three such searches. */
export function discoveryFigure(
  data: RunsData & { readonly by: 'evaluations' | 'time' },
  theme: Theme,
  size?: Size,
): Figure {
  const { runs, by } = data;
  const time = wallTime(runs);
  const lines = runs.map((run): Line => {
    const shown = sampled(run.science.found.length + 1, points);
    const found = shown.map((i) => foundAt(run, i));
    const x = shown.map((i) => (by === 'evaluations' ? i : at(run, i) / time.ms));
    return { name: `${runs.length === 1 ? 'found' : run.name}: ${found.at(-1) ?? 0}`, x, mean: found, band: null };
  });
  const baseline = randomOf(runs, by, time.ms);
  return curvesFigure(
    {
      words: {
        title: `Found: ${goalOf(data)}`,
        caption: captionOf(data, baseline !== null),
        x: by === 'evaluations' ? 'simulations that succeeded' : time.name,
        y: 'found',
      },
      lines,
      baselines: baseline === null ? [] : [baseline],
    },
    theme,
    size,
  );
}

/** What the finds are compared with, in two or three words: choices at random, where there were enough of them. */
export const baselineName = ({ from }: { readonly from: string }): string =>
  from.endsWith('at random') ? 'random' : 'without a model';

const foundAt = ({ science }: RunScience, successes: number): number =>
  successes === 0 ? 0 : (science.found[successes - 1] ?? 0);

/** Ms from the origin to the given success; 0 before the first. */
const at = ({ science: { results } }: RunScience, successes: number): number =>
  successes === 0 ? 0 : (results.at[successes - 1] ?? 0);

/** What choices at random, or without a model, would have found, in the pace of the run; of several runs there is one only against simulations. */
function randomOf(runs: readonly RunScience[], by: 'evaluations' | 'time', ms: number): BaseLine | null {
  if (by === 'time' && runs.length > 1) return null;
  const longest = [...runs].sort((a, b) => b.science.found.length - a.science.found.length)[0];
  const random = longest?.science.random ?? runs.find(({ science }) => science.random !== null)?.science.random;
  if (longest === undefined || random === null || random === undefined) return null;
  const { rate, error } = random;
  const shown = sampled(longest.science.found.length + 1, points);
  return {
    name: baselineName(random),
    x: shown.map((n) => (by === 'evaluations' ? n : at(longest, n) / ms)),
    mean: shown.map((n) => n * rate),
    // Luck of the draw, and what is not known of the rate.
    band: shown.map((n) => Math.hypot(Math.sqrt(n * rate * (1 - rate)), n * error)),
    stroke: 'dashed',
  };
}

function captionOf({ runs, by }: RunsData & { by: string }, hasRandom: boolean): string {
  const against = by === 'evaluations' ? 'simulations that succeeded' : 'wall time';
  const { random = null } = runs[0]?.science ?? {};
  const beside = hasRandom
    ? ` Dashed: what would have been found at the rate${random === null ? ' of random choices' : ` of ${random.from}`}; band: luck.`
    : '';
  const [one] = runs;
  if (one === undefined || runs.length > 1) return `Finds of ${runs.length} runs against ${against}.${beside}`;
  const [found, all] = [one.science.found.at(-1) ?? 0, one.science.found.length];
  const times =
    random !== null && random.rate > 0 && all > 0
      ? `, ${(found / (random.rate * all)).toFixed(1)} times as many as the dashed rate`
      : '';
  return `${found} of ${all} simulations found one${times}.${beside}`;
}
