/** Scenarios and what came of them, as people read them. */
import type { StoredFact } from '../protocol/fact.ts';
import { describeFault } from './faults.ts';
import type { Scenario } from './scenario.ts';
import type { Outcome } from './world.ts';

const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** One line: what is run, on what. */
export function describeScenario(scenario: Scenario): string {
  const { seed, policy, total, lookahead, workers, slots, hosts, weather, tasks } = scenario;
  const astray = weather.lost > 0 ? `, ${percent(weather.lost + weather.unanswered)} of requests astray` : '';
  const failing = tasks.failing > 0 ? `, ${percent(tasks.failing)} fail` : '';
  const ahead = lookahead > 0 ? `, ${lookahead} ahead` : '';
  return (
    `seed ${seed}: ${policy}, ${many(total, 'task')}${ahead} of ${tasks.medianMs.toPrecision(3)} ms (${tasks.shape}${failing}) on ` +
    `${many(workers, 'worker')} of ${many(slots, 'slot')}, actors on ${many(hosts, 'process', 'processes')}, ` +
    `one way ${weather.latencyMs} ms${astray}`
  );
}

/** What a run was like, in a few lines. */
export function describeOutcome(outcome: Outcome): string[] {
  const { audit, measures, history, lives, startedAgain, virtualMs, largestSnapshotBytes } = outcome;
  const { decisionEvents: events, utilisation } = measures;
  return [
    `ended after ${(virtualMs / 1_000).toFixed(1)} s of its own time: ${audit.facts} facts, ${audit.effects.replayed} of actors, ` +
      `all as a replay says them; ${many(lives, 'life', 'lives')} of processes with actors, ` +
      `${many(startedAgain, 'computation')} repeated`,
    `utilisation ${percent(utilisation)}; decisions after ${events.p50} events (p50), ${events.p99} (p99), ${events.max} (most); the largest snapshot has ${Math.ceil(largestSnapshotBytes / 1_024)} KB`,
    `history ${history.slice(0, 16)}`,
  ];
}

/** A failure: what was left of the scenario, what is wrong, and the facts before it. */
export function describeFailure(scenario: Scenario, { violations, lastFacts }: Outcome, factCount = 12): string[] {
  const [first] = violations;
  const at = first?.sequence ?? Infinity;
  const before = lastFacts.filter(({ sequence }) => sequence <= at).slice(-factCount);
  return [
    describeScenario(scenario),
    ...scenario.faults.map((fault) => `  ${describeFault(fault)}`),
    ...(scenario.faults.length === 0 ? ['  without any fault'] : []),
    `at ${at}: ${first?.message ?? 'nothing is wrong'}${violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''}`,
    'the last facts:',
    ...before.map((fact) => `  ${describeFact(fact)}`),
  ];
}

function describeFact({ sequence, source, id, event }: StoredFact): string {
  const text = JSON.stringify(event);
  return `${sequence} ${source} ${id} ${text.length > 160 ? `${text.slice(0, 157)}...` : text}`;
}
