import { drawScenario } from '../../../src/simulator/scenario.ts';
import { describeFailure } from '../../../src/simulator/scenario-text.ts';
import { runScenario, type Outcome } from '../../../src/simulator/world.ts';
import { anything, referenceCampaign } from './reference-campaign.ts';

/** Run these seeds; what came of each, and how people read what came of those that fail. */
export async function runSeeds(
  from: number,
  to: number,
  faults = anything.faults,
): Promise<{ outcomes: Outcome[]; failures: string[] }> {
  const outcomes: Outcome[] = [];
  const failures: string[] = [];
  for (let seed = from; seed <= to; seed += 1) {
    const scenario = drawScenario(seed, { ...anything, faults });
    const outcome = await runScenario({ scenario, campaign: referenceCampaign });
    outcomes.push(outcome);
    if (outcome.violations.length > 0) failures.push(describeFailure(scenario, outcome).join('\n'));
  }
  return { outcomes, failures };
}
