/** `cox audit`: proves from a campaign's log alone that nothing was lost, counted twice or invented. */
import { Command } from 'commander';
import { composePlans } from '../campaign/composition.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { methodsDigest } from '../campaign/digest.ts';
import { loadCampaign } from '../campaign/load.ts';
import { auditCampaign, type CampaignAudit } from '../campaign/log-audit.ts';
import { exitCodes } from '../protocol/errors.ts';
import { folderFor } from './campaign-folder.ts';
import { printable } from './printable.ts';
import { openStoredCampaign } from './stored-campaign.ts';

interface AuditFlags {
  readonly nats?: string;
  readonly out: string;
  readonly json?: boolean;
}

export function auditCommand(): Command {
  return new Command('audit')
    .description('prove from the log alone that every slot, task and decision is accounted for')
    .argument('<id>', 'the campaign, or a run of this folder')
    .argument('[folder]', "the campaign's folder on this machine (default: where it was started from)")
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--json', 'print one JSON value')
    .addHelpText(
      'after',
      '\nExample:\n  $ cox audit batched-20260101-120000 --nats nats://head:4222\n' +
        '\nExit codes: 0 when all is well, 1 with the first event that does not fit, 2 for an unknown campaign.',
    )
    .action(async (id: string, folder: string | undefined, flags: AuditFlags) => {
      process.exitCode = await audit(id, folder, flags);
    });
}

async function audit(id: string, folder: string | undefined, { nats, out, json }: AuditFlags): Promise<number> {
  const campaign = await openStoredCampaign(id, { nats, out, command: 'audit' });
  try {
    const { connection, record } = campaign;
    const here = folderFor(record, folder);
    const definition = (await loadCampaign(here)) as CampaignDefinition;
    const plans = composePlans(definition, record);
    const report = await auditCampaign(connection, record, plans);
    const isClean = report.violations.length === 0;
    if (json === true) process.stdout.write(`${JSON.stringify({ id, isClean, ...report })}\n`);
    else process.stdout.write(isClean ? proof(id, report, plans.length) : misfits(id, report));
    if (!isClean && methodsDigest(here) !== record.methods) {
      process.stderr.write(
        `the files of ${here} are not those that ${id} was started with: its policies may be others, and be replayed so\n`,
      );
    }
    return isClean ? exitCodes.done : exitCodes.failed;
  } finally {
    await campaign.close();
  }
}

const number = (count: number): string => count.toLocaleString('en');

/** What was proved, when all is well. */
function proof(id: string, report: CampaignAudit, actors: number): string {
  const { facts, tasks, slots, effects, isOver } = report;
  const { created, finished, recorded } = tasks;
  const pools = Object.values(slots.pools);
  const sum = (field: 'grants' | 'byTasks' | 'givenBack'): string =>
    number(pools.reduce((total, pool) => total + pool[field], 0));
  const capacity = slots.capacity === null ? 'none' : `${slots.capacity.min} to ${slots.capacity.max}`;
  const held = slots.held.length === 0 ? 'none held' : `${slots.held.length} held`;
  const path =
    created === finished && finished === recorded
      ? `${number(created)} created = finished = counted`
      : `${number(created)} created, ${number(finished)} finished, ${number(recorded)} counted`;
  const unsaid = effects.unsaid === 0 ? '' : `; ${number(effects.unsaid)} of the last events are not stored yet`;
  const rows = [
    ['facts', `${number(facts)}, none missing; the campaign ${isOver ? 'is over' : 'is not over'}`],
    ['tasks', path],
    [
      'slots',
      `${capacity}; ${sum('grants')} grants: ${sum('byTasks')} to tasks, ${sum('givenBack')} given back, ${held}`,
    ],
    ...Object.entries(slots.pools).map(([pool, { grants, mostHeld }]) => [
      '',
      `pool ${pool}: ${number(grants)} grants, at most ${number(mostHeld)} in use at once`,
    ]),
    ['replay', `${number(effects.replayed)} effects of ${actors} actors, equal to those that were stored${unsaid}`],
  ];
  return `${id}: everything is accounted for\n${rows.map(([name = '', text = '']) => `  ${name.padEnd(7)} ${text}\n`).join('')}`;
}

/** The first event that does not fit: others may only follow from it. */
function misfits(id: string, { violations }: CampaignAudit): string {
  const [first] = violations;
  const more = violations.length - 1;
  const others = more === 0 ? '' : `  and ${number(more)} more, which may follow from it (--json lists them)\n`;
  return `${id}: the log does not fit at ${first?.sequence ?? 0}\n  ${printable(first?.message ?? '')}\n${others}`;
}
