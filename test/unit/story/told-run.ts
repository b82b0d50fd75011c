/** Runs of the simulator, told: real actors, workers that come and go, and times that hang together. */
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { drawScenario, type Scenario, type ScenarioWishes } from '../../../src/simulator/scenario.ts';
import { runScenario } from '../../../src/simulator/world.ts';
import { Story, type StoryOptions } from '../../../src/story/story.ts';
import { anything, referenceCampaign } from '../simulator/reference-campaign.ts';

const storyOptions: StoryOptions = {
  objective: {
    topic: 'simulate',
    field: 'ionizationEnergyHa',
    label: 'IE',
    unit: 'hartree',
    also: { unit: 'eV', factor: 27.2114 },
  },
  threshold: 0.5,
  seek: 'highest',
  total: null,
  labelOf: ({ id }) => id,
};

/** Every fact of a run of this seed. */
export async function factsOf(seed: number, wishes: Partial<ScenarioWishes> = {}): Promise<StoredFact[]> {
  return factsOfScenario(drawScenario(seed, { ...anything, ...wishes }));
}

export async function factsOfScenario(scenario: Scenario): Promise<StoredFact[]> {
  const facts: StoredFact[] = [];
  await runScenario({ scenario, campaign: referenceCampaign, observe: (fact) => facts.push(fact) });
  return facts;
}

/** A story that has taken these facts. */
export function tell(facts: readonly StoredFact[], options: Partial<StoryOptions> = {}): Story {
  const story = new Story({ ...storyOptions, ...options });
  for (const fact of facts) story.take(fact);
  return story;
}
