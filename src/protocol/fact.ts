/**
 * Facts: what actors, workers and people say in a campaign's log. A fact's event is an XState event; around it stands what
 * the runtime needs to deliver it once and in order.
 */
import { z } from 'zod';
import { ProtocolError } from './errors.ts';
import { protocolVersion } from './task.ts';

/** One stored message of a campaign's log. */
export const factSchema = z.object({
  v: z.literal(protocolVersion),
  /** `<actor>/<sequence of the causing event>/<n>` from an actor; chosen by an outsider. */
  id: z.string().min(1),
  /** Which of its actor's facts it is, 1, 2, 3, ...; null from an outsider, which has no replay. */
  number: z.number().int().positive().nullable(),
  /** Sequence of the fact that caused it; 0 for an actor's first breath; null from an outsider. */
  cause: z.number().int().nonnegative().nullable(),
  /** When the cause reached the process that runs the actor, and when this was said: ms since 1970 by that host's clock. */
  heardAt: z.number().nullable(),
  saidAt: z.number(),
  event: z.looseObject({ type: z.string().min(1) }),
});
export type Fact = z.infer<typeof factSchema>;

/** A fact as it was read from the log. */
export interface StoredFact extends Fact {
  /** Its place in the log. */
  readonly sequence: number;
  readonly source: string;
  /** The server's clock when it was stored, ms since 1970. */
  readonly storedAt: number;
}

const decoder = new TextDecoder();

/**
 * Read a message by its schema.
 * @throws ProtocolError that names the subject and what does not fit; a message of a newer protocol is refused by name.
 */
export function decode<T>(schema: z.ZodType<T>, payload: Uint8Array, where: string): T {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(payload));
  } catch (cause) {
    throw new ProtocolError(`${where}: not JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const version = typeof json === 'object' && json !== null && 'v' in json ? json.v : undefined;
  if (typeof version === 'number' && version > protocolVersion) {
    throw new ProtocolError(
      `${where}: protocol ${version} is newer than the ${protocolVersion} this Coxswain speaks; update it on this host`,
      { code: 'protocol.newer' },
    );
  }
  throw misfit(where, parsed.error);
}

/** The error for a message that does not fit its schema: where, and each thing that is wrong with it. */
export function misfit(where: string, error: z.ZodError): ProtocolError {
  return new ProtocolError(`${where}: ${z.prettifyError(error).replaceAll('\n', '; ')}`);
}
