/** What must be true of a campaign's log, however often its host died. */
import type { ActorPlan } from '../../../src/protocol/actor.ts';
import { taskRequestSchema } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import type { Task } from '../../../src/protocol/task.ts';
import { beginActor, takeFact, type ActorState, type Said } from '../../../src/runtime/step.ts';

/** A log that was checked: its facts without those that came again, the tasks that were asked for, what was recorded. */
export interface CheckedLog {
  readonly firsts: readonly StoredFact[];
  readonly created: readonly Task[];
  readonly recorded: readonly StoredFact[];
  /** What should not be; empty when all is well. */
  readonly violations: string[];
}

/** Check the whole log of a campaign that has ended. */
export function checkLog(plans: readonly ActorPlan[], facts: readonly StoredFact[]): CheckedLog {
  const violations: string[] = [];
  const firsts = firstOccurrences(facts, violations);
  checkChannels(firsts, violations);
  checkSlots(facts, violations);
  checkInformed(firsts, violations);
  checkReplay(plans, facts, firsts, violations);
  const created = firsts.flatMap(({ event }) => (event.type === 'task.created' ? [event['task'] as Task] : []));
  checkCandidates(created, violations);
  const recorded = firsts.filter(({ event }) => event.type === 'result.recorded');
  expectSame(
    violations,
    'tasks recorded, of those created',
    recorded.map(({ event }) => String(event['task'])),
    created.map(({ id }) => id),
  );
  return { firsts, created, recorded, violations };
}

/** Facts by their first occurrence; a second one must say the same. */
function firstOccurrences(facts: readonly StoredFact[], wrong: string[]): StoredFact[] {
  const firsts = new Map<string, StoredFact>();
  for (const fact of facts) {
    const key = `${fact.source} ${fact.id}`;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, fact);
    else if (essence(first) !== essence(fact)) wrong.push(`${key} was said twice, and differently`);
  }
  return [...firsts.values()];
}

/** What a replay must say again, to the letter: everything but the time at which a task was asked for. */
function essence({ event, number }: Pick<StoredFact, 'event' | 'number'>): string {
  if (event.type !== 'task.created') return ordered([number, event]);
  const task = taskRequestSchema.parse(event['task']);
  return ordered([number, { ...task, arguments: task.candidate === null ? task.arguments : null }]);
}

/** JSON with the fields of every object in the order of their names. */
function ordered(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function checkChannels(firsts: readonly StoredFact[], wrong: string[]): void {
  const channels = new Map<string, number[]>();
  for (const { source, number } of firsts) {
    if (number === null) continue;
    channels.set(source, [...(channels.get(source) ?? []), number]);
  }
  for (const [channel, numbers] of channels) {
    const sorted = numbers.sort((a, b) => a - b);
    if (sorted.some((number, index) => number !== index + 1)) wrong.push(`${channel} has numbers ${sorted.join(' ')}`);
  }
}

function checkSlots(facts: readonly StoredFact[], wrong: string[]): void {
  for (const { event, sequence } of facts) {
    if (event.type !== 'slots.changed') continue;
    const pools = Object.values(event['pools'] as Record<string, { allocated: number; free: number }>);
    const sum = pools.reduce((slots, { allocated, free }) => slots + allocated + free, 0);
    const isNegative = pools.some(({ allocated, free }) => allocated < 0 || free < 0);
    if (sum !== event['capacity'] || isNegative) wrong.push(`slots at ${sequence}: ${JSON.stringify(event)}`);
  }
}

/** Nothing is submitted on a slot before the result that freed it was decided on. */
function checkInformed(firsts: readonly StoredFact[], wrong: string[]): void {
  const grants = new Map(firsts.map(({ event }) => [event['grant'], event['freedBy'] as number | null]));
  const decidedAt = new Map(firsts.map(({ event, sequence }) => [event['sequence'], sequence]));
  for (const { event, source, cause } of firsts) {
    if (source !== 'submitter' || event.type !== 'task.created') continue;
    const { id, grant } = event['task'] as Task;
    const freedBy = grants.get(grant) ?? null;
    const decided = freedBy === null ? 0 : (decidedAt.get(freedBy) ?? Infinity);
    if (cause === null || cause < decided)
      wrong.push(
        `${id} was submitted at ${cause ?? 'no time'}, and the result ${freedBy ?? 0} decided on at ${decided}`,
      );
  }
}

function checkCandidates(created: readonly Task[], wrong: string[]): void {
  const seen = new Map<number, string>();
  for (const { id, candidate } of created) {
    if (candidate === null) continue;
    const other = seen.get(candidate);
    if (other !== undefined) wrong.push(`candidate ${candidate} was submitted as ${other} and as ${id}`);
    seen.set(candidate, id);
  }
}

/** The log, replayed to each actor without any host, must give exactly the facts that it holds. */
function checkReplay(
  plans: readonly ActorPlan[],
  facts: readonly StoredFact[],
  firsts: readonly StoredFact[],
  wrong: string[],
): void {
  for (const { actor, input } of plans) {
    const said: Said[] = [];
    const first = beginActor(actor, input, 0);
    said.push(...first.said);
    let state: ActorState = first;
    for (const fact of facts) {
      const step = takeFact(actor, state, fact);
      state = step;
      said.push(...step.said);
    }
    const logged = firsts.filter(({ source, number }) => source === actor.name && number !== null);
    expectSame(
      wrong,
      `facts of ${actor.name}, of those that a replay gives`,
      logged.map((fact) => `${fact.id} ${essence(fact)}`),
      said.map(({ id, number, event }) => `${id} ${essence({ number, event })}`),
    );
  }
}

/** Note what is missing of a list, what is too much, and what stands there twice. */
export function expectSame(wrong: string[], what: string, found: readonly string[], wanted: readonly string[]): void {
  const missing = wanted.filter((one) => !found.includes(one));
  const more = found.filter((one) => !wanted.includes(one));
  if (missing.length > 0 || more.length > 0 || found.length !== wanted.length)
    wrong.push(
      `${what}: ${found.length} for ${wanted.length}; missing: ${missing.join(', ')}; more: ${more.join(', ')}`,
    );
}
