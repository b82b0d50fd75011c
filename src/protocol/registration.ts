import { z } from 'zod';
import { protocolVersion } from './task.ts';

/** What a worker says of itself, in the bucket `cox-workers` under its id. */
export const registrationSchema = z.object({
  v: z.literal(protocolVersion),
  id: z.string(),
  host: z.string(),
  pid: z.number().int(),
  slots: z.number().int().positive(),
  /** The classes of tasks that it computes: campaign, digest of its methods, and their names. */
  classes: z.record(z.string(), z.object({ name: z.string(), digest: z.string(), methods: z.array(z.string()) })),
  labels: z.record(z.string(), z.string()),
  version: z.string(),
  /** ms since 1970. */
  startedAt: z.number(),
  /** True once it takes no more tasks and only finishes those it has. */
  draining: z.boolean().default(false),
});
export type Registration = z.infer<typeof registrationSchema>;

/** What a worker says about once a second, and when what it holds has changed. */
export const beatSchema = z.object({
  v: z.literal(protocolVersion),
  id: z.string(),
  /** ms since 1970 by the worker's clock. */
  at: z.number(),
  slots: z.number().int().positive(),
  /** The tasks that it has taken and that have not ended: where their deliveries are answered, and since when they compute. */
  held: z.array(
    z.object({ campaign: z.string(), task: z.string(), reply: z.string(), runningSince: z.number().nullable() }),
  ),
  /** Load of the machine over 1, 5 and 15 minutes. */
  load: z.array(z.number()),
});
export type Beat = z.infer<typeof beatSchema>;
