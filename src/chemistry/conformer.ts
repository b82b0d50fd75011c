/** Start geometries: RDKit's hydrogens and drawing, a little seeded noise out of the plane, and OpenChemLib's MMFF94. */
import type * as OpenChemLib from 'openchemlib';
import { createHash } from 'node:crypto';
import { CoxswainError, InputError, messageOf, MethodError } from '../protocol/errors.ts';
import { type BondedPair, contradictions, describeContradictions, type Geometry, toXyz } from './geometry.ts';
import { withMolecule } from './rdkit.ts';
import { canonicalSmiles, refusedSmiles } from './smiles.ts';

/** A start geometry with explicit hydrogens. */
export interface Conformer extends Geometry {
  /** Canonical SMILES of the molecule. */
  readonly smiles: string;
  readonly bonds: readonly BondedPair[];
  /** The geometry as XYZ text, angstrom. */
  readonly xyz: string;
}

/** How often another noise is tried before a molecule counts as unembeddable. */
const maxAttempts = 5;

let loading: Promise<typeof OpenChemLib> | undefined;

/** OpenChemLib with its force field's parameters, loaded once a process (about 70 ms). */
export function loadOpenChemLib(): Promise<typeof OpenChemLib> {
  loading ??= (async () => {
    const openChemLib = await import('openchemlib');
    openChemLib.Resources.registerFromNodejs();
    return openChemLib;
  })();
  return loading;
}

/**
 * A start geometry of a neutral, closed-shell molecule: near a minimum of MMFF94, and always the same for the same molecule
 * however its SMILES is written, because the noise is seeded by the canonical SMILES. Stereo centres that the SMILES names
 * come out as named; the others as the noise has it.
 *
 * Source: MMFF94, Halgren, J. Comput. Chem. 1996, 17, 490; the way there from a drawing is ours.
 * @throws InputError when RDKit refuses the SMILES (`smiles.refused`), or when it is of several fragments
 *   (`smiles.fragments`), charged (`smiles.charged`) or a radical (`smiles.radical`).
 * @throws MethodError (`conformer.failed`) when MMFF94 has no parameters for the molecule, or no attempt gave a sound geometry.
 */
export async function makeConformer(smiles: string): Promise<Conformer> {
  const canonical = await canonicalSmiles(smiles);
  const [drawing, openChemLib] = await Promise.all([draw(canonical), loadOpenChemLib()]);
  let reason = '';
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const relaxed = relax(openChemLib, drawing, noiseOf(`${canonical}#${attempt}`), 0.3 * (1 + attempt), canonical);
    const problem = describeContradictions(relaxed.geometry, contradictions(relaxed.geometry, relaxed.bonds));
    if (problem !== '') reason = problem;
    else if (!(await keepsStereo(canonical, drawing, relaxed.geometry))) reason = 'its stereo centres came out wrong';
    else {
      const { geometry, bonds } = relaxed;
      return { smiles: canonical, ...geometry, bonds, xyz: toXyz(geometry, canonical) };
    }
  }
  throw new MethodError(`no sound start geometry of ${canonical} in ${maxAttempts} attempts: ${reason}`, {
    code: 'conformer.failed',
    details: { smiles: canonical },
  });
}

/** A molecule drawn in the plane, hydrogens included, and which way each atom leaves the plane. */
interface Drawing {
  readonly molfile: string;
  /** Height above the plane that the wedges of the stereo centres ask for [nAtoms], angstrom. */
  readonly heights: readonly number[];
}

async function draw(smiles: string): Promise<Drawing> {
  const drawing = await withMolecule(smiles, (molecule) => {
    checkIsNeutral(smiles, molecule.get_json());
    molecule.add_hs_in_place();
    molecule.set_new_coords();
    return molecule.get_molblock();
  });
  if (drawing === null) throw refusedSmiles(smiles);
  return { molfile: drawing, heights: wedgeHeights(drawing) };
}

/** The part of RDKit's JSON of a molecule that is read here. */
interface RdkitJson {
  readonly molecules: readonly { readonly atoms: readonly { readonly chg?: number; readonly nRad?: number }[] }[];
}

function checkIsNeutral(smiles: string, json: string): void {
  const details = { smiles };
  if (smiles.includes('.')) {
    throw new InputError(`${smiles} is of several fragments: give one molecule`, { code: 'smiles.fragments', details });
  }
  const atoms = (JSON.parse(json) as RdkitJson).molecules[0]?.atoms ?? [];
  const charge = atoms.reduce((sum, atom) => sum + (atom.chg ?? 0), 0);
  if (charge !== 0) {
    const signed = charge > 0 ? `+${charge}` : String(charge);
    throw new InputError(`${smiles} has charge ${signed}: give a neutral molecule`, {
      code: 'smiles.charged',
      details,
    });
  }
  if (atoms.some((atom) => (atom.nRad ?? 0) > 0)) {
    throw new InputError(`${smiles} is a radical: give a closed-shell molecule`, { code: 'smiles.radical', details });
  }
}

/** Heights from the wedged bonds of a V2000 molfile: up for a solid wedge (1), down for a dashed one (6). */
function wedgeHeights(molfile: string): number[] {
  const lines = molfile.split('\n');
  const counts = lines[3] ?? '';
  const nAtoms = Number(counts.slice(0, 3));
  const heights = new Array<number>(nAtoms).fill(0);
  for (const line of lines.slice(4 + nAtoms, 4 + nAtoms + Number(counts.slice(3, 6)))) {
    const direction = { 1: 1, 6: -1 }[Number(line.slice(9, 12))];
    if (direction !== undefined) heights[Number(line.slice(3, 6)) - 1] = direction;
  }
  return heights;
}

interface Relaxed {
  readonly geometry: Geometry;
  readonly bonds: readonly BondedPair[];
}

function relax(
  { Molecule, ForceFieldMMFF94 }: typeof OpenChemLib,
  drawing: Drawing,
  noise: () => number,
  amplitude: number,
  smiles: string,
): Relaxed {
  const molecule = Molecule.fromMolfile(drawing.molfile);
  const nAtoms = molecule.getAllAtoms();
  for (let atom = 0; atom < nAtoms; atom += 1) {
    // OpenChemLib's z axis points away from the reader of a molfile.
    molecule.setAtomZ(atom, amplitude * (2 * noise() - 1) - (drawing.heights[atom] ?? 0));
  }
  try {
    // Stopping early (1) is no failure: the geometry is a start, and is checked.
    new ForceFieldMMFF94(molecule, 'MMFF94').minimise();
  } catch (cause) {
    if (cause instanceof CoxswainError) throw cause;
    const why = messageOf(cause).replace(/^Class\$S\d+: /, '');
    throw new MethodError(`MMFF94 cannot treat ${smiles}: ${why}`, {
      code: 'conformer.failed',
      details: { smiles },
      cause,
    });
  }
  const atoms = Array.from({ length: nAtoms }, (_, atom) => atom);
  const geometry = {
    elements: atoms.map((atom) => molecule.getAtomLabel(atom)),
    coordinates: atoms.map(
      (atom) => [molecule.getAtomX(atom), -molecule.getAtomY(atom), -molecule.getAtomZ(atom)] as const,
    ),
  };
  const bonds = Array.from(
    { length: molecule.getAllBonds() },
    (_, bond) => [molecule.getBondAtom(0, bond), molecule.getBondAtom(1, bond)] as const,
  );
  return { geometry, bonds };
}

/** Whether a geometry has the stereo centres and double-bond sides that a SMILES names, as RDKit perceives them. */
async function keepsStereo(smiles: string, drawing: Drawing, geometry: Geometry): Promise<boolean> {
  if (!/[@/\\]/.test(smiles)) return true;
  const molfile = inSpace(drawing.molfile, geometry);
  const kept = await withMolecule(smiles, (asNamed, rdkit) => {
    const asBuilt = rdkit.get_mol(molfile);
    try {
      return asBuilt !== null && asBuilt.get_substruct_match(asNamed, '{"useChirality":true}') !== '{}';
    } finally {
      asBuilt?.delete();
    }
  });
  return kept === true;
}

/** A molfile of the plane with a geometry's coordinates in its place; the atoms are in the same order. */
function inSpace(molfile: string, { coordinates }: Geometry): string {
  const lines = molfile.split('\n');
  lines[1] = '     coxswain          3D';
  for (const [atom, place] of coordinates.entries()) {
    const numbers = place.map((value) => value.toFixed(4).padStart(10)).join('');
    lines[4 + atom] = numbers + (lines[4 + atom] ?? '').slice(30);
  }
  return lines.map((line, index) => (index < 4 + coordinates.length ? line : unwedged(line))).join('\n');
}

/** A molfile's bond line without its wedge: in space the coordinates tell. Other lines as they are. */
const unwedged = (line: string): string => (/^[ \d]{12}/.test(line) ? `${line.slice(0, 9)}  0${line.slice(12)}` : line);

/** Numbers in [0, 1) that a text determines: its SHA-256 seeds a mulberry32 generator. */
function noiseOf(text: string): () => number {
  let state = createHash('sha256').update(text).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
