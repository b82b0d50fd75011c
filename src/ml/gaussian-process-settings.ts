import { z } from 'zod';
import type { KernelSettings } from './sum-kernel.ts';

const weight = z.number().nonnegative();

/** Hyperparameters as a model saves them. */
export const settingsSchema = z.strictObject({
  views: z.record(z.string(), weight),
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

/** Fixed hyperparameters: equal weights, and an RBF as wide as molecules of a space usually differ. */
export const fixedSettings: ProcessSettings = {
  views: { 'morgan-2': 1 / 3 },
  rbf: 1 / 3,
  lengthScale: 1,
  linear: 1 / 3,
  noise: 0.01,
};
