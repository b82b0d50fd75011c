/** `cox chart`: the statechart of an actor, or the system of all of them, as a picture, as Mermaid or as data. */
import { dirname, join, basename } from 'node:path';
import { Command, Option } from 'commander';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { plansByDefault } from '../campaign/composition.ts';
import { chartOf, statesOf } from '../charts/chart-model.ts';
import { mermaidOf } from '../charts/mermaid.ts';
import { chartSvg } from '../charts/svg.ts';
import { systemMermaid, systemOf } from '../charts/system-model.ts';
import { systemSvg } from '../charts/system-svg.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { ConfigError } from '../protocol/errors.ts';
import { packagedCampaign } from './packaged-campaign.ts';
import { printable } from './printable.ts';
import { wrappedLines } from './terminal-text.ts';
import { writeFiles } from './written-files.ts';

const formats = ['svg', 'mermaid', 'json'] as const;
type Format = (typeof formats)[number];

interface ChartFlags {
  readonly format: Format;
  readonly policy?: string;
  readonly out?: string;
}

/** The command. */
export function chartCommand(): Command {
  return new Command('chart')
    .description("draw an actor's statechart from its own definition, or the system of all actors")
    .argument('[actor]', 'an actor of the campaign, or system (default: list them)')
    .argument('[folder]', 'campaign folder (default: molecular-design)')
    .addOption(new Option('--format <format>', 'what to write').choices(formats).default('svg'))
    .option('--policy <name>', "whose actors (default: the campaign's own default)")
    .option('--out <file>', 'write it into this file instead of the standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox chart\n  $ cox chart submitter --out submitter.svg\n  $ cox chart trainer --format mermaid' +
        '\n  $ cox chart system --policy reallocating > system.svg',
    )
    .action(async (actor: string | undefined, folder: string | undefined, flags: ChartFlags) => {
      const definition = (await loadCampaign(folder ?? packagedCampaign())) as CampaignDefinition;
      const plans = plansByDefault(definition, flags.policy);
      if (actor === undefined) process.stdout.write(listOf(plans));
      else await write(await written(plans, actor, flags.format), flags.out);
    });
}

async function written(plans: readonly ActorPlan[], name: string, format: Format): Promise<string> {
  if (name === 'system') {
    const system = systemOf(plans);
    if (format === 'svg') return systemSvg(system);
    return format === 'mermaid' ? systemMermaid(system) : `${JSON.stringify(system, null, 2)}\n`;
  }
  const plan = plans.find(({ actor }) => actor.name === name);
  if (plan === undefined) {
    const known = plans.map(({ actor }) => actor.name).join(', ');
    throw new ConfigError(`there is no actor "${printable(name)}" here; choose one of ${known}, or system`, {
      code: 'chart.unknown-actor',
    });
  }
  const chart = chartOf(plan.actor.machine);
  if (format === 'svg') return chartSvg(chart);
  return format === 'mermaid' ? mermaidOf(chart) : `${JSON.stringify(chart, null, 2)}\n`;
}

async function write(text: string, out: string | undefined): Promise<void> {
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  await writeFiles(dirname(out), new Map([[basename(out), text]]));
  process.stderr.write(`wrote ${join(dirname(out), basename(out))}\n`);
}

const columns = 80;

/** The actors, in 80 columns: their names, how many states and transitions they have, and what they hear. */
function listOf(plans: readonly ActorPlan[]): string {
  const rows = plans.map(({ actor }) => {
    const chart = chartOf(actor.machine);
    const sources = [...new Set(actor.hears.map((fact) => fact.slice(0, fact.indexOf('.'))))];
    return [
      actor.name,
      `${statesOf(chart).length - 1} states`,
      `${chart.arrows.length} transitions`,
      `hears ${sources.join(', ')}`,
    ] as const;
  });
  const width = (column: 0 | 1 | 2): number => Math.max(...rows.map((row) => row[column].length));
  const lines = rows.flatMap(([name, states, transitions, hears]) => {
    const left = [name.padEnd(width(0)), states.padStart(width(1)), transitions.padStart(width(2)), ''].join('  ');
    const [first = '', ...more] = wrappedLines(hears, columns - left.length);
    return [`${left}${first}`, ...more.map((line) => `${' '.repeat(left.length)}${line}`)];
  });
  return `${[...lines, '', 'cox chart ACTOR draws one of them, cox chart system how they talk to each other.'].join('\n')}\n`;
}
