/** What both ways of compiling share: the settings, and how problems are told. */
import ts from 'typescript';

/** @returns {ts.ParsedCommandLine} tsconfig.json, read and checked */
export function readConfig() {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (/** @type {ts.Diagnostic} */ one) => report([one]) };
  const config = ts.getParsedCommandLineOfConfigFile('tsconfig.json', {}, host);
  if (config === undefined) throw new Error('tsconfig.json cannot be read');
  report(config.errors);
  return config;
}

/** Prints problems as the compiler does, and ends this process with exit code 1 when there are any. @param {readonly ts.Diagnostic[]} all */
export function report(all) {
  if (!all.some(({ category }) => category === ts.DiagnosticCategory.Error)) return;
  const format = {
    getCanonicalFileName: (/** @type {string} */ name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => '\n',
  };
  console.log(ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(all), format));
  process.exit(1);
}
