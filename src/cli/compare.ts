/** `cox compare`: recorded runs side by side. */
import { join } from 'node:path';
import { Command } from 'commander';
import type { CampaignDefinition, Objective } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { comparisonText } from '../comparison/comparison-text.ts';
import { compareRuns, type Comparison } from '../comparison/comparison.ts';
import { readRun, type RecordedRun } from '../comparison/recorded-run.ts';
import { ConfigError } from '../protocol/errors.ts';
import { comparedExhibits, comparePage } from '../report/compare-page.ts';
import { drawExhibit, inOrder } from '../report/drawn-exhibits.ts';
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
    .option(
      '--out <dir>',
      'write one page (compare.html), figures (SVG), their data (CSV) and the comparison (JSON) into this folder',
    )
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
  const files = await writeFiles(flags.out, await filesOf(comparison, runs, objectives[0] as Objective));
  process.stderr.write(`wrote ${files.map((file) => join(flags.out ?? '', file)).join(', ')}\n`);
}

function thresholdOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new ConfigError(`--threshold: "${text}" is no number`);
  return value;
}

async function filesOf(
  comparison: Comparison,
  runs: readonly RecordedRun[],
  objective: Objective,
): Promise<Map<string, string>> {
  const drawn = [];
  for (const exhibit of inOrder(comparedExhibits(comparison, runs, objective)))
    drawn.push(await drawExhibit(exhibit, null));
  return new Map([
    ['compare.html', comparePage(comparison, drawn, Date.now())],
    ['comparison.json', `${JSON.stringify(comparison, null, 2)}\n`],
    ...drawn.flatMap(({ files }) => [...files]),
  ]);
}
