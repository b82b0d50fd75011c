/** `cox compare`: recorded runs side by side. */
import { join } from 'node:path';
import { Command } from 'commander';
import type { CampaignDefinition, Objective } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { comparisonText } from '../comparison/comparison-text.ts';
import { compareRuns, type Comparison } from '../comparison/comparison.ts';
import { readRun, type RecordedRun } from '../comparison/recorded-run.ts';
import { curvesFigure, type Line } from '../figures/curves.ts';
import type { Theme } from '../figures/palette.ts';
import { renderSvg, type Figure } from '../figures/svg.ts';
import { ConfigError } from '../protocol/errors.ts';
import { folderFor } from './campaign-folder.ts';
import { writeFiles } from './written-files.ts';

interface CompareFlags {
  readonly runs: string;
  readonly folder?: string;
  readonly threshold?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** The command. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('set two or more recorded runs side by side: what they found, when, and what it took')
    .argument('<run...>', 'ids of runs, or paths of their folders')
    .option('--runs <dir>', 'folder that holds the runs', 'runs')
    .option('--folder <dir>', 'campaign folder of the runs, where it is not the one that they were started from')
    .option('--threshold <value>', 'count as found what lies beyond this (default: the setting of the first run)')
    .option('--out <dir>', 'write figures (SVG), their data (CSV) and the comparison (JSON) into this folder')
    .option('--json', 'print the comparison as one JSON value, and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox compare batched-20260101-120000 random-20260101-130000' +
        '\n  $ cox compare runs/a elsewhere/runs/b --out figures',
    )
    .action(compare);
}

async function compare(named: readonly string[], flags: CompareFlags): Promise<void> {
  if (named.length < 2) throw new ConfigError('one run cannot be compared; name two or more');
  if (new Set(named).size < named.length) throw new ConfigError('a run is named twice; compare different ones');
  const threshold = thresholdOf(flags.threshold);
  const runs: RecordedRun[] = [];
  for (const one of named) runs.push(await readRun(one, flags.runs));
  const objectives: Objective[] = [];
  for (const { record } of runs) {
    const definition = (await loadCampaign(folderFor(record, flags.folder))) as CampaignDefinition;
    objectives.push(definition.objective);
  }
  const comparison = compareRuns(runs, objectives, threshold);
  process.stdout.write(flags.json === true ? `${JSON.stringify(comparison)}\n` : comparisonText(comparison));
  if (flags.out === undefined) return;
  const files = await writeFiles(flags.out, await filesOf(comparison));
  process.stderr.write(`wrote ${files.map((file) => join(flags.out ?? '', file)).join(', ')}\n`);
}

function thresholdOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new ConfigError(`--threshold: "${text}" is no number`);
  return value;
}

async function filesOf(comparison: Comparison): Promise<Map<string, string>> {
  const rows = comparison.runs.flatMap(({ id, curve }) =>
    curve.found.map((found, i) => [id, i, curve.seconds[i] ?? 0, found].join(',')),
  );
  const files = new Map([
    ['comparison.json', `${JSON.stringify(comparison, null, 2)}\n`],
    ['found.csv', `run,evaluations,seconds,found\n${rows.join('\n')}\n`],
  ]);
  for (const theme of ['light', 'dark'] as const) {
    const ending = theme === 'light' ? '.svg' : `-${theme}.svg`;
    files.set(`found${ending}`, await renderSvg(foundFigure(comparison, theme, 'evaluations')));
    files.set(`found-by-time${ending}`, await renderSvg(foundFigure(comparison, theme, 'seconds')));
  }
  return files;
}

function foundFigure({ runs, objective, threshold }: Comparison, theme: Theme, x: 'evaluations' | 'seconds'): Figure {
  const side = objective.seek === 'highest' ? 'above' : 'below';
  const lines = runs.map(({ id, curve }): Line => {
    const places = x === 'evaluations' ? curve.found.map((_, i) => i) : curve.seconds;
    return { name: id, x: places, mean: curve.found, band: null };
  });
  const words = {
    title: `Found: ${objective.label} ${side} ${threshold} ${objective.unit}`,
    caption:
      x === 'evaluations' ? 'One run each, against simulations that succeeded.' : 'One run each, against wall time.',
    x: x === 'evaluations' ? 'simulations' : 'seconds since the first task',
    y: 'found',
  };
  return curvesFigure({ words, lines, baselines: [] }, theme);
}
