/** `cox rehearse`: ways of steering against a table of known answers, in virtual time. */
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Answers, CampaignDefinition, CommonSettings } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { readRunRecord, runFolder } from '../campaign/run-folder.ts';
import { flagOf, settingFlags } from '../campaign/settings.ts';
import { ConfigError, messageOf } from '../protocol/errors.ts';
import { combinationsOf, listed, type Combination, type Combinations } from '../rehearsal/combination.ts';
import { runJobs, type Job } from '../rehearsal/job-pool.ts';
import { recordedAnswers } from '../rehearsal/recorded-answers.ts';
import { objectRefsOf, type Fleet } from '../rehearsal/rehearse.ts';
import { rehearsalReport, type RehearsalReport } from '../rehearsal/rehearsal-report.ts';
import { reportText } from '../rehearsal/report-text.ts';
import { discoveryCurve } from '../rehearsal/report.ts';
import { learningCosts, type TimeModel } from '../rehearsal/task-times.ts';
import type { Trace } from '../rehearsal/trace.ts';
import { truthOf, type Seek, type Truth } from '../rehearsal/truth.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { addSettingFlags, folderOf } from './campaign-flags.ts';
import { LineProgress } from './line-progress.ts';
import { writeRehearsal } from './rehearsal-files.ts';

interface RehearseFlags extends Record<string, string | boolean | undefined> {
  table?: string;
  column?: string;
  campaign?: string;
  runs: string;
  budget?: string;
  seeds: string;
  finds: string;
  workers: string;
  slots: string;
  taskSeconds: string;
  taskSpread: string;
  modelTime: string;
  jobs?: string;
  out?: string;
  json?: boolean;
}

/** Settings that a rehearsal has its own flags for: how long it is, and its seeds. */
const ours = ['total', 'seed'];

/** The command with the flags of the campaign that it is called for. */
export async function rehearseCommand(argv: readonly string[]): Promise<Command> {
  const folder = folderOf(argv, ['--json']);
  const definition = (await loadCampaign(folder)) as CampaignDefinition;
  const { taskMs, pointMs, candidateMs } = learningCosts;
  const command = new Command('rehearse')
    .description('try ways of steering on a table of known answers: the real actors and models, in virtual time')
    .argument('[folder]', 'campaign folder (default: molecular-design)')
    .option('--table <file>', 'known answers: TSV with a header, a candidate (SMILES) and its value first')
    .option('--column <name>', 'take the values from this column of the table')
    .option('--campaign <id>', 'rehearse on what a recorded run has found, instead of a table')
    .option('--runs <dir>', 'folder that holds the runs', 'runs')
    .option('--budget <n,...>', 'evaluations after which to count what was found (default: 64; of few answers half)')
    .option('--seeds <k>', 'how many seeds, or FROM-TO', '10')
    .option('--finds <k,...>', 'report the time until so many of the best 1 % are found', '1,10')
    .option('--workers <n>', 'how many workers there are', '1')
    .option('--slots <n>', 'slots of each', '4')
    .option('--task-seconds <s>', 'virtual time that a simulation takes (median)', '10')
    .option('--task-spread <s>', 'standard deviation of the logarithm of that', '0.4')
    .option(
      '--model-time <x>',
      `tasks of the model take x times ${taskMs} ms + ${pointMs} ms a training point + ${candidateMs} ms a candidate`,
      '1',
    )
    .option('--jobs <n>', 'rehearsals at a time (default: one a core)')
    .option('--out <dir>', 'write figures (SVG), their data (CSV) and the report (JSON) into this folder')
    .option('--json', 'print the report as one JSON value, and nothing else');
  return addSettingFlags(command, definition, hidden(definition))
    .addHelpText(
      'after',
      `\n${listed.map(flagOf).join(', ')} take lists, separated by commas: every combination is rehearsed.` +
        '\n\nExamples:\n  $ cox rehearse --table data/ionization-energies.tsv --policy batched,random --budget 64,200' +
        '\n  $ cox rehearse --table my-answers.tsv --column gap --seek lowest --out figures' +
        '\n  $ cox rehearse --campaign batched-20260101-120000 --policy random',
    )
    .action((named: string | undefined, flags: RehearseFlags) => {
      if (named !== undefined && named !== folder)
        throw new ConfigError(`name the campaign folder first: cox rehearse ${named}`);
      return rehearseAll(folder, definition, flags);
    });
}

/** Settings that are no flags here. */
const hidden = ({ answers }: CampaignDefinition): string[] => [...ours, ...(answers?.replaces ?? [])];

async function rehearseAll(folder: string, definition: CampaignDefinition, flags: RehearseFlags): Promise<void> {
  const began = performance.now();
  const finds = wholeNumbers('--finds', flags.finds);
  const seeds = seedsOf(flags.seeds);
  const fleet: Fleet = {
    workers: wholeNumber('--workers', flags.workers, 10_000),
    slots: wholeNumber('--slots', flags.slots, 1_024),
  };
  const times: TimeModel = {
    medianSeconds: quantity('--task-seconds', flags.taskSeconds, { above: 0 }),
    spread: quantity('--task-spread', flags.taskSpread),
    learning: quantity('--model-time', flags.modelTime),
  };
  const processes = flags.jobs === undefined ? availableParallelism() : wholeNumber('--jobs', flags.jobs, 256);
  const wantedBudgets = flags.budget === undefined ? null : wholeNumbers('--budget', flags.budget);
  const progress = new LineProgress(process.stderr);
  try {
    const source = await sourceOf(definition, flags, progress);
    const answers = await source.load();
    const answered = [...answers.values].filter((value) => !Number.isNaN(value)).length;
    const typed = { ...source.settings, ...typedOf(definition, flags) };
    const budgets = [...new Set(wantedBudgets ?? [usualBudget(answered, typed)])].sort((a, b) => a - b);
    const most = Math.max(...budgets);
    if (most > answered) {
      throw new ConfigError(
        `--budget: ${most} evaluations are more than the ${answered} answers in ${source.name}; ask for fewer`,
        { code: 'rehearsal.budget' },
      );
    }
    const { all: combinations, refused } = waysOf(definition, typed, most, answers);
    const { truth, hasThreshold } = truthFor(combinations, answers, flags);
    const jobs = combinations.flatMap(({ settings }) =>
      seeds.map((seed): Omit<Job, 'number'> => {
        const seeded: Record<string, number> = 'seed' in definition.settings.shape ? { seed } : {};
        return { settings, seeded, seed };
      }),
    );
    progress.say(`${combinations.length} x ${seeds.length} campaigns`);
    const traces = await runJobs(
      jobs.map((job, number) => ({ ...job, number })),
      { folder, table: source.file, column: source.column, cacheDir: spaces(), fleet, times },
      {
        processes,
        done: (count) => progress.say(`${count} of ${jobs.length} campaigns rehearsed`, count / jobs.length),
      },
    );
    const byCombination = combinations.map((_, i) => traces.slice(i * seeds.length, (i + 1) * seeds.length));
    const report = rehearsalReport({
      campaign: definition.name,
      objective: definition.objective,
      table: {
        name: source.name,
        column: columnOf(source, answers),
        digest: answers.candidates.digest,
        candidates: answers.candidates.count,
        answered,
      },
      truth,
      hasThreshold,
      budgets,
      finds,
      seeds,
      fleet,
      times,
      blind: blindOf(combinations),
      combinations,
      traces: byCombination,
      notes: [
        ...source.notes,
        ...notesOf(answers),
        ...[...refused].map(([names, why]) => `left out, ${names}: ${asBudget(why).replaceAll('\n', '; ')}`),
      ],
    });
    progress.close();
    await print(report, truth, byCombination, flags);
    process.stderr.write(`took ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
  } finally {
    progress.close();
  }
}

async function print(
  report: RehearsalReport,
  truth: Truth,
  traces: readonly (readonly Trace[])[],
  { json, out }: RehearseFlags,
): Promise<void> {
  const most = Math.max(...report.budgets);
  const curves = traces.map((of) => discoveryCurve(of, truth.best, most));
  process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : reportText(report, curves));
  if (out === undefined) return;
  const files = await writeRehearsal(out, report, truth, traces);
  process.stderr.write(`wrote ${files.map((file) => join(out, file)).join(', ')}\n`);
}

/** Where the answers come from. */
interface Source {
  readonly name: string;
  readonly file: string;
  /** Whether people wrote it, with a header of their own. */
  readonly isTable: boolean;
  readonly column: string | null;
  /** Settings that a recorded run was made with, as texts. */
  readonly settings: Readonly<Record<string, string | boolean>>;
  readonly notes: readonly string[];
  readonly load: () => Promise<Answers>;
}

const spaces = (): string => join(cacheDir(), 'spaces');

async function sourceOf(definition: CampaignDefinition, flags: RehearseFlags, progress: LineProgress): Promise<Source> {
  const { table, campaign, column = null } = flags;
  const { answers: reader } = definition;
  if (reader === undefined) {
    throw new ConfigError(`campaign ${definition.name} reads no tables of answers: its definition has no \`answers\``);
  }
  if ((table === undefined) === (campaign === undefined)) {
    throw new ConfigError(
      table === undefined
        ? 'what is to be rehearsed on? Give a table of known answers, --table FILE, or a recorded run, --campaign ID'
        : 'give --table or --campaign, not both',
    );
  }
  const onProgress = (line: string): void => progress.say(line);
  const load = (file: string): Promise<Answers> => reader.load(file, { column, cacheDir: spaces(), onProgress });
  if (table !== undefined) {
    await access(table).catch((cause: unknown) => {
      throw new ConfigError(`--table: ${table} cannot be read: ${messageOf(cause)}`, { cause });
    });
    return { name: table, file: table, isTable: true, column, settings: {}, notes: [], load: () => load(table) };
  }
  if (column !== null)
    throw new ConfigError('--column is for a table; a recorded run has the values of its own objective');
  return recordedSource(definition, campaign ?? '', flags, load);
}

/** What a recorded run has found, written as a table. */
async function recordedSource(
  definition: CampaignDefinition,
  id: string,
  { runs }: RehearseFlags,
  load: (file: string) => Promise<Answers>,
): Promise<Source> {
  const record = await readRunRecord(runs, id);
  if (record.campaign !== definition.name) {
    throw new ConfigError(
      `run ${id} is of campaign ${record.campaign}; name its folder: cox rehearse ${record.folder} --campaign ${id}`,
    );
  }
  const settings = definition.settings.parse(record.settings);
  const candidates = await definition.loadCandidates(settings, { cacheDir: spaces(), onProgress: () => undefined });
  if (candidates.digest !== record.candidates.digest) {
    throw new ConfigError(`the search space of run ${id} has changed since it was started; put the old file back`, {
      code: 'config.contradiction',
    });
  }
  const { file, answered, failed } = await recordedAnswers(runFolder(runs, id).results, definition.objective, {
    folder: join(cacheDir(), 'rehearsals'),
    labelOf: (candidate) => candidates.labelOf(candidate),
  });
  const left = candidates.count - answered;
  const kept = settingFlags(definition).filter(
    ({ name }) => !hidden(definition).includes(name) && record.settings[name] !== undefined,
  );
  return {
    name: `run ${id}`,
    file,
    isTable: false,
    column: null,
    settings: Object.fromEntries(
      kept.map(({ name }) => {
        const value = record.settings[name];
        return [name, typeof value === 'boolean' ? value : String(value)];
      }),
    ),
    notes: [
      `left out: ${left.toLocaleString('en')} of the run's ${candidates.count.toLocaleString('en')} candidates have no answer` +
        (failed === 0 ? '' : `, ${failed} of them because their simulations failed`),
    ],
    load: () => load(file),
  };
}

/** 64 evaluations; where half of the answers are fewer that half, since all would be found whatever the policy, but time for a model. */
function usualBudget(answered: number, { initial = '8' }: Readonly<Record<string, string | boolean>>): number {
  const half = Math.floor(answered / 2);
  return Math.max(1, Math.min(64, answered, Math.max(half, Number(initial) + 4)));
}

/** The name of the column that the answers are from; null where it is not known. */
function columnOf({ column, isTable }: Source, { candidates: { notes } }: Answers): string | null {
  return isTable && typeof notes['column'] === 'string' ? notes['column'] : column;
}

/** What was typed of the campaign's settings. */
function typedOf(definition: CampaignDefinition, flags: RehearseFlags): Record<string, string | boolean> {
  const typed = settingFlags(definition).flatMap(({ name }) => {
    const value = hidden(definition).includes(name) ? undefined : flags[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(typed);
}

/** People know the total of a rehearsal as its budget. */
const asBudget = (message: string): string => message.replaceAll('--total', '--budget');

function waysOf(
  definition: CampaignDefinition,
  typed: Readonly<Record<string, string | boolean>>,
  most: number,
  answers: Answers,
): Combinations {
  const space = { candidates: answers.candidates.count, objects: objectRefsOf(answers) };
  try {
    return combinationsOf(definition, { ...typed, total: String(most) }, space);
  } catch (cause) {
    if (cause instanceof ConfigError) throw new ConfigError(asBudget(cause.message), { cause });
    throw cause;
  }
}

/** What is worth finding; the threshold of the settings is one of the campaign's objective, and of no other column. */
function truthFor(
  combinations: readonly Combination[],
  { values }: Answers,
  { column, threshold }: RehearseFlags,
): { truth: Truth; hasThreshold: boolean } {
  const settings = combinations[0]?.settings as CommonSettings;
  const seek: Seek = settings['seek'] === 'lowest' ? 'lowest' : 'highest';
  const hasThreshold = column === undefined || threshold !== undefined;
  return { truth: truthOf(values, { seek, threshold: settings.threshold }), hasThreshold };
}

/** The evaluations before there can be a model, where all combinations agree. */
function blindOf(combinations: readonly Combination[]): number {
  const [initial, ...others] = new Set(combinations.map(({ settings }) => settings['initial']));
  return typeof initial === 'number' && others.length === 0 ? initial : 0;
}

/** What people should know of how the table was read. */
function notesOf({ candidates: { notes } }: Answers): string[] {
  const amount = (name: string): number => {
    const value = notes[name];
    return Array.isArray(value) ? value.length : typeof value === 'number' ? value : 0;
  };
  return [
    ['duplicates', 'named a candidate again, and was merged', 'named candidates again, and were merged'],
    ['refused', 'was refused and skipped', 'were refused and skipped'],
    ['unanswered', 'has no value, and was left out', 'have no value, and were left out'],
  ].flatMap(([name = '', one = '', many = '']) => {
    const n = amount(name);
    return n === 0 ? [] : [`${n} ${n === 1 ? `row of the table ${one}` : `rows of the table ${many}`}`];
  });
}

function wholeNumber(flag: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text.trim()) && number >= 1 && number <= most) return number;
  throw new ConfigError(`${flag}: "${text}" is no number from 1 to ${most}`);
}

function wholeNumbers(flag: string, text: string): number[] {
  return text.split(',').map((one) => wholeNumber(flag, one, 10_000_000));
}

function quantity(flag: string, text: string, { above = -1e-9 }: { above?: number } = {}): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > above) return number;
  throw new ConfigError(`${flag}: "${text}" is no number ${above < 0 ? 'from 0 on' : `above ${above}`}`);
}

function seedsOf(text: string): number[] {
  const [, from, to] = /^(?:(\d{1,9})-)?(\d{1,9})$/.exec(text) ?? [];
  const [first, last] = [Number(from ?? 1), Number(to ?? 0)];
  if (to === undefined || last < first) throw new ConfigError(`--seeds: "${text}" is neither FROM-TO nor a count`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
