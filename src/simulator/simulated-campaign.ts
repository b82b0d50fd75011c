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
    plansOf: ({ policy: name, candidates, total, initial, batch, lookahead, steering, seed }) => {
      const policy = definition.policies[name];
      if (policy === undefined) throw new ConfigError(`campaign ${definition.name} has no policy "${name}"`);
      const numbers = { policy: name, total, initial, batch, seed };
      // A campaign may call something else by these names, or not want all of it at once.
      const [settings = definition.settings.parse(known(definition, numbers))] = [
        { ...numbers, ...steering, lookahead },
        { ...numbers, ...steering },
      ].flatMap((wanted) => definition.settings.safeParse(known(definition, wanted)).data ?? []);
      return policy({ settings, candidates, objects });
    },
  };
}

/** Those of the settings that a campaign has. */
function known({ settings }: CampaignDefinition, wanted: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => Object.hasOwn(settings.shape, name)));
}
