/** The reference campaign without chemistry: its actors, its tasks, and results that are near enough for them. */
import { batch } from '../../../campaigns/molecular-design/policies/batch.ts';
import { batched } from '../../../campaigns/molecular-design/policies/batched.ts';
import { random } from '../../../campaigns/molecular-design/policies/random.ts';
import { reallocating } from '../../../campaigns/molecular-design/policies/reallocating.ts';
import { streaming } from '../../../campaigns/molecular-design/policies/streaming.ts';
import { settings } from '../../../campaigns/molecular-design/settings.ts';
import type { ActorPlan } from '../../../src/protocol/actor.ts';
import { taskRequestSchema } from '../../../src/protocol/events.ts';
import { subjects } from '../../../src/protocol/subjects.ts';
import { protocolVersion, type Task } from '../../../src/protocol/task.ts';

/** The policies of the reference campaign, by name. */
export const policies = { random, batch, batched, streaming, reallocating } as const;

/** The actors of a campaign over so many candidates. */
export function plansOf(
  policy: keyof typeof policies,
  candidates: number,
  given: { total: number; initial: number; batch: number; seed: number } & Readonly<Record<string, unknown>>,
): readonly ActorPlan[] {
  const object = 'f'.repeat(64);
  const input = {
    // The reference unless asked otherwise: no first choice, nothing arranged.
    settings: settings.parse({ policy, model: 'knn', ...given }),
    candidates,
    objects: { fingerprints: object, features: object },
  };
  return policies[policy](input);
}

/** How a campaign's steering makes whole tasks. */
export function completeTaskOf(campaign: string): (request: unknown, source: string, createdAt: number) => Task {
  return (request, source, createdAt) => {
    const asked = taskRequestSchema.parse(request);
    const report = subjects.log(campaign, 'worker', 'task.finished');
    const given = asked.arguments ?? { smiles: `C${asked.candidate ?? 0}` };
    return {
      v: protocolVersion,
      ...asked,
      campaign,
      source,
      arguments: given,
      timeoutMs: null,
      memoryMb: null,
      report,
      createdAt,
    };
  };
}

/** What the methods of the campaign would return, near enough for its actors. */
export function valueOf(task: Task): unknown {
  if (task.topic === 'simulate') return { ionizationEnergyHa: 0.4 + ((task.candidate ?? 0) % 17) / 100 };
  if (task.topic === 'train') return { model: task.number.toString(16).padStart(64, '0') };
  if (task.method === 'choose-first') return { ranking: [[0, 1]] };
  if (task.method === 'arrange-ranking') return { ranking: (task.arguments as { ranking: unknown }).ranking };
  const { from, to, exclude } = task.arguments as { from: number; to: number; exclude: number[] };
  const left = Array.from({ length: to - from }, (_, n) => from + n).filter((one) => !exclude.includes(one));
  const best = left.map((one): [number, number] => [one, ((one * 7) % 31) / 31]).sort((a, b) => b[1] - a[1]);
  return { best, scored: left.length };
}
