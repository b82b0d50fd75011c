/** What `tsc -p tsconfig.json` does, except that each output is put in place by one rename. */
import ts from 'typescript';
import { putInPlace } from './put-in-place.mjs';
import { readConfig, report } from './tsconfig.mjs';

const config = readConfig();
const host = ts.createIncrementalCompilerHost(config.options);
host.writeFile = putInPlace;
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
report(diagnostics);
