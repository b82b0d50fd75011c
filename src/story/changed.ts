/** What a result changed, in words. */

import type { Records } from './records.ts';
import { many, ordinal, valued } from './words.ts';

export function changedBy(records: Records, row: number): string[] {
  const { tasks } = records;
  const state = tasks.stateOf(row);
  if (state === 'queued' || state === 'running') return ['Nothing yet: it has not ended.'];
  if (state === 'withdrawn')
    return ['Nothing: it was withdrawn before it began, and its candidate may be chosen again.'];
  if (state === 'failed') {
    const { code, message } = tasks.failures.get(row) ?? { code: 'unknown', message: '' };
    return [`It failed (${code}: ${message}) and teaches the model nothing; its candidate is not tried again.`];
  }
  if (!records.isObjective(row)) return [...updateOf(records, row)];
  const value = tasks.value.orNull(row);
  if (value === null) return ['It has ended, and is not counted yet.'];
  return [...place(records, row, value), ...dueUpdate(records, row)];
}

function place(records: Records, row: number, value: number): string[] {
  const { options, successes, finds, tasks, sign } = records;
  const { unit } = options.objective;
  const side = options.seek === 'highest' ? 'above' : 'below';
  const isFound = records.isFound(value);
  let better = 0;
  let best = NaN;
  let order = 0;
  for (; order < successes.length && successes.at(order) !== row; order += 1) {
    const earlier = tasks.value.at(successes.at(order));
    if (sign * earlier > sign * value) better += 1;
    if (Number.isNaN(best) || sign * earlier > sign * best) best = earlier;
  }
  const threshold = valued(options.threshold, unit);
  const said = [
    isFound
      ? `Found: it is ${side} ${threshold}, the ${ordinal(finds.at(order))} that is.`
      : `Not a find: it is not ${side} ${threshold}.`,
  ];
  if (order === 0) said.push('It was the first result.');
  else if (better === 0) said.push(`It became the best so far, before it ${valued(best, unit)}.`);
  else said.push(`It was the ${ordinal(better + 1)} best of ${many(order + 1, 'result')} then.`);
  return said;
}

/** The update of the model that it made due, and the first that knew it. */
function dueUpdate({ tasks, knowledge, successes, course }: Records, row: number): string[] {
  const isDue = tasks.updateDue.at(row) === 1;
  let order = 0;
  while (order < successes.length && successes.at(order) !== row) order += 1;
  const update = knowledge.updates.find(({ trainedOn, failed }) => trainedOn > order && !failed);
  if (update === undefined) {
    if (isDue) return ['It made an update of the model due.'];
    const isOver = course.state === 'ended';
    return [isOver ? 'No model has learnt from it: the end came first.' : 'No model has learnt from it yet.'];
  }
  const ranked =
    update.endedAt === null ? 'which is under way' : `which ranked ${many(update.scored, 'candidate')} anew`;
  return isDue
    ? [`It made update ${update.update} of the model due, ${ranked}.`]
    : [`Update ${update.update} of the model was the first to learn from it, ${ranked}.`];
}

/** What came of a task of an update of the model. */
function updateOf({ tasks, knowledge }: Records, row: number): string[] {
  const number = tasks.update.orNull(row);
  const update = knowledge.updates.find((one) => one.update === number);
  if (number === 0) return ['It chose the first candidates.'];
  if (update === undefined) return ['It is a part of no update that is known.'];
  return [
    `It is a part of update ${update.update} of the model, which knows ${many(update.trainedOn, 'result')}${
      update.rankedBy === null ? '' : ` and ranked ${many(update.scored, 'candidate')}`
    }.`,
  ];
}
