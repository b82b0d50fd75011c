import { z } from 'zod';
import { protocolVersion } from './task.ts';

/** What a worker says of itself, in the bucket `cox-workers` under its id. */
export const registrationSchema = z.object({
  v: z.literal(protocolVersion),
  id: z.string(),
  host: z.string(),
  pid: z.number().int(),
  slots: z.number().int().positive(),
  /** The methods of each class of tasks that it computes. */
  classes: z.record(z.string(), z.array(z.string())),
  labels: z.record(z.string(), z.string()),
  version: z.string(),
  /** ms since 1970. */
  startedAt: z.number(),
  /** True once it takes no more tasks and only finishes those it has. */
  draining: z.boolean().default(false),
});
export type Registration = z.infer<typeof registrationSchema>;
