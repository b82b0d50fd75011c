/** The reference campaign as the simulator runs it. */
import type { ScenarioWishes } from '../../../src/simulator/scenario.ts';
import type { SimulatedCampaign } from '../../../src/simulator/simulated-campaign.ts';
import { plansOf } from '../runtime/simulated-campaign.ts';

export const referenceCampaign: SimulatedCampaign = {
  objective: { topic: 'simulate', field: 'ionizationEnergyHa' },
  plansOf: ({ policy, candidates, total, initial, batch, seed }) =>
    plansOf(policy === 'batched' ? 'batched' : 'random', candidates, { total, initial, batch, seed }),
};

/** Everything as the seed has it. */
export const anything: ScenarioWishes = {
  policies: ['batched', 'random'],
  faults: 'some',
  workers: null,
  tasks: null,
  hosts: null,
  lookahead: null,
};
