import type { CampaignDefinition } from '../campaign/definition.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { ConfigError } from '../protocol/errors.ts';
import { objectRefOf } from '../protocol/object-ref.ts';
import type { Scenario } from './scenario.ts';

/** What the simulator needs of a campaign. */
export interface SimulatedCampaign {
  readonly plansOf: (scenario: Scenario) => readonly ActorPlan[];
  readonly objective: { readonly topic: string; readonly field: string };
}

/** The campaign of a folder, with its policies and without its methods and its search space. */
export function simulatedCampaign(definition: CampaignDefinition): SimulatedCampaign {
  // Whatever objects a policy wants; nobody reads them.
  const objects = new Proxy<Record<string, string>>(
    {},
    { get: (_, name) => objectRefOf(new TextEncoder().encode(String(name))) },
  );
  return {
    objective: definition.objective,
    plansOf: ({ policy: name, candidates, total, initial, batch, lookahead, seed }) => {
      const policy = definition.policies[name];
      if (policy === undefined) throw new ConfigError(`campaign ${definition.name} has no policy "${name}"`);
      const wanted: Record<string, unknown> = { policy: name, total, initial, batch, lookahead, seed };
      const known = Object.keys(definition.settings.shape).filter((setting) => setting in wanted);
      const settings = definition.settings.parse(
        Object.fromEntries(known.map((setting) => [setting, wanted[setting]])),
      );
      return policy({ settings, candidates, objects });
    },
  };
}
