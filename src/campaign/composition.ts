/** What a campaign is composed of, from its record alone: any host that has its folder composes the same. */
import { z } from 'zod';
import type { ActorPlan } from '../protocol/actor.ts';
import { ConfigError, InvariantError } from '../protocol/errors.ts';
import { taskRequestSchema } from '../protocol/events.ts';
import { subjects } from '../protocol/subjects.ts';
import { printable } from '../protocol/printable.ts';
import { protocolVersion, type Task } from '../protocol/task.ts';
import type { CampaignDefinition } from './definition.ts';
import type { RunRecord } from './run-folder.ts';

/**
 * The actors of a campaign with their inputs; the search space itself is not needed.
 * @throws ConfigError when the folder's campaign is not the one of the record: another name, settings or policies.
 */
export function composePlans(definition: CampaignDefinition, record: RunRecord): readonly ActorPlan[] {
  if (definition.name !== record.campaign) {
    throw new ConfigError(
      `campaign ${record.id} is one of ${record.campaign}, and the folder here holds ${definition.name}; name its folder`,
    );
  }
  const settings = definition.settings.safeParse(record.settings);
  if (!settings.success) {
    throw new ConfigError(
      `the settings of campaign ${record.id} do not fit the folder here (${z.prettifyError(settings.error)}); ` +
        `use the version that it was started with`,
      { code: 'campaign.other-version' },
    );
  }
  const { policy: name } = settings.data;
  const policy = definition.policies[name];
  if (policy === undefined) {
    const known = Object.keys(definition.policies).join(' or ');
    throw new ConfigError(`campaign ${definition.name} has no policy "${name}"; choose ${known}`);
  }
  const { count, objects } = record.candidates;
  return policy({ settings: settings.data, candidates: count, objects });
}

/**
 * The actors of a campaign by its settings' defaults, to look at their machines: no search space is read, and nobody could run them.
 * @throws ConfigError when there is no such policy, or settings without a default.
 */
export function plansByDefault(definition: CampaignDefinition, policy?: string): readonly ActorPlan[] {
  if (policy !== undefined && !Object.hasOwn(definition.policies, policy)) {
    const known = Object.keys(definition.policies).join(' or ');
    throw new ConfigError(`--policy: campaign ${definition.name} has no "${printable(policy)}"; choose ${known}`);
  }
  const settings = definition.settings.safeParse(policy === undefined ? {} : { policy });
  if (!settings.success) {
    throw new ConfigError(
      `campaign ${definition.name} has settings without a default: ${z.prettifyError(settings.error)}`,
    );
  }
  const compose = definition.policies[settings.data.policy];
  if (compose === undefined) {
    throw new ConfigError(`campaign ${definition.name} has no policy "${settings.data.policy}", which is its default`);
  }
  const objects = new Proxy<Record<string, string>>({}, { get: () => '0'.repeat(64) });
  return compose({ settings: settings.data, candidates: 1_000, objects });
}

/** How the tasks of a campaign are made whole from what its actors ask for. */
export function taskMaker(
  id: string,
  argumentsOf: (candidate: number) => unknown,
): (request: unknown, source: string, createdAt: number) => Task {
  return (request, source, createdAt) => {
    const asked = taskRequestSchema.parse(request);
    if (asked.arguments === null && asked.candidate === null) {
      throw new InvariantError(`${source} asked for task ${asked.id} with neither arguments nor a candidate`);
    }
    return {
      v: protocolVersion,
      ...asked,
      campaign: id,
      source,
      arguments: asked.arguments ?? argumentsOf(asked.candidate ?? 0),
      timeoutMs: null,
      memoryMb: null,
      report: subjects.log(id, 'worker', 'task.finished'),
      createdAt,
    };
  };
}
