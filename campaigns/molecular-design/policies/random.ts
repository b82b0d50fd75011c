import type { Policy } from 'coxswain';
import { campaign, fleet, plan, resourceLedger, resultProcessor, submitter } from 'coxswain/actors';
import type { Settings } from '../settings.ts';

/** The baseline: candidates in a shuffled order, and never a model. */
export const random: Policy<Settings> = ({ settings, candidates }) => [
  plan(resourceLedger, { pools: ['simulate', 'train', 'infer'] }),
  plan(resultProcessor, {
    topic: 'simulate',
    objective: 'ionizationEnergyHa',
    total: settings.total,
    updates: null,
    failuresInARow: 16,
  }),
  plan(submitter, {
    candidates,
    seed: settings.seed,
    method: 'ionization-energy',
    topic: 'simulate',
    pool: 'simulate',
  }),
  plan(campaign, {}),
  plan(fleet, {}),
];
