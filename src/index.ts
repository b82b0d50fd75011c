/** What scripts and campaign folders import from `coxswain`. */
export { z as schema } from 'zod';
export * from './protocol/errors.ts';
export { defineMethod, type Method, type MethodContext, type ProgramOutcome } from './protocol/method.ts';
export type { ObjectRef } from './protocol/object-ref.ts';
export type { Task, TaskFailure, TaskResult } from './protocol/task.ts';
