import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { newestInCache } from './find-program.ts';

/** What `COX_TENSORFLOW` asks for: a backend by its kind, the folder of a tfjs-node, or nothing in particular. */
export type TensorFlowWish = { kind: 'any' | 'native' | 'wasm' } | { kind: 'folder'; folder: string };

/** The wish in `COX_TENSORFLOW`: `native`, `wasm`, the path of a folder, or `any` when it is not set. */
export function tensorflowWish(env: NodeJS.ProcessEnv = process.env): TensorFlowWish {
  const value = env['COX_TENSORFLOW'] ?? '';
  if (value === '') return { kind: 'any' };
  return value === 'native' || value === 'wasm' ? { kind: value } : { kind: 'folder', folder: resolve(value) };
}

/**
 * The folder of the newest tfjs-node in Coxswain's cache, or null. Looks for files and runs nothing; whether it loads is found out
 * by loading it.
 */
export async function tensorflowFolder(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const program = await newestInCache('tensorflow', env);
  return program === null ? null : join(dirname(program), 'tfjs-node');
}

/**
 * The newest native binding in a folder of tfjs-node that this Node can load.
 * @throws Error when there is none
 */
export function bindingFile(folder: string): string {
  const libraries = join(folder, 'lib');
  const levels = (existsSync(libraries) ? readdirSync(libraries) : [])
    .map((name) => Number(/^napi-v(\d+)$/.exec(name)?.[1]))
    .filter((level) => level <= Number(process.versions.napi))
    .sort((a, b) => b - a);
  const files = levels.map((level) => join(libraries, `napi-v${level}`, 'tfjs_binding.node'));
  const file = files.find((one) => existsSync(one));
  if (file === undefined) throw new Error('it is no folder of tfjs-node with a binding in lib/napi-v*');
  return file;
}
