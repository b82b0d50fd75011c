import type { ActorPlan } from 'coxswain';
import {
  campaign,
  fleet,
  plan,
  resourceLedger,
  resultProcessor,
  submitter,
  type ResultProcessorInput,
} from 'coxswain/actors';
import type { Settings } from '../settings.ts';

/** The actors that every policy has: they simulate candidates and count results; `updates` says when a model is wanted. */
export function simulating(
  { total, seed }: Settings,
  candidates: number,
  updates: ResultProcessorInput['updates'],
): readonly ActorPlan[] {
  const simulations = { topic: 'simulate', pool: 'simulate' };
  return [
    plan(resourceLedger, { pools: ['simulate', 'train', 'infer'] }),
    plan(resultProcessor, {
      topic: simulations.topic,
      objective: 'ionizationEnergyHa',
      total,
      updates,
      failuresInARow: 16,
    }),
    plan(submitter, { candidates, seed, method: 'ionization-energy', ...simulations }),
    plan(campaign, {}),
    plan(fleet, {}),
  ];
}
