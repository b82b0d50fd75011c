/** What scripts and campaign folders import from `coxswain`. */
import type { TaskClient, TaskClientOptions } from './tasks/client.ts';

export { z as schema } from 'zod';
export {
  defineCampaign,
  type AnswerReader,
  type Answers,
  type CampaignDefinition,
  type Candidates,
  type ExtendedCandidates,
  type Objective,
  type Policy,
} from './campaign/definition.ts';
export { packageRoot } from './campaign/load.ts';
export type { ActorDefinition, ActorPlan } from './protocol/actor.ts';
export * from './protocol/errors.ts';
export { defineMethod, type Method, type MethodContext, type ProgramOutcome } from './protocol/method.ts';
export { objectRefSchema, type ObjectRef } from './protocol/object-ref.ts';
export type { Task, TaskFailure, TaskResult } from './protocol/task.ts';
export type { SubmitOptions, TaskClient, TaskClientOptions } from './tasks/client.ts';

/**
 * Where to submit tasks without any campaign, and take their results: `connectTasks` of `src/tasks/client.ts`.
 *
 * NATS is loaded when this is called: the processes that compute import this module too, and have no use for it.
 */
export async function connectTasks(options?: TaskClientOptions): Promise<TaskClient> {
  return (await import('./tasks/client.ts')).connectTasks(options);
}
