/** Logs of simulated campaigns, as a server would hold them: what an audit must find to be in order. */
import { batched } from '../../../campaigns/molecular-design/policies/batched.ts';
import { random } from '../../../campaigns/molecular-design/policies/random.ts';
import { settings } from '../../../campaigns/molecular-design/settings.ts';
import { Auditor, type AuditReport } from '../../../src/audit/auditor.ts';
import type { ActorPlan } from '../../../src/protocol/actor.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { finished } from '../actors/sample-facts.ts';
import { SimulatedCampaign, type Weather } from '../actors/simulated-campaign.ts';

export interface SampleLog {
  readonly plans: readonly ActorPlan[];
  readonly facts: readonly StoredFact[];
  readonly isOver: boolean;
}

/** The log of a campaign of some tasks, with so many that wait beyond the slots, run to its end or pause in this weather. */
export function sampleLog(
  policy: 'batched' | 'random',
  weather: Partial<Weather> = {},
  total = 8,
  lookahead = 0,
): SampleLog {
  const input = {
    settings: settings.parse({ policy, total, initial: 3, batch: 2, lookahead, seed: 1 }),
    candidates: 3 * total,
    objects: { fingerprints: 'f'.repeat(64) },
  };
  const plans = policy === 'batched' ? batched(input) : random(input);
  const campaign = new SimulatedCampaign(plans, weather);
  campaign.run();
  return { plans, facts: campaign.log.map(complete), isOver: campaign.stateOf('campaign') === 'ended' };
}

/** A fact as the runtime stores it: with whole tasks. */
function complete(fact: StoredFact): StoredFact {
  if (fact.event.type !== 'task.created') return fact;
  const { task } = finished({ ...(fact.event['task'] as object), source: fact.source }, { value: null }).result;
  return { ...fact, event: { ...fact.event, task: { ...task, createdAt: fact.sequence } } };
}

/** What an audit finds in a log. */
export function audit({ plans, facts, isOver }: SampleLog): AuditReport {
  const auditor = new Auditor(plans);
  for (const fact of facts) auditor.take(fact);
  return auditor.finish({ isOver });
}

/** The log without one of its facts, others in its place, later ones moved up or down. */
export function spliced(log: SampleLog, sequence: number, remove: number, ...insert: readonly StoredFact[]): SampleLog {
  const facts = log.facts.toSpliced(sequence - 1, remove, ...insert);
  return { ...log, facts: facts.map((fact, index) => ({ ...fact, sequence: index + 1 })) };
}

/** The log with one of its facts changed. */
export function changed(log: SampleLog, sequence: number, change: Partial<StoredFact>): SampleLog {
  return { ...log, facts: log.facts.map((fact) => (fact.sequence === sequence ? { ...fact, ...change } : fact)) };
}

/** The first fact of a source and type that a test wants, from some place on. */
export function find({ facts }: SampleLog, source: string, type: string, from = 0): StoredFact {
  const fact = facts.find((one) => one.sequence >= from && one.source === source && one.event.type === type);
  if (fact === undefined) throw new Error(`the log has no ${source}.${type} from ${from} on`);
  return fact;
}
