/** Which TensorFlow computes: the native library by tfjs-node's binding where it loads, else WebAssembly. */
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import type * as tfjsWasm from '@tensorflow/tfjs-backend-wasm';
import type * as tfjs from '@tensorflow/tfjs-core';
import { messageOf, MissingError } from '../../protocol/errors.ts';
import { bindingFile, tensorflowFolder, tensorflowWish } from '../../setup/tensorflow-folder.ts';

/** The functions of tfjs-core. */
export type TensorFlow = typeof tfjs;

/** A TensorFlow that is ready to compute. */
export interface Backend {
  readonly kind: 'native' | 'wasm';
  /** What it is, for people: "native, TensorFlow 2.15.1". */
  readonly description: string;
  /** What `compute` gives, computed on this backend; every tensor that it makes is disposed of, so it may return none. */
  run<T>(compute: (tf: TensorFlow) => T): T;
}

const nameOf = { native: 'tensorflow', wasm: 'wasm' } as const;
const opened = new Map<string, Promise<Backend>>();

/**
 * The backend that `COX_TENSORFLOW` asks for; where it asks for none, the native one of Coxswain's cache if it loads, else the one of
 * WebAssembly. Each is loaded once in a process (0.1 to 0.5 s), when it is first asked for.
 * @throws MissingError `setup.tensorflow` when the one that was asked for is not there or does not load
 */
export async function openBackend(env: NodeJS.ProcessEnv = process.env): Promise<Backend> {
  const wish = tensorflowWish(env);
  if (wish.kind === 'wasm') return once('', openWasm);
  const folder = wish.kind === 'folder' ? wish.folder : await tensorflowFolder(env);
  if (folder === null) {
    if (wish.kind === 'any') return once('', openWasm);
    throw unavailable('COX_TENSORFLOW asks for the native TensorFlow, and there is none in the cache');
  }
  try {
    return await once(folder, () => openNative(folder));
  } catch (error) {
    // Node's own message goes on for lines about who required what.
    const [why = ''] = messageOf(error).split('\n');
    const what = `The native TensorFlow in ${folder} does not load: ${why}`;
    if (wish.kind !== 'any') throw unavailable(what, error);
    const wasm = await once('', openWasm);
    return { ...wasm, description: `${wasm.description} (${what})` };
  }
}

function once(key: string, make: () => Promise<Backend>): Promise<Backend> {
  let backend = opened.get(key);
  if (backend === undefined) {
    backend = make();
    opened.set(key, backend);
    // What failed may be put right while this process lives.
    backend.catch(() => opened.delete(key));
  }
  return backend;
}

const unavailable = (what: string, cause?: unknown): MissingError =>
  new MissingError(
    `${what}. Get it with: cox doctor --install tensorflow; or unset COX_TENSORFLOW, and WebAssembly computes instead.`,
    { code: 'setup.tensorflow', cause },
  );

const ownRequire = createRequire(import.meta.url);

/** One tfjs-core for both backends, by `require`: what the native one's modules are given, too. */
const core = (): TensorFlow => ownRequire('@tensorflow/tfjs-core') as TensorFlow;

function backend(kind: Backend['kind'], description: string): Backend {
  const tf = core();
  return {
    kind,
    description,
    run(compute) {
      // Done at once, and not later, where the backend has been made: nothing else computes in between.
      if (tf.getBackend() !== nameOf[kind]) void tf.setBackend(nameOf[kind]);
      // tidy keeps what is returned if it is a tensor; no caller of ours returns one.
      return tf.tidy(() => compute(tf) as never);
    },
  };
}

async function openWasm(): Promise<Backend> {
  const tf = core();
  const { setWasmPaths } = ownRequire('@tensorflow/tfjs-backend-wasm') as typeof tfjsWasm;
  // Its files lie beside its code, and are not looked for there by themselves.
  setWasmPaths(join(ownRequire.resolve('@tensorflow/tfjs-backend-wasm'), '..', '/'));
  if (!(await tf.setBackend(nameOf.wasm))) throw unavailable("TensorFlow's WebAssembly does not start");
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return backend('wasm', `WebAssembly${simd === true ? ' with SIMD' : ''}, TensorFlow.js ${tf.version_core}`);
}

interface Binding {
  readonly TF_Version: string;
}

/** tfjs-node's backend over its native binding, from the folder of that package, with the tfjs-core of this process. */
async function openNative(folder: string): Promise<Backend> {
  const file = bindingFile(folder);
  const tf = core();
  const requireThere = createRequire(join(folder, 'package.json'));
  // Two copies of tfjs-core would do, and the second takes 0.3 s to load and 30 MB: it is put there before it is asked for.
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core']) {
    const path = requireThere.resolve(name);
    const shared = new Module(path);
    shared.exports = tf;
    shared.loaded = true;
    requireThere.cache[path] ??= shared;
  }
  // Node 23 took it away, and tfjs-node 4.22 calls it.
  const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
  // One task, one core, as with xtb; and nothing about instruction sets on stderr. Read when the library is loaded.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  process.env['TF_NUM_INTRAOP_THREADS'] ??= '1';
  process.env['TF_NUM_INTEROP_THREADS'] ??= '1';
  const binding = requireThere(file) as Binding;
  const { NodeJSKernelBackend } = requireThere('./dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: Binding, name: string) => ReturnType<TensorFlow['backend']>;
  };
  requireThere('./dist/register_all_kernels.js');
  tf.registerBackend(nameOf.native, () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node'));
  if (!(await tf.setBackend(nameOf.native))) throw new Error('its backend does not start');
  return backend('native', `native, TensorFlow ${binding.TF_Version}`);
}
