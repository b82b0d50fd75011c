import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The folder that holds what Coxswain has installed for itself: `$XDG_CACHE_HOME/coxswain`, else `~/.cache/coxswain`.
 * It may not exist yet. A relative XDG_CACHE_HOME is ignored, as the XDG base directory specification asks.
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(env['HOME'] ?? homedir(), '.cache'), 'coxswain');
}
