/**
 * What `tsc -p tsconfig.json` does, with two differences: each output is put in place by one rename, so that a program that starts
 * meanwhile never reads half a file; and an output that would be the same is left alone.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import ts from 'typescript';

const configHost = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (/** @type {ts.Diagnostic} */ diagnostic) => fail([diagnostic]),
};
const config = ts.getParsedCommandLineOfConfigFile('tsconfig.json', {}, configHost);
if (config === undefined) throw new Error('tsconfig.json cannot be read');

const host = ts.createIncrementalCompilerHost(config.options);
host.writeFile = (path, text) => {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};
const program = ts.createIncrementalProgram({
  rootNames: config.fileNames,
  options: config.options,
  configFileParsingDiagnostics: config.errors,
  host,
});
// In tsc's order: the build info that emit writes then holds what the checks found out.
const diagnostics = [
  ...program.getConfigFileParsingDiagnostics(),
  ...program.getOptionsDiagnostics(),
  ...program.getSyntacticDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...program.getSemanticDiagnostics(),
];
diagnostics.push(...program.emit().diagnostics);
if (diagnostics.some(({ category }) => category === ts.DiagnosticCategory.Error)) fail(diagnostics);

/** @param {readonly ts.Diagnostic[]} diagnostics */
function fail(diagnostics) {
  const format = {
    getCanonicalFileName: (/** @type {string} */ name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => '\n',
  };
  console.log(ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(diagnostics), format));
  process.exit(1);
}
