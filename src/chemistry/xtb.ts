/** The quantum chemistry: GFN2-xTB by the program xtb. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, MethodError, MissingError } from '../protocol/errors.ts';
import type { MethodContext, ProgramOutcome } from '../protocol/method.ts';
import { makeConformer } from './conformer.ts';
import { type BondedPair, contradictions, describeContradictions, type Geometry, parseXyz } from './geometry.ts';
import {
  parseCpuMs,
  parseGapHa,
  parseOptimisation,
  parseTotalEnergyHa,
  parseVersion,
  saysElectronsDidNotConverge,
  tailOf,
} from './xtb-output.ts';

/** Where xtb is run: how programs are started, and the folder that its files are written into. */
export type XtbSite = Pick<MethodContext, 'run' | 'scratchDir'>;

/** What a run of xtb gave. */
export interface XtbRun {
  readonly energyHa: number;
  readonly version: string;
  /** CPU time by xtb's own clock, ms; 0 when it did not say. */
  readonly cpuMs: number;
  /** All that it printed. */
  readonly output: string;
}

/**
 * Set in every run. `--norestart`: no state from an earlier run in the folder. `--ceasefiles`: 5 % less time, and three files
 * fewer. `--parallel 1`: one core, whatever the environment says.
 */
const always = ['--gfn', '2', '--norestart', '--ceasefiles', '--parallel', '1'];

/** The program that runs as xtb: `COX_XTB`, or `xtb` on the PATH. */
export const xtbProgram = (): string => process.env['COX_XTB'] ?? 'xtb';

/**
 * The neutral molecule's geometry and energy (hartree) after GFN2-xTB's optimisation at xtb's normal level.
 *
 * Source: Bannwarth, Ehlert and Grimme, J. Chem. Theory Comput. 2019, 15, 1652, https://doi.org/10.1021/acs.jctc.8b01176
 * @throws MissingError (`xtb.missing`); MethodError `xtb.crashed`, `xtb.no-energy`, `xtb.not-converged`, or
 *   `xtb.rearranged` when a bond of the formula broke or another formed, by the distances between the atoms.
 */
export async function optimise(
  site: XtbSite,
  start: Geometry & { readonly xyz: string; readonly smiles: string; readonly bonds: readonly BondedPair[] },
): Promise<XtbRun & { readonly geometry: Geometry; readonly xyz: string; readonly gapHa: number | null }> {
  await writeFile(join(site.scratchDir, 'start.xyz'), start.xyz);
  const { stdout } = await runXtb(site, ['start.xyz', '--opt', 'normal'], `the optimisation of ${start.smiles}`);
  const { converged, cycles } = parseOptimisation(stdout);
  const energyHa = parseTotalEnergyHa(stdout);
  if (!converged) {
    throw new MethodError(`xtb's optimisation of ${start.smiles} did not converge in ${cycles ?? 'its'} cycles`, {
      code: 'xtb.not-converged',
      details: { smiles: start.smiles, cycles },
    });
  }
  const xyz = await readOptimised(site, start.smiles);
  const geometry = parseXyz(xyz);
  const problem =
    geometry.elements.join() === start.elements.join()
      ? describeContradictions(geometry, contradictions(geometry, start.bonds))
      : 'other atoms came back';
  if (problem !== '') {
    throw new MethodError(`${start.smiles} became another molecule in xtb's optimisation: ${problem}`, {
      code: 'xtb.rearranged',
      details: { smiles: start.smiles },
    });
  }
  const gapHa = parseGapHa(stdout);
  return { energyHa, gapHa, version: parseVersion(stdout), cpuMs: parseCpuMs(stdout), output: stdout, geometry, xyz };
}

async function readOptimised(site: XtbSite, smiles: string): Promise<string> {
  try {
    return await readFile(join(site.scratchDir, 'xtbopt.xyz'), 'utf8');
  } catch (cause) {
    throw new MethodError(`xtb left no optimised geometry of ${smiles}: ${messageOf(cause)}`, {
      code: 'xtb.no-geometry',
      details: { smiles },
      cause,
    });
  }
}

/**
 * The cation's energy (hartree), a doublet, by GFN2-xTB at the geometry in the folder's file.
 * @throws as {@link optimise}, without `xtb.rearranged`.
 */
export async function cationEnergy(site: XtbSite, xyzFile: string, smiles: string): Promise<XtbRun> {
  const { stdout } = await runXtb(site, [xyzFile, '--chrg', '1', '--uhf', '1'], `the cation of ${smiles}`);
  return {
    energyHa: parseTotalEnergyHa(stdout),
    version: parseVersion(stdout),
    cpuMs: parseCpuMs(stdout),
    output: stdout,
  };
}

async function runXtb(site: XtbSite, args: readonly string[], what: string): Promise<ProgramOutcome> {
  const outcome = await start(site, [...args, ...always]);
  const output = `${outcome.stdout}\n${outcome.stderr}`;
  if (saysElectronsDidNotConverge(outcome.stdout) && outcome.exitCode !== 0) {
    throw new MethodError(`xtb's electrons did not converge in ${what}`, {
      code: 'xtb.not-converged',
      details: { exitCode: outcome.exitCode },
    });
  }
  if (outcome.exitCode !== 0) {
    const how = outcome.signal === null ? `exit code ${outcome.exitCode ?? 'none'}` : `signal ${outcome.signal}`;
    throw new MethodError(`xtb crashed in ${what} with ${how}; its output ended with: ${tailOf(output)}`, {
      code: 'xtb.crashed',
      details: { exitCode: outcome.exitCode, signal: outcome.signal, output: tailOf(output) },
    });
  }
  return outcome;
}

async function start(site: XtbSite, args: readonly string[]): Promise<ProgramOutcome> {
  const program = xtbProgram();
  try {
    return await site.run(program, args, { cwd: site.scratchDir });
  } catch (cause) {
    if (!(cause instanceof MissingError)) throw cause;
    throw new MissingError(
      `xtb cannot be started as "${program}": install it (Debian: apt install xtb; or the release archive of ` +
        'github.com/grimme-lab/xtb) or name the program in COX_XTB',
      { code: 'xtb.missing', details: { program }, cause },
    );
  }
}

/** A vertical ionization energy and what it was made of. */
export interface VerticalIonization {
  /** Energy of the cation less that of the neutral, both at the neutral's geometry, hartree. */
  readonly ionizationEnergyHa: number;
  readonly neutralEnergyHa: number;
  readonly cationEnergyHa: number;
  /** Between the neutral's highest occupied and lowest empty orbital, hartree; null where xtb gives none. */
  readonly homoLumoGapHa: number | null;
  /** The neutral's optimised geometry, XYZ text in angstrom. */
  readonly geometryXyz: string;
  readonly xtbVersion: string;
  /** CPU time of both runs by xtb's own clock, ms. */
  readonly xtbCpuMs: number;
  /** What both runs printed, one below the other. */
  readonly xtbOutput: string;
}

/**
 * The vertical ionization energy of a SMILES by GFN2-xTB: start geometry, optimisation of the neutral, single point of the
 * cation there. GFN2 puts it 0.12 to 0.21 hartree above experiment (methane, methanol, benzene, water): good for order, not
 * for its own sake.
 * @throws as {@link makeConformer}, {@link optimise} and {@link cationEnergy}.
 */
export async function verticalIonization(site: XtbSite, smiles: string): Promise<VerticalIonization> {
  const conformer = await makeConformer(smiles);
  const neutral = await optimise(site, conformer);
  const cation = await cationEnergy(site, 'xtbopt.xyz', conformer.smiles);
  return {
    ionizationEnergyHa: cation.energyHa - neutral.energyHa,
    neutralEnergyHa: neutral.energyHa,
    cationEnergyHa: cation.energyHa,
    homoLumoGapHa: neutral.gapHa,
    geometryXyz: neutral.xyz,
    xtbVersion: neutral.version,
    xtbCpuMs: neutral.cpuMs + cation.cpuMs,
    xtbOutput: `${neutral.output.trimEnd()}\n\n${cation.output.trimEnd()}\n`,
  };
}
