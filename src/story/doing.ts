/** What a campaign is doing and why, for people who have never read the code. */
import { topicOf } from './present.ts';
import type { Records } from './records.ts';
import { duration, many, ordinal, valued } from './words.ts';

/** One to three short sentences. */
export function doing(records: Records, now: number): string[] {
  const { course } = records;
  switch (course.state) {
    case 'created':
      return ['Nothing has been started yet.', ...workersThere(records)];
    case 'paused':
      return [
        course.reason.startsWith('paused') ? `${capital(course.reason)}.` : `Paused${because(course.reason)}.`,
        `${soFar(records)} Nothing is lost; it can be resumed.`,
      ];
    case 'ended':
      return [`Finished${because(course.reason)}.`, soFar(records)];
    case 'draining':
      return [
        `Nothing new starts${because(course.reason)}.`,
        records.running.size === 0
          ? 'The last results are being counted.'
          : `${capital(many(records.running.size, 'task'))} still ${records.running.size === 1 ? 'runs' : 'run'} to the end.`,
      ];
    case 'running':
      return running(records, now);
  }
}

function running(records: Records, now: number): string[] {
  const nobody = workersThere(records);
  if (nobody.length > 0) return nobody;
  const simulating = simulations(records);
  const update = updateText(records, now);
  if (records.course.waitsForFirst) {
    return [`The first ${records.thing}s are being chosen, before there is any result to learn from.`];
  }
  const sentences = [...simulating, ...update];
  if (sentences.length > 0) return sentences;
  const others = [...records.running];
  if (others.length > 0) return [`Running ${many(others.length, 'task')} (${topicOf(records, others[0] ?? 0)}).`];
  return ['Every slot is free: the next tasks are on their way.'];
}

function workersThere({ workers, course }: Records): string[] {
  const there = [...workers.values()].filter(({ goneAt }) => goneAt === null);
  if (there.length > 0) return [];
  return course.state === 'running' ? ['No worker is there, so nothing is computed. It goes on when one joins.'] : [];
}

function simulations(records: Records): string[] {
  const { counts, options, thing } = records;
  const rows = [...records.running].filter((row) => records.isObjective(row));
  if (rows.length === 0) return [];
  const what = `Simulating ${many(rows.length, thing)}`;
  if (options.total === null) return [`${what}; ${counts.succeeded.toLocaleString('en')} succeeded so far.`];
  const first = Math.min(counts.succeeded + 1, options.total);
  const last = Math.min(counts.succeeded + rows.length, options.total);
  const which =
    first === last
      ? `the ${ordinal(first)}`
      : `the ${ordinal(first)} ${last === first + 1 ? 'and' : 'to'} ${ordinal(last)}`;
  return [`${what}, ${which} of ${options.total.toLocaleString('en')}.`];
}

function updateText(records: Records, now: number): string[] {
  const { course, knowledge } = records;
  const { waitsForUpdate } = course;
  const update = knowledge.underWay;
  const stage =
    update === null
      ? null
      : update.trainedAt === null
        ? `training for ${duration(now - update.startedAt)}`
        : `ranking what is left for ${duration(now - update.trainedAt)}`;
  if (waitsForUpdate !== null) {
    const known = `Submission is paused until the model knows ${many(waitsForUpdate.successes, 'result')}`;
    return [`${known}${stage === null ? '' : `: ${stage}`}.`];
  }
  if (update === null || stage === null) return [];
  return [`Meanwhile the model learns from ${many(update.trainedOn, 'result')}: ${stage}.`];
}

function soFar({ counts, finds, options, thing }: Records): string {
  const found = finds.orNull(finds.length - 1) ?? 0;
  const side = options.seek === 'highest' ? 'above' : 'below';
  return `${capital(many(counts.succeeded, thing))} simulated, ${found.toLocaleString('en')} of them ${side} ${valued(options.threshold, options.objective.unit)}.`;
}

const because = (reason: string): string => (reason === '' ? '' : `: ${reason}`);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
