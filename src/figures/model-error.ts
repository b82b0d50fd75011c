/** How wrong each model was about the results that it had chosen, beside guessing the mean of what was known. */
import type { Science } from '../story/views.ts';
import { curvesFigure, type BaseLine, type Line } from './curves.ts';
import type { Theme } from './palette.ts';
import { sampled, type Size } from './plot.ts';
import type { RunsData } from './runs.ts';
import type { Figure } from './svg.ts';

const window = 25;
const points = 300;

/** A figure of errors over the last results: mean absolute error with its standard error as the band. */
export function errorFigure({ runs, measure }: RunsData, theme: Theme, size?: Size): Figure {
  const all = runs.map(({ science }) => errorsOf(science));
  const lines = runs.map(({ name }, i): Line => {
    const { x, model, band } = all[i] ?? noErrors;
    return { name: runs.length === 1 ? 'the model' : x.length === 0 ? `${name}: none` : name, x, mean: model, band };
  });
  const [first = noErrors] = all;
  const guess: BaseLine = {
    name: 'mean of what was known',
    x: first.x,
    mean: first.guess,
    band: null,
    stroke: 'dashed',
  };
  const caption =
    `Mean absolute error over the last ${window} results that a model had chosen; band: its standard error. ` +
    'Below the dashed line a model knows more than the mean of the results before.';
  const words = {
    title: 'Error of predictions on new results',
    caption,
    x: 'simulations that succeeded',
    y: `error, ${measure.unit}`,
  };
  return curvesFigure({ words, lines, baselines: runs.length === 1 ? [guess] : [] }, theme, size);
}

interface Errors {
  readonly x: readonly number[];
  readonly model: readonly number[];
  readonly band: readonly number[];
  readonly guess: readonly number[];
}

const noErrors: Errors = { x: [], model: [], band: [], guess: [] };

/** Errors after each result that was predicted, over the last ones. */
export function errorsOf({ results }: Pick<Science, 'results'>): Errors {
  const errors: { at: number; model: number; guess: number }[] = [];
  let sum = 0;
  results.value.forEach((value, i) => {
    const predicted = results.predicted[i] ?? null;
    if (predicted !== null && i > 0) {
      errors.push({ at: i + 1, model: Math.abs(value - predicted), guess: Math.abs(value - sum / i) });
    }
    sum += value;
  });
  const least = Math.min(5, errors.length);
  const ends = sampled(errors.length - least + 1, points)
    .map((i) => i + least)
    .filter((end) => end > 0);
  const lasts = ends.map((end) => errors.slice(Math.max(0, end - window), end));
  const mean = (some: readonly number[]): number => some.reduce((total, one) => total + one, 0) / some.length;
  const deviation = (some: readonly number[]): number => {
    const middle = mean(some);
    return Math.sqrt(some.reduce((total, one) => total + (one - middle) ** 2, 0) / Math.max(1, some.length - 1));
  };
  return {
    x: lasts.map((some) => some.at(-1)?.at ?? 0),
    model: lasts.map((some) => mean(some.map(({ model }) => model))),
    band: lasts.map((some) => deviation(some.map(({ model }) => model)) / Math.sqrt(some.length)),
    guess: lasts.map((some) => mean(some.map(({ guess }) => guess))),
  };
}
