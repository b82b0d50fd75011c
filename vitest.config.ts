import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^coxswain\/(chemistry|ml)$/, replacement: at('./src/$1/index.ts') },
      { find: /^coxswain\/actors$/, replacement: at('./actors/index.ts') },
      { find: /^coxswain$/, replacement: at('./src/index.ts') },
    ],
  },
  test: {
    globalSetup: ['test/support/set-up.ts'],
    // Many tests wait more than they compute: three at a time keep two cores busy.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/{unit,contract,integration,e2e,hosts,browser}/**/*.test.ts'],
  },
});
