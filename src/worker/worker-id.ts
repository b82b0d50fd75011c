import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** This machine's name as one token of a NATS subject. */
export function hostToken(): string {
  return (
    hostname()
      .replaceAll(/[^A-Za-z0-9_-]/g, '-')
      .slice(0, 40) || 'host'
  );
}

/** A name for a worker that no other has had: `<host>-<eight letters or digits>`. */
export function newWorkerId(): string {
  return `${hostToken()}-${randomBytes(5).readUIntBE(0, 5).toString(36).padStart(8, '0')}`;
}
