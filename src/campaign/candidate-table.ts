/** The arguments of every candidate as one object: a host that runs actors needs no copy of the search space. */
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { protocolVersion } from '../protocol/task.ts';
import type { Candidates } from './definition.ts';

const tableSchema = z.object({ v: z.literal(protocolVersion), arguments: z.array(z.unknown()) });

/** The table as bytes, the same for the same space. */
export function writeCandidateTable({ count, argumentsOf }: Pick<Candidates, 'count' | 'argumentsOf'>): Uint8Array {
  const table = {
    v: protocolVersion,
    arguments: Array.from({ length: count }, (_, candidate) => argumentsOf(candidate)),
  };
  return new TextEncoder().encode(JSON.stringify(table));
}

/** Arguments by candidate. @throws ProtocolError when the bytes are no table. */
export function readCandidateTable(bytes: Uint8Array): (candidate: number) => unknown {
  const table = tableSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (!table.success) throw new ProtocolError(`the table of candidates is damaged: ${z.prettifyError(table.error)}`);
  return (candidate) => table.data.arguments[candidate];
}
