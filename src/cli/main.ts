/** The `cox` command: one file a subcommand, loaded only when it is called for. */
import { Command, CommanderError } from 'commander';
import { CoxswainError, exitCodes, messageOf } from '../protocol/errors.ts';
import { allTaken, bearReaders } from './standard-output.ts';
import { version } from './version.ts';

const subcommands: Readonly<Record<string, (argv: readonly string[]) => Promise<Command>>> = {
  run: async (argv) => (await import('./run.ts')).runCommand(argv),
  start: async (argv) => (await import('./start.ts')).startCommand(argv),
  actor: async () => (await import('./actor.ts')).actorCommand(),
  pause: async () => (await import('./steer.ts')).steerCommand('pause'),
  resume: async () => (await import('./steer.ts')).steerCommand('resume'),
  stop: async () => (await import('./steer.ts')).steerCommand('stop'),
  pin: async () => (await import('./hands.ts')).candidateCommand('pin'),
  unpin: async () => (await import('./hands.ts')).candidateCommand('unpin'),
  veto: async () => (await import('./hands.ts')).candidateCommand('veto'),
  allow: async () => (await import('./hands.ts')).candidateCommand('allow'),
  add: async () => (await import('./hands.ts')).addCommand(),
  move: async () => (await import('./hands.ts')).moveCommand(),
  cancel: async () => (await import('./cancel.ts')).cancelCommand(),
  worker: async () => (await import('./worker.ts')).workerCommand(),
  submit: async () => (await import('./submit.ts')).submitCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  top: async () => (await import('./top.ts')).topCommand(),
  watch: async () => (await import('./watch.ts')).watchCommand(),
  why: async () => (await import('./why.ts')).whyCommand(),
  'why-idle': async () => (await import('./why-idle.ts')).whyIdleCommand(),
  dashboard: async () => (await import('./dashboard.ts')).dashboardCommand(),
  chart: async () => (await import('./chart.ts')).chartCommand(),
  collect: async () => (await import('./collect.ts')).collectCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  rehearse: async (argv) => (await import('./rehearse.ts')).rehearseCommand(argv),
  compare: async () => (await import('./compare.ts')).compareCommand(),
  report: async () => (await import('./report.ts')).reportCommand(),
  export: async () => (await import('./export.ts')).exportCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
};

/** Run `cox` with these arguments; resolves with its exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('cox')
    .description('steers ensembles of simulations with machine learning in the loop')
    .version(version(), '-V, --version')
    .addHelpText(
      'after',
      '\nExample:\n  $ cox run --total 32 --workers 2\n\nExit codes: 0 done, 1 failed, 2 wrong usage or input, 3 something missing, 130 interrupted.',
    );
  const called = argv[0] === 'help' ? argv[1] : argv[0];
  try {
    const wanted = called === undefined ? undefined : subcommands[called];
    const loaded = wanted === undefined ? Object.values(subcommands) : [wanted];
    for (const load of loaded) program.addCommand(await load(argv.slice(1)));
    for (const command of [program, ...program.commands]) {
      command
        .exitOverride()
        .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'cox: ')) });
    }
    if (called === undefined) {
      program.outputHelp();
      return exitCodes.usage;
    }
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    process.stderr.write(`cox: ${messageOf(error)}\n`);
    if (error instanceof CoxswainError) return error.exitCode;
    if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
    return exitCodes.failed;
  }
}

// A command ends when it says so, not when the event loop finds nothing that it would have to wait for.
setInterval(() => undefined, 2 ** 30);
bearReaders();
const code = await main(process.argv.slice(2));
await allTaken();
// Everything is closed by now; what a library may have left open must not keep the shell waiting.
process.exit(code);
