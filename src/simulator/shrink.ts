/** The shortest history of a failure that can be found by leaving things out. */
import type { Scenario } from './scenario.ts';

/** Whether a scenario still fails. */
type Fails = (scenario: Scenario) => Promise<boolean>;

/**
 * A scenario that fails as the given one does, with as few faults, tasks and processes as were needed in so many trials.
 *
 * Faults are left out in halves, quarters, and one by one (after Zeller's delta debugging, 2002, doi:10.1109/32.988498); then
 * everything else is made smaller, a little at a time, as long as that changes anything.
 */
export async function shrink(scenario: Scenario, fails: Fails, mostTrials = 400): Promise<Scenario> {
  let trials = 0;
  const stillFails: Fails = async (smaller) => {
    trials += 1;
    return trials <= mostTrials && (await fails(smaller));
  };
  let now = scenario;
  for (let before: Scenario | null = null; now !== before && trials < mostTrials;) {
    before = now;
    now = await fewerFaults(now, stillFails);
    for (const smaller of smallerThan) now = await repeat(now, smaller, stillFails);
  }
  return now;
}

async function fewerFaults(scenario: Scenario, fails: Fails): Promise<Scenario> {
  let now = scenario;
  for (let size = Math.ceil(now.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < now.faults.length;) {
      const faults = [...now.faults.slice(0, from), ...now.faults.slice(from + size)];
      if (await fails({ ...now, faults })) now = { ...now, faults };
      else from += size;
    }
  }
  return now;
}

async function repeat(
  scenario: Scenario,
  smaller: (scenario: Scenario) => Partial<Scenario> | null,
  fails: Fails,
): Promise<Scenario> {
  let now = scenario;
  for (;;) {
    const change = smaller(now);
    if (change === null || !(await fails({ ...now, ...change }))) return now;
    now = { ...now, ...change };
  }
}

/** Each makes one thing smaller; null where it cannot be any smaller. */
const smallerThan: readonly ((scenario: Scenario) => Partial<Scenario> | null)[] = [
  ({ weather }) => (weather.lost + weather.unanswered > 0 ? { weather: { ...weather, lost: 0, unanswered: 0 } } : null),
  ({ tasks }) => (tasks.failing > 0 ? { tasks: { ...tasks, failing: 0 } } : null),
  ({ tasks }) => (tasks.shape === 'constant' ? null : { tasks: { ...tasks, shape: 'constant' } }),
  ({ total, initial }) => (total > 1 ? fewerTasks(Math.ceil(total / 2), initial) : null),
  ({ total, initial }) => (total > 1 ? fewerTasks(total - 1, initial) : null),
  ({ lookahead }) => (lookahead > 0 ? { lookahead: lookahead - 1 } : null),
  ({ workers }) => (workers > 1 ? { workers: Math.ceil(workers / 2) } : null),
  ({ slots }) => (slots > 1 ? { slots: 1 } : null),
  ({ hosts }) => (hosts > 1 ? { hosts: hosts - 1 } : null),
  ({ candidates, total }) => (candidates > total + 1 ? { candidates: Math.ceil((candidates + total) / 2) } : null),
  ({ faults }) => {
    const index = faults.findIndex(({ steps }) => steps > 0);
    return index < 0 ? null : { faults: faults.map((fault, n) => (n === index ? { ...fault, steps: 0 } : fault)) };
  },
];

const fewerTasks = (total: number, initial: number): Partial<Scenario> => ({
  total,
  initial: Math.min(initial, total),
});
