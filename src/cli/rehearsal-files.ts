/** What `cox rehearse --out` writes: the report, curves as data, and figures of them. */
import { utilisationFigure } from '../figures/bars.ts';
import { calibrationFigure, type CalibrationLine } from '../figures/calibration.ts';
import { curvesFigure, type BaseLine, type Line } from '../figures/curves.ts';
import { renderSvg, type Figure } from '../figures/svg.ts';
import type { Theme } from '../figures/palette.ts';
import type { RehearsalReport } from '../rehearsal/rehearsal-report.ts';
import { discoveryCurve, timeCurve, type Curve } from '../rehearsal/report.ts';
import type { Trace } from '../rehearsal/trace.ts';
import { foundAtRandom, foundByForesight, type Truth } from '../rehearsal/truth.ts';
import { writeFiles } from './written-files.ts';

const points = 200;
const themes: readonly Theme[] = ['light', 'dark'];

/**
 * Write everything into a folder, made where it is missing; resolves with the names of the files.
 * @throws ResourceError when it cannot be written.
 */
export async function writeRehearsal(
  folder: string,
  report: RehearsalReport,
  truth: Truth,
  traces: readonly (readonly Trace[])[],
): Promise<string[]> {
  const budget = Math.max(...report.budgets);
  const names = report.combinations.map(({ name }) => name);
  const byEvaluations = traces.map((of) => discoveryCurve(of, truth.best, budget));
  const byTime = traces.map((of) => timeCurve(of, truth.best, { budget, points }));
  const files = new Map<string, string>([
    ['report.json', `${JSON.stringify(report, null, 2)}\n`],
    ['discovery.csv', csv('evaluations', names, byEvaluations)],
    ['discovery-by-time.csv', csv('seconds', names, byTime)],
  ]);
  for (const theme of themes) {
    const sureness = surenessFigure(report, theme);
    const figures = {
      discovery: discoveryFigure(report, truth, byEvaluations, theme),
      'discovery-by-time': timeFigure(report, truth, byTime, theme),
      utilisation: slotsFigure(report, theme),
      ...(sureness === null ? {} : { calibration: sureness }),
    };
    for (const [name, figure] of Object.entries(figures)) {
      files.set(`${name}${theme === 'light' ? '' : `-${theme}`}.svg`, await renderSvg(figure));
    }
  }
  return writeFiles(folder, files);
}

/** Curves as a table with one row a point: `way,x,mean,standard error`. */
function csv(x: string, names: readonly string[], curves: readonly Curve[]): string {
  const rows = curves.flatMap((curve, i) =>
    curve.x.map((one, at) => [names[i] ?? '', one, curve.mean[at] ?? 0, curve.standardError[at] ?? 0].join(',')),
  );
  return `${['way', x, 'found', 'standard error'].join(',')}\n${rows.join('\n')}\n`;
}

const linesOf = (report: RehearsalReport, curves: readonly Curve[]): Line[] =>
  report.combinations.map(({ name }, i) => {
    const { x = [], mean = [], standardError = [] } = curves[i] ?? {};
    return { name, x, mean, band: report.seeds.length > 1 ? standardError : null };
  });

const titleOf = ({ table, label, seek }: RehearsalReport): string =>
  `Finding the best 1 % of ${table.answered.toLocaleString('en')} candidates: ${seek} ${label}`;

const captionOf = ({ seeds, fleet, times }: RehearsalReport): string =>
  (seeds.length > 1 ? `Means of ${seeds.length} seeds; bands: their standard errors.` : 'One seed.') +
  `\nRehearsed on known answers: ${fleet.workers * fleet.slots} slots, simulations of ${times.medianSeconds} s.`;

function discoveryFigure(report: RehearsalReport, truth: Truth, curves: readonly Curve[], theme: Theme): Figure {
  const budget = Math.max(...report.budgets);
  const wanted = truth.best.size;
  const x = Array.from({ length: budget + 1 }, (_, i) => i);
  const { blind } = report;
  const baselines: BaseLine[] = [
    { name: 'random, expected', x, mean: x.map((n) => foundAtRandom(truth, wanted, n)), band: null, stroke: 'dashed' },
    {
      name: blind === 0 ? 'perfect foresight' : `foresight after ${blind}`,
      x,
      mean: x.map((n) => foundByForesight(wanted, n, blind)),
      band: null,
      stroke: 'dotted',
    },
  ];
  const words = { title: titleOf(report), caption: captionOf(report), x: 'evaluations', y: `found, of ${wanted}` };
  return curvesFigure({ words, lines: linesOf(report, curves), baselines }, theme);
}

function timeFigure(report: RehearsalReport, truth: Truth, curves: readonly Curve[], theme: Theme): Figure {
  const words = {
    title: titleOf(report),
    caption: captionOf(report),
    x: 'virtual time, s',
    y: `found, of ${truth.best.size}`,
  };
  return curvesFigure({ words, lines: linesOf(report, curves), baselines: [] }, theme);
}

function slotsFigure(report: RehearsalReport, theme: Theme): Figure {
  const rows = report.combinations.map(({ name, busy }) => ({
    name,
    simulate: busy.simulating.mean,
    learn: Math.max(0, busy.all.mean - busy.simulating.mean),
  }));
  const caption = `Share of all slots' time until the last result. Teal: simulating; violet: training and inference; grey: idle.`;
  return utilisationFigure({ words: { title: 'What the slots did', caption }, rows }, theme);
}

/** Null where no model said how sure it was. */
function surenessFigure({ combinations, seeds }: RehearsalReport, theme: Theme): Figure | null {
  const lines = combinations.flatMap(({ name, calibration }): CalibrationLine[] => {
    if (calibration === null) return [];
    const { curve } = calibration;
    return [{ name, expected: curve.map(({ nominal }) => nominal), observed: curve.map(({ observed }) => observed) }];
  });
  if (lines.length === 0) return null;
  const caption =
    `Below the diagonal a model is too sure. Candidates that it chose itself, ${seeds.length} ` +
    `${seeds.length === 1 ? 'seed' : 'seeds'}:\nthese are the ones that it is most wrong about.`;
  return calibrationFigure({ words: { title: 'How sure models were of what they chose', caption }, lines }, theme);
}
