import { mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { CoxswainError, messageOf } from '../protocol/errors.ts';
import { searchProgram } from './find-program.ts';
import { isAtLeast, natsServerRequirement, xtbRequirement } from './requirement.ts';
import type { Requirement } from './requirement.ts';
import { lastWords, runProgram } from './run-program.ts';
import { tensorflowFolder, tensorflowWish } from './tensorflow-folder.ts';
import { tryTensorFlow } from './tensorflow.ts';

/** What was found out about one part of the machine. */
export interface Finding {
  name: string;
  /** `optional`: it is not there, and nothing needs it. */
  status: 'ok' | 'missing' | 'too-old' | 'broken' | 'optional';
  /** Its version, or its amount ("2 cores", "23.4 GB free"); null when there is none to tell. */
  version: string | null;
  path: string | null;
  /** What to do about it, or a remark; null when there is nothing to say. */
  advice: string | null;
}

const nodeFloor = '20.19.0';
const diskFloorGb = 1;
const memoryFloorGb = 1;

/** What this machine has of all that Coxswain needs, in the order in which to show it. Installs nothing; takes about 0.3 s. */
export async function inspectMachine(env: NodeJS.ProcessEnv = process.env): Promise<Finding[]> {
  const [rdkit, openChemLib, natsServer, xtb, disk, tensorFlow] = await Promise.all([
    inspectPackage('@rdkit/rdkit', 'RDKit', loadRdkit),
    inspectPackage('openchemlib', 'OpenChemLib', () => import('openchemlib')),
    inspectProgram(natsServerRequirement, env),
    inspectXtb(env),
    inspectDisk(),
    inspectTensorFlow(env),
  ]);
  return [inspectNode(), rdkit, openChemLib, natsServer, xtb, disk, inspectCores(), inspectMemory(), tensorFlow];
}

function inspectNode(): Finding {
  const version = process.versions.node;
  const ok = isAtLeast(version, nodeFloor);
  return {
    name: 'Node',
    status: ok ? 'ok' : 'too-old',
    version,
    path: process.execPath,
    advice: ok ? null : `install Node ${nodeFloor} or newer`,
  };
}

async function loadRdkit(): Promise<void> {
  // A CommonJS package whose export is the loader itself: its type says "default", its module says otherwise.
  const load = createRequire(import.meta.url)('@rdkit/rdkit') as () => Promise<unknown>;
  await load();
}

/** An npm package that must not only be there but load: both of ours are WebAssembly or megabytes of generated code. */
async function inspectPackage(id: string, name: string, load: () => Promise<unknown>): Promise<Finding> {
  const where = packageFile(id);
  if (where === null) return { name, status: 'missing', version: null, path: null, advice: 'run: npm ci' };
  const { version } = JSON.parse(await readFile(where, 'utf8')) as { version: string };
  const known = { name, version, path: dirname(where) };
  try {
    await load();
    return { ...known, status: 'ok', advice: null };
  } catch (error) {
    return { ...known, status: 'broken', advice: `it does not load (${messageOf(error)}); run: npm ci` };
  }
}

/** The package.json of an installed package. Looked for in the folders where Node looks: many packages do not export theirs. */
function packageFile(id: string): string | null {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(id) ?? []) {
    try {
      return require.resolve(join(folder, id, 'package.json'));
    } catch {
      // Not in this folder: the next one.
    }
  }
  return null;
}

async function inspectProgram(requirement: Requirement, env: NodeJS.ProcessEnv): Promise<Finding> {
  const { name } = requirement;
  try {
    const { found, rejected } = await searchProgram(requirement, env);
    if (found !== null) return { name, status: 'ok', version: found.version, path: found.path, advice: null };
    const [first] = rejected;
    const advice = `the first start installs one, or: ${requirement.commands.join(' | ')}`;
    if (first === undefined) return { name, status: 'missing', version: null, path: null, advice };
    if (first.status === 'too-old') {
      return { name, status: 'too-old', version: first.version, path: first.path, advice };
    }
    const problem = first.status === 'broken' ? `${first.problem}; ` : '';
    return { name, status: 'broken', version: null, path: first.path, advice: problem + advice };
  } catch (error) {
    if (!(error instanceof CoxswainError)) throw error;
    const status = error.code === 'setup.too-old' ? 'too-old' : 'broken';
    return { name, status, version: null, path: env[requirement.variable] ?? null, advice: error.message };
  }
}

/** H2 at 0.74 angstrom: GFN2-xTB gives -0.98 hartree, whatever the version. */
const hydrogen = '2\nH2\nH 0 0 0\nH 0 0 0.74\n';

async function inspectXtb(env: NodeJS.ProcessEnv): Promise<Finding> {
  const finding = await inspectProgram(xtbRequirement, env);
  if (finding.status !== 'ok' || finding.path === null) return finding;
  const folder = await mkdtemp(join(tmpdir(), 'cox-doctor-'));
  try {
    await writeFile(join(folder, 'h2.xyz'), hydrogen);
    const outcome = await runProgram(finding.path, ['h2.xyz'], {
      timeoutMs: 20_000,
      cwd: folder,
      env: { ...env, OMP_NUM_THREADS: '1' },
    });
    const energy = Number(/TOTAL ENERGY\s+(-?\d+\.\d+)/.exec(outcome.stdout)?.[1]);
    if (outcome.code === 0 && Math.abs(energy + 0.98) < 0.02) {
      return { ...finding, advice: `the energy of H2 comes out as ${energy.toFixed(4)} hartree` };
    }
    const words = Number.isNaN(energy) ? lastWords(outcome) : `H2 comes out as ${energy} hartree, not -0.98`;
    return { ...finding, status: 'broken', advice: `it starts and does not compute (${words}); install another one` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inspectDisk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(process.cwd());
  const freeGb = (bavail * bsize) / 1e9;
  const enough = freeGb >= diskFloorGb;
  return {
    name: 'disk',
    status: enough ? 'ok' : 'missing',
    version: `${freeGb.toFixed(1)} GB free`,
    path: process.cwd(),
    advice: enough ? null : `make room: runs and their log need ${diskFloorGb} GB or more`,
  };
}

function inspectCores(): Finding {
  const cores = availableParallelism();
  return {
    name: 'cores',
    status: 'ok',
    version: String(cores),
    path: null,
    advice: cores === 1 ? 'one simulation at a time; more cores compute more at once' : null,
  };
}

function inspectMemory(): Finding {
  const totalGb = totalmem() / 1e9;
  const enough = totalGb >= memoryFloorGb;
  return {
    name: 'memory',
    status: enough ? 'ok' : 'missing',
    version: `${totalGb.toFixed(1)} GB, ${(freemem() / 1e9).toFixed(1)} GB free`,
    path: null,
    advice: enough ? null : `${memoryFloorGb} GB or more is needed`,
  };
}

/** On what the `mlp` model computes here. Nothing else needs TensorFlow, and WebAssembly is always there. */
async function inspectTensorFlow(env: NodeJS.ProcessEnv): Promise<Finding> {
  const name = 'TensorFlow';
  const wish = tensorflowWish(env);
  const { version: wasmVersion, path: wasmPath } = await inspectPackage('@tensorflow/tfjs-backend-wasm', name, () =>
    Promise.resolve(),
  );
  const onWasm = { name, version: `${wasmVersion ?? 'no'} WebAssembly`, path: wasmPath };
  if (wish.kind === 'wasm')
    return { ...onWasm, status: 'ok', advice: 'as COX_TENSORFLOW asks; only the mlp model uses it' };
  const folder = wish.kind === 'folder' ? wish.folder : await tensorflowFolder(env);
  const tried = folder === null ? { problem: 'not installed' } : await tryTensorFlow(folder, env);
  if ('version' in tried) {
    return {
      name,
      status: 'ok',
      version: `${tried.version} native`,
      path: folder,
      advice: 'only the mlp model uses it',
    };
  }
  const install = 'install it with: cox doctor --install tensorflow (200 MB to fetch, 430 MB on disk)';
  if (wish.kind === 'any') {
    const why = folder === null ? '' : `; the native library in ${folder} does not load (${tried.problem})`;
    const advice = `only the mlp model uses it${why}; with thousands of results it is twice as fast on the native library: ${install}`;
    return { ...onWasm, status: 'optional', advice };
  }
  const status = folder === null ? 'missing' : 'broken';
  return {
    name,
    status,
    version: null,
    path: folder,
    advice: `COX_TENSORFLOW asks for it (${tried.problem}); ${install}`,
  };
}
