/** `cox export`: the results of a run for other programs. */
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { readRun } from '../comparison/recorded-run.ts';
import { messageOf, ResourceError } from '../protocol/errors.ts';
import { isWithdrawn } from '../protocol/task.ts';
import { colmenaResult } from '../report/colmena.ts';
import { csvOf } from '../report/csv.ts';
import { taskRows } from '../report/task-rows.ts';
import { writeOut } from './standard-output.ts';

interface ExportFlags {
  readonly format: 'csv' | 'colmena';
  readonly runs: string;
  readonly out?: string;
}

/** The command. */
export function exportCommand(): Command {
  return new Command('export')
    .description("write a run's results for other programs: a spreadsheet, or scripts that read Colmena's")
    .argument('<run>', "a run's id, or the path of its folder")
    .addOption(
      new Option(
        '--format <format>',
        "csv: a row a task; colmena: a line a task that ran, as Colmena's Result parses it",
      )
        .choices(['csv', 'colmena'])
        .makeOptionMandatory(),
    )
    .option('--runs <dir>', 'folder that holds the runs', 'runs')
    .option('--out <file>', 'write into this file, not to standard output')
    .addHelpText(
      'after',
      '\nA campaign whose actors live elsewhere is first written down by cox collect.' +
        '\n\nExamples:\n  $ cox export batched-20260101-120000 --format csv --out tasks.csv' +
        '\n  $ cox export runs/a --format colmena > results.json',
    )
    .action(exportRun);
}

async function exportRun(named: string, { format, runs, out }: ExportFlags): Promise<void> {
  const { record, lines } = await readRun(named, runs);
  const ran = lines.filter(({ failure }) => !isWithdrawn(failure));
  const pieces =
    format === 'csv'
      ? [csvOf(taskRows(lines))]
      : ran.map((line) => `${JSON.stringify(colmenaResult(line, record.id))}\n`);
  if (out === undefined) {
    await writeOut(pieces);
    return;
  }
  try {
    await writeFile(out, pieces);
  } catch (cause) {
    throw new ResourceError(`${out} cannot be written: ${messageOf(cause)}; choose another --out`, { cause });
  }
  const count = format === 'csv' ? lines.length : ran.length;
  process.stderr.write(`wrote ${count} tasks into ${out}\n`);
}
