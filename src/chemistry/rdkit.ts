/** RDKit, compiled to WebAssembly: loaded once a process, on first use, and loaded afresh if an input brings it down. */
import type { MainModule, Mol } from '@rdkit/rdkit';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The toolkit itself; its molecules live outside the JavaScript heap and must be `delete()`d. */
export type Rdkit = MainModule;
/** One molecule of the toolkit. */
export type Molecule = Mol;

/**
 * Longer SMILES are refused unread: RDKit's WebAssembly has a stack of 64 KiB, and a chain of about 500 atoms overflows it,
 * after which every later call of the process fails.
 */
export const maxSmilesLength = 300;

const printableAscii = /^[!-~]+$/;
const silence = (): void => undefined;

let loading: Promise<Rdkit> | undefined;

/** The toolkit, loaded once a process (about 150 ms); it writes nothing to the terminal. */
export function loadRdkit(): Promise<Rdkit> {
  loading ??= start().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

const require = createRequire(import.meta.url);

async function start(): Promise<Rdkit> {
  // A CommonJS package whose declared default export is not what `import()` gives for it.
  const makeRdkit = require('@rdkit/rdkit') as (options: object) => Promise<Rdkit>;
  const rdkit = await makeRdkit({ print: silence, printErr: silence });
  rdkit.disable_logging();
  return rdkit;
}

/**
 * What `use` makes of the molecule that a SMILES stands for, or null when RDKit refuses the SMILES. The molecule is freed
 * afterwards. Anything but printable ASCII is refused too, of which RDKit would read only a part.
 * Should RDKit crash on it, the SMILES counts as refused and the next call loads the toolkit afresh.
 */
export async function withMolecule<T>(smiles: string, use: (molecule: Molecule, rdkit: Rdkit) => T): Promise<T | null> {
  if (smiles.length > maxSmilesLength || !printableAscii.test(smiles) || smiles.startsWith('{')) return null;
  const rdkit = await loadRdkit();
  let molecule: Molecule | null = null;
  let crashed = false;
  try {
    molecule = rdkit.get_mol(smiles);
    return molecule === null ? null : use(molecule, rdkit);
  } catch (error) {
    if (!isCrash(error)) throw error;
    crashed = true;
    loading = undefined;
    return null;
  } finally {
    if (!crashed) molecule?.delete();
  }
}

/** Whether WebAssembly itself failed (a trap, or a C++ exception that RDKit did not catch): its state is then unknown. */
function isCrash(error: unknown): boolean {
  const kind = Object.prototype.toString.call(error);
  return kind === '[object WebAssembly.Exception]' || (error instanceof Error && error.name === 'RuntimeError');
}

let version: Promise<string> | undefined;

/** The version of the installed RDKit, read from its manifest without loading it. */
export function rdkitVersion(): Promise<string> {
  version ??= (async () => {
    const entry = require.resolve('@rdkit/rdkit');
    const manifest = JSON.parse(await readFile(join(dirname(dirname(entry)), 'package.json'), 'utf8')) as unknown;
    const found = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
    return String(found);
  })();
  return version;
}
