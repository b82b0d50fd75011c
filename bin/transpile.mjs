/** Turns the sources that are named as arguments into JavaScript in dist/, each by itself and without a look at types. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { putInPlace } from './put-in-place.mjs';
import { readConfig, report } from './tsconfig.mjs';

// Of "nodenext" it would look at package.json to tell what a file is, and it has no file system to look in.
const options = {
  ...readConfig().options,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};
delete options.rootDir;
delete options.outDir;
/** @type {ts.Diagnostic[]} */
const problems = [];
for (const source of process.argv.slice(2)) {
  const output = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: options,
    fileName: source,
    reportDiagnostics: true,
  });
  problems.push(...(output.diagnostics ?? []));
  const target = join('dist', source.replace(/\.ts$/, '.js'));
  // The map names its source relative to itself, which it takes for the folder of the source.
  const map = { ...JSON.parse(output.sourceMapText ?? '{}'), sources: [sourceFrom(target, source)] };
  putInPlace(target, output.outputText);
  putInPlace(`${target}.map`, JSON.stringify(map));
}
report(problems);

/** @param {string} target @param {string} source */
function sourceFrom(target, source) {
  return `${'../'.repeat(target.split('/').length - 1)}${join(source, '..')}/${basename(source)}`;
}
