import { readFileSync } from 'node:fs';

/** Coxswain's own version, from its package. */
export function version(): string {
  const inDist = import.meta.url.endsWith('.js');
  const manifest = new URL(inDist ? '../../../package.json' : '../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
