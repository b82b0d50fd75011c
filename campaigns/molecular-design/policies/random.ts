import type { Policy } from 'coxswain';
import type { Settings } from '../settings.ts';
import { simulating } from './simulating.ts';

/** The baseline: candidates in a shuffled order, and never a model. */
export const random: Policy<Settings> = ({ settings, candidates }) =>
  simulating(settings, candidates, { updates: null, waitsForFirst: false, pausing: false });
