/** `cox simulate`: whole campaigns in virtual time, with faults drawn from seeds. */
import { Command, Option } from 'commander';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { ConfigError, exitCodes } from '../protocol/errors.ts';
import { describeFault, faultLevels, type FaultLevel } from '../simulator/faults.ts';
import { drawScenario, type Scenario, type ScenarioWishes } from '../simulator/scenario.ts';
import { describeFailure, describeOutcome, describeScenario } from '../simulator/scenario-text.ts';
import { simulatedCampaign, type SimulatedCampaign } from '../simulator/simulated-campaign.ts';
import { shrink } from '../simulator/shrink.ts';
import { runScenario, type Outcome } from '../simulator/world.ts';
import { packagedCampaign } from './packaged-campaign.ts';

interface SimulateFlags {
  seed?: string;
  seeds?: string;
  workers?: string;
  tasks?: string;
  policy?: string;
  faults: FaultLevel;
  actorsOn?: string;
  lookahead?: string;
  json?: boolean;
}

/** The command. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('run whole campaigns in virtual time, with simulated workers and faults drawn from seeds')
    .argument('[folder]', 'campaign folder (default: molecular-design)')
    .option('--seed <n>', 'run this seed, and say more about it')
    .option('--seeds <range>', 'run these: FROM-TO, or so many from 1 on (default: 100)')
    .option('--workers <n>', 'how many workers there are (default: by the seed)')
    .option('--tasks <n>', 'how many simulations are to succeed (default: by the seed)')
    .option('--policy <name>', 'how candidates are chosen (default: by the seed)')
    .addOption(new Option('--faults <level>', 'what goes wrong').choices(faultLevels).default('some'))
    .option('--lookahead <n>', 'tasks that wait beyond the slots (default: by the seed)')
    .option('--actors-on <n>', 'processes that host the actors, standbys included (default: by the seed)')
    .option('--json', 'print what came of it as one JSON value, and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox simulate --seeds 1000\n  $ cox simulate --seed 17 --faults heavy' +
        '\n  $ cox simulate --seed 1 --workers 10000 --tasks 1000000 --policy random --faults none',
    )
    .action((folder: string | undefined, flags: SimulateFlags) => simulate(folder ?? packagedCampaign(), flags));
}

async function simulate(folder: string, flags: SimulateFlags): Promise<void> {
  if (flags.seed !== undefined && flags.seeds !== undefined) throw new ConfigError('give --seed or --seeds, not both');
  const definition = (await loadCampaign(folder)) as CampaignDefinition;
  const policies = flags.policy === undefined ? Object.keys(definition.policies) : [flags.policy];
  for (const policy of policies) {
    if (Object.hasOwn(definition.policies, policy)) continue;
    const known = Object.keys(definition.policies).join(' or ');
    throw new ConfigError(`--policy: campaign ${definition.name} has no "${policy}"; choose ${known}`);
  }
  const wishes: ScenarioWishes = {
    policies,
    faults: flags.faults,
    workers: numberOf('--workers', flags.workers, 100_000),
    tasks: numberOf('--tasks', flags.tasks, 100_000_000),
    hosts: numberOf('--actors-on', flags.actorsOn, 64),
    lookahead: numberOf('--lookahead', flags.lookahead, 1_000, 0),
  };
  const campaign = simulatedCampaign(definition);
  const [from, to] = seedsOf(flags);
  const isOne = flags.seed !== undefined;
  const progress = new Progress(flags.json !== true);
  const failed: { scenario: Scenario; outcome: Outcome }[] = [];
  const began = performance.now();
  let facts = 0;
  let last: { scenario: Scenario; outcome: Outcome } | null = null;
  for (let seed = from; seed <= to; seed += 1) {
    const scenario = drawScenario(seed, wishes);
    const outcome = await runScenario({
      scenario,
      campaign,
      progress: (done) =>
        progress.say(`seed ${seed}: ${done.recorded} of ${scenario.total} tasks, ${done.facts} facts`),
    });
    last = { scenario, outcome };
    facts += outcome.audit.facts;
    if (outcome.violations.length > 0) failed.push(last);
    progress.say(`seed ${seed}, of ${from} to ${to}: ${failed.length} failed`);
    if (failed.length > 0 && failed.length <= 1) progress.tell(`seed ${seed} fails: ${firstOf(outcome)}`);
  }
  progress.close();
  const [first] = failed;
  const shortest = first === undefined ? null : await shortestOf(first.scenario, campaign, progress);
  const tookMs = Math.round(performance.now() - began);
  const memoryMb = Math.round(process.resourceUsage().maxRSS / 1024);
  if (flags.json === true) {
    const one = isOne && last !== null ? reportOf(last.scenario, last.outcome) : null;
    const report = {
      seeds: { from, to },
      failed: failed.map(({ scenario, outcome }) => ({ seed: scenario.seed, violation: firstOf(outcome) })),
      shortest: shortest === null ? null : reportOf(shortest.scenario, shortest.outcome),
      run: one,
      facts,
      tookMs,
      memoryMb,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    const lines = isOne && last !== null ? describeRun(last.scenario, last.outcome) : [];
    if (failed.length > 0) lines.push(`seeds that fail: ${failed.map(({ scenario }) => scenario.seed).join(' ')}`);
    if (shortest !== null)
      lines.push('the shortest history found:', ...describeFailure(shortest.scenario, shortest.outcome));
    const runs = to - from + 1;
    lines.push(
      `${runs} ${runs === 1 ? 'run' : 'runs'}, ${failed.length} failed; ${facts} facts in ${(tookMs / 1_000).toFixed(1)} s; ` +
        `at most ${memoryMb} MB of memory`,
    );
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  process.exitCode = failed.length > 0 ? exitCodes.failed : exitCodes.done;
}

const firstOf = ({ violations: [first] }: Outcome): string =>
  first === undefined ? 'nothing' : `at ${first.sequence}: ${first.message}`;

function describeRun(scenario: Scenario, outcome: Outcome): string[] {
  const faults = scenario.faults.map((fault) => `  ${describeFault(fault)}`);
  return [describeScenario(scenario), ...faults, ...describeOutcome(outcome)];
}

function reportOf(scenario: Scenario, { lastFacts: _, ...outcome }: Outcome): object {
  return { scenario, ...outcome };
}

async function shortestOf(
  scenario: Scenario,
  campaign: SimulatedCampaign,
  progress: Progress,
): Promise<{ scenario: Scenario; outcome: Outcome }> {
  progress.tell(`looking for a shorter history of seed ${scenario.seed}`);
  const run = (one: Scenario): Promise<Outcome> => runScenario({ scenario: one, campaign });
  const shorter = await shrink(scenario, async (smaller) => (await run(smaller)).violations.length > 0);
  return { scenario: shorter, outcome: await run(shorter) };
}

function numberOf(flag: string, text: string | undefined, most: number, least = 1): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new ConfigError(`${flag}: "${text}" is no number from ${least} to ${most}`);
  }
  return number;
}

function seedsOf({ seed, seeds = '100' }: SimulateFlags): [from: number, to: number] {
  if (seed !== undefined) {
    if (!/^\d{1,9}$/.test(seed)) throw new ConfigError(`--seed: "${seed}" is no whole number`);
    return [Number(seed), Number(seed)];
  }
  const [, from, to] = /^(?:(\d{1,9})-)?(\d{1,9})$/.exec(seeds) ?? [];
  const range: [number, number] = [Number(from ?? 1), Number(to ?? 0)];
  if (to === undefined || range[1] < range[0])
    throw new ConfigError(`--seeds: "${seeds}" is neither FROM-TO nor a count`);
  return range;
}

const everyMs = 5_000;

/** Says how far it is, on stderr and not too often. */
class Progress {
  readonly #isOn: boolean;
  #saidAt = performance.now();

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** Say this if nothing was said for a while. */
  say(line: string): void {
    const isTerminal = process.stderr.isTTY;
    if (!this.#isOn || performance.now() - this.#saidAt < (isTerminal ? 200 : everyMs)) return;
    this.#saidAt = performance.now();
    process.stderr.write(isTerminal ? `\r\u001B[K${line}` : `${line}\n`);
  }

  /** Say this for good. */
  tell(line: string): void {
    if (this.#isOn) process.stderr.write(`${process.stderr.isTTY ? '\r\u001B[K' : ''}${line}\n`);
  }

  close(): void {
    if (this.#isOn && process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  }
}
