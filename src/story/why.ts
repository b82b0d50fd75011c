/** Why a task: what was known when it was chosen, and how that turned out. */
import type { Records } from './records.ts';
import { duration, many, ordinal, valued } from './words.ts';

/** One paragraph. */
export function why(records: Records, row: number): string {
  const { tasks } = records;
  if (!records.isObjective(row)) return forTheModel(records, row);
  const sentences = [...chosen(records, row), ...outcome(records, row)];
  const { thing } = records;
  const label = tasks.labels[row] ?? '';
  return sentences.length === 0 ? `Nothing is known of why the ${thing} ${label} was chosen.` : sentences.join(' ');
}

function forTheModel({ tasks }: Records, row: number): string {
  const update = tasks.update.orNull(row);
  const trainedOn = tasks.trainedOn.orNull(row);
  const topic = tasks.topics.at(tasks.topic.at(row)) ?? '';
  if (update === null) return `A task of kind ${topic}, which is about no candidate.`;
  if (update === 0) return 'It chooses the first candidates, before there is a model.';
  return `It belongs to update ${update} of the model, due after ${many(trainedOn ?? 0, 'result')}.`;
}

function chosen(records: Records, row: number): string[] {
  const { tasks, knowledge, thing } = records;
  const choice = tasks.choiceOf(row);
  const pin = knowledge.usedPins.get(tasks.candidate.at(row));
  const said: string[] = [];
  if (pin !== undefined) {
    said.push(`${pin.by} pinned it before all others${pin.reason === '' ? '' : ` (“${pin.reason}”)`}.`);
  }
  if (choice === null) return said;
  const { rank, update, trainedOn, mean, score } = choice;
  if (choice.by === 'shuffle')
    said.push(`Nothing was ranked, so it was the next in the shuffled order of all ${thing}s.`);
  else if (choice.by === 'first') {
    said.push(
      `It was the ${ordinal(rank ?? 1)} of the first ${thing}s, chosen before there was any result to learn from.`,
    );
  } else if (rank !== null && update !== null) {
    said.push(
      `The model of update ${update}, which knew ${many(trainedOn ?? 0, 'result')}, ranked it ${ordinal(rank)}` +
        `${score === null ? '' : ` with a score of ${Number(score.toPrecision(4))}`}.`,
    );
  } else if (choice.by !== 'pin') said.push(`It was chosen by ${choice.by}.`);
  if (mean !== null) said.push(`It was expected to be ${expected(records, row)}.`);
  const { stale } = choice;
  if (stale !== null && update !== null && update > 0) {
    const since = stale.results === 0 ? 'no result was newer' : `${many(stale.results, 'result')} had come in since`;
    const old = stale.seconds < 0.05 ? 'new' : `${duration(stale.seconds * 1_000)} old`;
    said.push(`The ranking was ${old}, and ${since}.`);
  }
  return said;
}

function expected({ tasks, options }: Records, row: number): string {
  const { unit } = options.objective;
  const deviation = tasks.deviation.orNull(row);
  const about = deviation === null ? '' : `${tasks.mean.at(row).toFixed(4)} ± ${valued(deviation, unit)}`;
  return deviation === null ? valued(tasks.mean.at(row), unit) : about;
}

function outcome({ tasks, options }: Records, row: number): string[] {
  const value = tasks.value.orNull(row);
  const { unit } = options.objective;
  if (value === null) {
    const state = tasks.stateOf(row);
    if (state === 'queued') return ['It waits for a slot.'];
    if (state === 'running') return ['It is not done yet.'];
    if (state === 'withdrawn') return ['It was withdrawn before it began, since others had come before it.'];
    return state === 'failed' ? [`It failed: ${tasks.failures.get(row)?.message ?? 'no reason was given'}.`] : [];
  }
  const mean = tasks.mean.orNull(row);
  const deviation = tasks.deviation.orNull(row);
  if (mean === null) return [`Its value is ${valued(value, unit)}.`];
  const off = value - mean;
  const side = off >= 0 ? 'above' : 'below';
  const inDeviations =
    deviation === null || deviation <= 0 ? '' : ` (${(Math.abs(off) / deviation).toFixed(1)} of the ±)`;
  return [`It came out at ${valued(value, unit)}, ${valued(Math.abs(off), unit)} ${side} that${inDeviations}.`];
}
