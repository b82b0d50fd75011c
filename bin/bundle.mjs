/** Makes the dashboard's page: one script and one style sheet from web/ in dist/web/, with everything that they need. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './install.mjs';
import { putInPlace } from './put-in-place.mjs';

const out = join(root, 'dist', 'web');
try {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { page: 'web/page.tsx' },
    outdir: out,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { target: 'ES2022' } },
  });
  for (const { path, text } of outputFiles) putInPlace(path, text);
  putInPlace(join(out, 'index.html'), readFileSync(join(root, 'web', 'index.html'), 'utf8'));
} catch (error) {
  console.log(error.message);
  process.exit(1);
}
