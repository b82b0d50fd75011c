/** The reference campaign as the simulator runs it. */
import type { ScenarioWishes } from '../../../src/simulator/scenario.ts';
import type { SimulatedCampaign } from '../../../src/simulator/simulated-campaign.ts';
import { plansOf, policies } from '../runtime/simulated-campaign.ts';

const isPolicy = (name: string): name is keyof typeof policies => Object.hasOwn(policies, name);

export const referenceCampaign: SimulatedCampaign = {
  objective: { topic: 'simulate', field: 'ionizationEnergyHa' },
  plansOf: ({ policy, candidates, total, initial, batch, lookahead, steering, seed }) => {
    if (!isPolicy(policy)) throw new Error(`there is no policy ${policy}`);
    const ahead = policy === 'batch' ? 0 : lookahead;
    return plansOf(policy, candidates, { total, initial, batch, lookahead: ahead, ...steering, seed });
  },
};

/** Everything as the seed has it. */
export const anything: ScenarioWishes = {
  policies: Object.keys(policies),
  faults: 'some',
  workers: null,
  tasks: null,
  hosts: null,
  lookahead: null,
};
