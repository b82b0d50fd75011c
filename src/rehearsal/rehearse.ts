/** One campaign, rehearsed: the real actors, policies and methods of the model, answers from a table, and virtual time. */
import type { Answers, CampaignDefinition, CommonSettings } from '../campaign/definition.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { ConfigError, InvariantError } from '../protocol/errors.ts';
import { objectRefOf, type ObjectRef } from '../protocol/object-ref.ts';
import type { Task, TaskFailure } from '../protocol/task.ts';
import type { Computation } from '../simulator/simulated-worker.ts';
import { runScenario } from '../simulator/world.ts';
import { InProcessMethods } from './in-process-methods.ts';
import { learningMs, simulationMs, type TimeModel } from './task-times.ts';
import { TraceBuilder, type Trace } from './trace.ts';

/** The machines of a rehearsal: workers, and slots of each. */
export interface Fleet {
  readonly workers: number;
  readonly slots: number;
}

export interface RehearsalOptions {
  readonly definition: CampaignDefinition;
  readonly settings: CommonSettings;
  readonly answers: Answers;
  readonly seed: number;
  readonly fleet: Fleet;
  readonly times: TimeModel;
}

/** One way, ms: a server in the same room. */
const latencyMs = 0.5;

const noAnswer: TaskFailure = {
  code: 'answer.missing',
  message: 'the table has no value for this candidate',
  retry: 'never',
  details: {},
};

/**
 * Run a campaign to its end; the same options give the same trace, whatever the machine.
 * @throws InvariantError when the audit finds something wrong with it, or a method of the model fails.
 */
export async function rehearse(options: RehearsalOptions): Promise<Trace> {
  const { definition, settings, answers, seed, fleet, times } = options;
  const { objective } = definition;
  const { candidates, values } = answers;
  const methods = new InProcessMethods(definition.methods, Object.values(candidates.objects));
  const plans = rehearsedPlans(definition, settings, candidates.count, objectRefsOf(answers));
  const trace = new TraceBuilder(objective);
  const compute = async (task: Task): Promise<Computation> => {
    if (task.topic !== objective.topic) {
      return { durationMs: learningMs(times, task), value: await methods.run(task), failure: null };
    }
    const candidate = task.candidate ?? -1;
    const durationMs = simulationMs(times, seed, candidate);
    const value = values[candidate] ?? NaN;
    if (Number.isNaN(value)) return { durationMs, value: null, failure: noAnswer };
    return { durationMs, value: { [objective.field]: value }, failure: null };
  };
  const scenario = {
    seed,
    policy: settings.policy,
    candidates: candidates.count,
    total: settings.total,
    initial: 1,
    batch: 1,
    lookahead: 0,
    steering: {},
    workers: fleet.workers,
    slots: fleet.slots,
    hosts: 1,
    weather: { latencyMs, lost: 0, unanswered: 0 },
    tasks: { medianMs: 1_000 * times.medianSeconds, shape: 'constant', failing: 0 },
    faults: [],
  } as const;
  const { violations } = await runScenario({
    scenario,
    campaign: { objective, plansOf: () => plans },
    compute,
    observe: (fact) => trace.take(fact),
  });
  const [first] = violations;
  if (first === undefined) return trace.finish();
  throw new InvariantError(
    `the rehearsal of policy ${settings.policy} with seed ${seed} went wrong at fact ${first.sequence}: ${first.message}`,
    { code: 'rehearsal.violation' },
  );
}

/** References of the objects of a table's candidates, by name. */
export function objectRefsOf({ candidates }: Answers): Record<string, ObjectRef> {
  return Object.fromEntries(Object.entries(candidates.objects).map(([name, bytes]) => [name, objectRefOf(bytes)]));
}

/** The actors of a campaign with these settings. @throws ConfigError when it has no such policy. */
export function rehearsedPlans(
  { name, policies }: CampaignDefinition,
  settings: CommonSettings,
  candidates: number,
  objects: Readonly<Record<string, ObjectRef>>,
): readonly ActorPlan[] {
  const policy = policies[settings.policy];
  if (policy === undefined) throw new ConfigError(`campaign ${name} has no policy "${settings.policy}"`);
  return policy({ settings, candidates, objects });
}
