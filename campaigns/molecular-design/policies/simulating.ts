import type { ActorPlan } from 'coxswain';
import {
  campaign,
  fleet,
  plan,
  resourceLedger,
  resultProcessor,
  submitter,
  type ResultProcessorInput,
  type SubmitterInput,
} from 'coxswain/actors';
import type { Settings } from '../settings.ts';

/** In what a policy's simulations differ from another's. */
interface Simulating extends Pick<SubmitterInput, 'waitsForFirst' | 'pausing' | 'rounds'> {
  /** When a model is wanted; null for never. */
  readonly updates: ResultProcessorInput['updates'];
}

/** The actors that every policy has: they simulate candidates and count results. */
export function simulating(
  { total, seed, lookahead }: Settings,
  candidates: number,
  { updates, ...submitting }: Simulating,
): readonly ActorPlan[] {
  const simulations = { topic: 'simulate', pool: 'simulate' };
  return [
    plan(resourceLedger, { pools: ['simulate', 'train', 'infer'], lookahead: lookahead > 0 }),
    plan(resultProcessor, {
      topic: simulations.topic,
      objective: 'ionizationEnergyHa',
      total,
      updates,
      failuresInARow: 16,
    }),
    plan(submitter, { candidates, seed, method: 'ionization-energy', ...simulations, lookahead, ...submitting }),
    plan(campaign, {}),
    plan(fleet, {}),
  ];
}
