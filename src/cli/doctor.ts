import { Command, Option } from 'commander';
import { exitCodes } from '../protocol/errors.ts';
import { inspectMachine } from '../setup/doctor.ts';

/** `cox doctor`: what is on this machine, in which version, and what to do about the rest. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what this machine has, in which version, and what to do about the rest')
    .option('--json', 'print the findings as one JSON value')
    .addOption(new Option('--install <part>', 'install an optional part first').choices(['tensorflow']))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox doctor\n  $ cox doctor --install tensorflow\n\nExits with 3 when something that is needed is missing.',
    )
    .action(async ({ json, install }: { json?: boolean; install?: 'tensorflow' }) => {
      if (install !== undefined) {
        const { ensureTensorFlow } = await import('../setup/tensorflow.ts');
        await ensureTensorFlow({ onProgress: (line) => process.stderr.write(`${line}\n`) });
      }
      const findings = await inspectMachine();
      if (json === true) {
        process.stdout.write(`${JSON.stringify(findings)}\n`);
      } else {
        const width = Math.max(...findings.map(({ name }) => name.length));
        for (const { name, status, version, path, advice } of findings) {
          const what = [version, path].filter((part) => part !== null).join('  ');
          process.stdout.write(`${name.padEnd(width)}  ${status.padEnd(8)}  ${what}\n`);
          if (advice !== null)
            process.stdout.write(`${' '.repeat(width)}  ${advice.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}\n`);
        }
      }
      const isWell = findings.every(({ status }) => status === 'ok' || status === 'optional');
      process.exitCode = isWell ? exitCodes.done : exitCodes.missing;
    });
}
