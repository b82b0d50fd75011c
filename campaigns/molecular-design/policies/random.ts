import type { Policy } from 'coxswain';
import { campaign, fleet, plan, resourceLedger, resultProcessor, submitter } from 'coxswain/actors';
import type { Settings } from '../settings.ts';

/** The baseline: candidates in a shuffled order, and never a model. */
export const random: Policy<Settings> = ({ settings, candidates }) => [
  plan(campaign, {}),
  plan(fleet, {}),
  plan(resourceLedger, { pools: ['simulate', 'train', 'infer'] }),
  plan(submitter, {
    candidates,
    seed: settings.seed,
    method: 'ionization-energy',
    topic: 'simulate',
    pool: 'simulate',
  }),
  plan(resultProcessor, {
    topic: 'simulate',
    objective: 'ionizationEnergyHa',
    total: settings.total,
    updates: null,
    failuresInARow: 16,
  }),
];
