/** What scripts and campaign folders import from `coxswain`. */
export { z as schema } from 'zod';
export { defineCampaign, type CampaignDefinition, type Candidates, type Objective, type Policy } from './campaign/definition.ts';
export type { ActorDefinition, ActorPlan } from './protocol/actor.ts';
export * from './protocol/errors.ts';
export { defineMethod, type Method, type MethodContext, type ProgramOutcome } from './protocol/method.ts';
export { objectRefSchema, type ObjectRef } from './protocol/object-ref.ts';
export type { Task, TaskFailure, TaskResult } from './protocol/task.ts';
