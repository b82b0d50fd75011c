import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The name of a content-addressed blob: SHA-256 of its bytes, in lower-case hexadecimal. */
export const objectRefSchema = z.string().regex(/^[0-9a-f]{64}$/);
export type ObjectRef = z.infer<typeof objectRefSchema>;

/** The reference under which these bytes are stored. */
export function objectRefOf(bytes: Uint8Array): ObjectRef {
  return createHash('sha256').update(bytes).digest('hex');
}
