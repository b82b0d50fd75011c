import { messageOf } from '../protocol/errors.ts';
import { newestInCache, type FoundProgram } from './find-program.ts';
import { installProgram, type SetupOptions } from './install-program.ts';
import { tensorflowWays } from './pins.ts';
import { examine } from './program-version.ts';
import type { Requirement } from './requirement.ts';
import { lastWords, runProgram } from './run-program.ts';
import { bindingFile } from './tensorflow-folder.ts';

/** TensorFlow's native library: tfjs-node 4.22 was made for 2.9. */
const tensorflowRequirement: Requirement = {
  name: 'tensorflow',
  variable: 'COX_TENSORFLOW',
  floor: '2.9.0',
  reason: 'the binding was made for 2.9 and later',
  versionPattern: /tensorflow (\d+\.\d+\.\d+)/,
  commands: [
    'sudo apt-get install g++ && cox doctor --install tensorflow',
    'npm install --prefix ~/tensorflow @tensorflow/tfjs-node@4.22.0',
  ],
  afterwards:
    'The second one needs COX_TENSORFLOW as well, set to the folder ~/tensorflow/node_modules/@tensorflow/tfjs-node. ' +
    'Without any of this the mlp model computes on WebAssembly, with the same results within rounding.',
};

/**
 * TensorFlow's native library in Coxswain's cache, put there if need be: some 200 MB are fetched, 430 MB stay. Nothing but the
 * `mlp` model uses it, and that does without it too.
 * @throws MissingError when it cannot be had: its message holds the commands that would get it
 */
export async function ensureTensorFlow(options: SetupOptions = {}): Promise<FoundProgram> {
  const env = options.env ?? process.env;
  const program = await newestInCache(tensorflowRequirement.name, env);
  // Loaded once more, and not looked up: a library that went from the machine, or another Node, would not show in a file's time.
  const seen = program === null ? null : await examine(tensorflowRequirement, program, env);
  if (seen?.status === 'ok') return { path: seen.path, version: seen.version, from: 'cache' };
  return installProgram(tensorflowRequirement, tensorflowWays, seen === null ? [] : [seen], options);
}

/** The version of the native TensorFlow in a folder of tfjs-node, loaded in a process of its own; or why it does not load. */
export async function tryTensorFlow(
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ version: string } | { problem: string }> {
  try {
    const print = 'console.log(require(process.argv[1]).TF_Version)';
    const outcome = await runProgram(process.execPath, ['-e', print, bindingFile(folder)], {
      timeoutMs: 20_000,
      env: { TF_CPP_MIN_LOG_LEVEL: '2', ...env },
    });
    return outcome.code === 0 ? { version: outcome.stdout.trim() } : { problem: lastWords(outcome) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
