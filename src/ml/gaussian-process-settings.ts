import { z } from 'zod';
import type { KernelSettings } from './sum-kernel.ts';

const weight = z.number().nonnegative();

/** Hyperparameters as a model saves them. */
export const settingsSchema = z.strictObject({
  fragments: weight,
  rbf: weight,
  lengthScale: z.number().positive(),
  linear: weight,
  /** Below, molecules that are all but equal would make the sums inexact. */
  noise: z.number().min(1e-6),
});

/** The hyperparameters of the Gaussian process: its kernel, and the variance of the noise. */
export interface ProcessSettings extends KernelSettings {
  /** Of observations, beside targets with a variance of 1. */
  readonly noise: number;
}

/**
 * Fixed hyperparameters: equal weights for fragments, an RBF as wide as two molecules of a space usually differ (|x - x'|^2 is 2 w on
 * average), and a linear trend. Ours, by rehearsals on tables of known answers (docs/steering.md).
 */
export const fixedSettings: ProcessSettings = {
  fragments: 1 / 3,
  rbf: 1 / 3,
  lengthScale: Math.SQRT2,
  linear: 1 / 3,
  noise: 0.01,
};
