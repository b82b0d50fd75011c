import { z } from 'zod';
import { attemptSchema, taskFailureSchema } from '../protocol/task.ts';

/** One line of `results.jsonl`: a task of any kind, from creation to decision. Times are ms since 1970. */
export const resultLineSchema = z.object({
  id: z.string(),
  method: z.string(),
  topic: z.string(),
  arguments: z.unknown(),
  candidate: z.number().nullable(),
  choice: z.record(z.string(), z.unknown()).nullable(),
  success: z.boolean(),
  value: z.unknown(),
  failure: taskFailureSchema.nullable(),
  /** What was tried before this came of it, oldest first. */
  attempts: z.array(attemptSchema).default([]),
  worker: z.object({ id: z.string(), host: z.string(), child: z.number() }),
  pool: z.string(),
  slots: z.number(),
  resources: z.object({ wallMs: z.number(), cpuMs: z.number() }),
  times: z.object({
    created: z.number(),
    queued: z.number(),
    pickedUp: z.number(),
    computeStarted: z.number(),
    computeEnded: z.number(),
    stored: z.number(),
    received: z.number().nullable(),
    decided: z.number(),
  }),
  serialisationMs: z.object({ arguments: z.number(), value: z.number() }),
  /** Places in the campaign's log: of the result, and of the decision to count it. */
  sequence: z.number(),
  recorded: z.number(),
});
export type ResultLine = z.infer<typeof resultLineSchema>;
