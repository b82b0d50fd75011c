import { chmod, cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { basename, join } from 'node:path';
import type { InstallContext, InstallWay } from './install-way.ts';
import { unpackNpmPackage, type NpmPackage } from './npm-package.ts';
import { fetchWheel, type Wheel } from './pypi-wheel.ts';
import type { ReleaseArchive } from './release-archive.ts';
import { lastWords, runProgram } from './run-program.ts';
import { download, verifyChecksum } from './verified-download.ts';
import { extractZip } from './zip-entry.ts';

/*
 * TensorFlow's native library for TensorFlow.js: what `npm install @tensorflow/tfjs-node` makes, made of pinned parts, without
 * what Coxswain has itself (tfjs-core) or does not need (285 MB of the other tfjs packages).
 */

/** Gets TensorFlow's C libraries and headers from somewhere. */
export interface TensorFlowSource {
  source: string;
  version: string;
  /**
   * Puts the libraries into the folder `libraries`; resolves to their file names there, those to link with, and the folder of headers.
   * Paths as in {@link InstallWay}: what fails is an Error, what is not as pinned a MissingError.
   */
  fetch: (libraries: string, context: InstallContext) => Promise<{ link: string[]; headers: string }>;
}

/** The parts that the binding is built of. */
export interface BindingParts {
  tfjsNode: NpmPackage;
  /** The header files of Node-API: the same for every Node, so that those of this Node need not be found. */
  nodeHeaders: NpmPackage;
  /** tfjs-node's JavaScript asks for it. */
  protobuf: NpmPackage;
}

/** The official release archive of libtensorflow (needs the whole internet, and `tar`). */
export function libtensorflowRelease(
  version: string,
  archives: Readonly<Record<string, ReleaseArchive>>,
): TensorFlowSource {
  return {
    source: 'the official release',
    version,
    async fetch(libraries, { scratch, env, onProgress }) {
      const archive = archives[`${platform()}-${arch()}`];
      if (archive === undefined) throw new Error(`no archive is pinned for ${platform()} on ${arch()}`);
      const { host } = new URL(archive.url);
      onProgress(`fetching ${archive.megabytes} MB from ${host}`);
      const file = join(scratch, basename(archive.url));
      await download(archive.url, file);
      await verifyChecksum(file, archive.sha256, host);
      onProgress('verified');
      const unpacked = join(scratch, 'libtensorflow');
      await mkdir(unpacked);
      const tar = await runProgram('tar', ['-xf', file, '-C', unpacked], { timeoutMs: 120_000, env });
      if (tar.code !== 0) throw new Error(`tar failed: ${lastWords(tar)}`);
      await rename(join(unpacked, 'lib'), libraries);
      return { link: ['libtensorflow.so.2', 'libtensorflow_framework.so.2'], headers: join(unpacked, 'include') };
    },
  };
}

/** The wheel of TensorFlow for Python, which holds the same libraries. No Python is needed afterwards. */
export function tensorflowWheel(wheel: Wheel): TensorFlowSource {
  const link = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  const wanted = [
    ...link.map((file) => `tensorflow/${file}`),
    ...headerFolders.map((one) => `tensorflow/include/${one}/`),
  ];
  return {
    source: 'PyPI',
    version: wheel.version,
    async fetch(libraries, context) {
      const file = await fetchWheel(wheel, context);
      const unpacked = join(context.scratch, 'wheel');
      await extractZip(file, unpacked, (name) => wanted.some((start) => name.startsWith(start)));
      await rm(file);
      await mkdir(libraries);
      for (const name of link) await rename(join(unpacked, 'tensorflow', name), join(libraries, name));
      return { link, headers: join(unpacked, 'tensorflow', 'include') };
    },
  };
}

/** Where the headers lie that the binding includes, of the 180 MB that the wheel has. */
const headerFolders = ['tensorflow/c', 'tensorflow/core/platform', 'tsl/c', 'tsl/platform'];

/** Installs `name`: the parts, the libraries of `from`, and the binding between them, built with the machine's C++ compiler. */
export function tensorflowBuild(name: string, parts: BindingParts, from: TensorFlowSource): InstallWay {
  return {
    source: from.source,
    version: from.version,
    async install(context) {
      const { folder, scratch, env, onProgress } = context;
      // Before 200 MB are fetched for nothing.
      const compiler = await findCompiler(env);
      const tfjsNode = join(folder, 'tfjs-node');
      const nodeHeaders = join(scratch, 'node-headers');
      const modules = join(folder, 'node_modules');
      await mkdir(join(tfjsNode, 'deps'), { recursive: true });
      const [{ link, headers }] = await Promise.all([
        from.fetch(join(tfjsNode, 'deps', 'lib'), context),
        unpackNpmPackage(parts.tfjsNode, tfjsNode, context),
        unpackNpmPackage(parts.nodeHeaders, nodeHeaders, context),
        unpackNpmPackage(parts.protobuf, join(modules, 'google-protobuf'), context),
      ]);
      onProgress('building its binding');
      await compile(compiler, tfjsNode, link, [join(nodeHeaders, 'include'), headers], env);
      await strip(join(tfjsNode, 'deps', 'lib'), env);
      for (const part of await readdir(tfjsNode)) {
        if (!['package.json', 'dist', 'lib', 'deps'].includes(part))
          await rm(join(tfjsNode, part), { recursive: true });
      }
      for (const shared of ['tfjs', 'tfjs-core']) await writeStandIn(join(modules, '@tensorflow', shared), shared);
      await writeProgram(folder, name);
    },
  };
}

async function findCompiler(env: NodeJS.ProcessEnv): Promise<string> {
  if (platform() !== 'linux') throw new Error(`it is built on Linux only, and this is ${platform()}`);
  const named = env['CXX'];
  const compilers = [...(named === undefined || named === '' ? [] : [named]), 'g++', 'clang++', 'c++'];
  for (const compiler of compilers) {
    if ((await runProgram(compiler, ['--version'], { timeoutMs: 20_000, env })).code === 0) return compiler;
  }
  throw new Error(`there is no C++ compiler (${compilers.join(', ')})`);
}

/** The folder that the binding is in, as tfjs-node's own builds have it. */
const bindingFolder = join('lib', 'napi-v8');

async function compile(
  compiler: string,
  tfjsNode: string,
  link: readonly string[],
  includes: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await mkdir(join(tfjsNode, bindingFolder), { recursive: true });
  // prettier-ignore
  const built = await runProgram(
    compiler,
    ['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', ...includes.map((folder) => `-I${folder}`),
      'binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', ...link.map((file) => `deps/lib/${file}`),
      '-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', join(bindingFolder, 'tfjs_binding.node')],
    { timeoutMs: 300_000, cwd: tfjsNode, env },
  );
  if (built.code !== 0) throw new Error(`${compiler} could not build the binding: ${lastWords(built)}`);
}

/** Takes what only a debugger reads out of the libraries: 150 MB. They work as well with it, so that nothing depends on this. */
async function strip(libraries: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (const file of await readdir(libraries, { withFileTypes: true })) {
    const path = join(libraries, file.name);
    if (!file.isFile()) continue;
    await chmod(path, 0o755);
    await cp(path, `${path}.stripped`);
    const stripped = await runProgram('strip', ['--strip-unneeded', `${path}.stripped`], { timeoutMs: 60_000, env });
    if (stripped.code === 0) await rename(`${path}.stripped`, path);
    else await rm(`${path}.stripped`);
  }
}

/** A package that is found and never read: whoever loads the backend puts the tfjs-core of its own process in its place. */
async function writeStandIn(folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: `@tensorflow/${name}`, main: 'index.js' })}\n`,
  );
  const message = 'Coxswain loads this TensorFlow with the tfjs-core of its own: see src/ml/neural/backend.ts';
  await writeFile(join(folder, 'index.js'), `throw new Error(${JSON.stringify(message)});\n`);
}

/** The program that setup runs to find out whether all of it loads: it prints the library's version. */
async function writeProgram(folder: string, name: string): Promise<void> {
  // Ends the search for a package.json, which would say what kind of JavaScript a file without an ending is.
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "commonjs" }\n');
  const program = [
    '#!/usr/bin/env node',
    "process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';",
    `console.log('tensorflow ' + require('./tfjs-node/${bindingFolder}/tfjs_binding.node').TF_Version);`,
  ];
  await writeFile(join(folder, name), `${program.join('\n')}\n`, { mode: 0o755 });
}
