#!/usr/bin/env node
/** The `cox` command. In a checkout it brings dist/ up to date first; an installed package has no sources, and starts at once. */
import { ensureInstalled, isCheckout, requireNode } from './install.mjs';

requireNode();
if (isCheckout) {
  await ensureInstalled();
  const { build } = await import('./build.mjs');
  await build();
}
await import('../dist/src/cli/main.js');
