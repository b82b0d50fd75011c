/** What xtb prints, read: pure functions of text, which never give a number that is not one. */
import { MethodError } from '../protocol/errors.ts';

/**
 * The total energy that xtb's last summary gives, hartree.
 * @throws MethodError (code `xtb.no-energy`) when the text has none: a summary of `NaN` or `*****` counts as none.
 */
export function parseTotalEnergyHa(output: string): number {
  const found = [...output.matchAll(/\|\s*TOTAL ENERGY\s+(-?\d+\.\d+)\s+Eh\s*\|/g)].at(-1)?.[1];
  const energy = Number(found ?? NaN);
  if (!Number.isFinite(energy)) {
    throw new MethodError(`xtb printed no total energy; its output ended with: ${tailOf(output)}`, {
      code: 'xtb.no-energy',
      details: { output: tailOf(output) },
    });
  }
  return energy;
}

/** One hartree in electronvolt (CODATA 2018). */
export const evPerHartree = 27.211386245988;

/** The gap between the highest occupied and the lowest empty orbital that xtb's last summary gives, hartree; null where it gives none. */
export function parseGapHa(output: string): number | null {
  const found = [...output.matchAll(/\|\s*HOMO-LUMO GAP\s+(-?\d+\.\d+)\s+eV\s*\|/g)].at(-1)?.[1];
  return found === undefined ? null : Number(found) / evPerHartree;
}

/** How a geometry optimisation ended: xtb 6.5 exits with 0 whether it converged or not, so that only the text tells. */
export function parseOptimisation(output: string): { readonly converged: boolean; readonly cycles: number | null } {
  const ended = /\*\*\* (GEOMETRY OPTIMIZATION CONVERGED AFTER|FAILED TO CONVERGE GEOMETRY OPTIMIZATION IN) (\d{1,9}) /;
  const [, how, cycles] = ended.exec(output) ?? [];
  return { converged: how?.startsWith('GEOMETRY') ?? false, cycles: cycles === undefined ? null : Number(cycles) };
}

/** Whether xtb says that the electrons of some geometry did not come to self-consistency. */
export function saysElectronsDidNotConverge(output: string): boolean {
  return /Self consistent charge iterator did not converge|convergence criteria cannot be satisfied/.test(output);
}

/** The version that xtb's banner names, such as `6.5.1`; `unknown` when it names none. */
export function parseVersion(output: string): string {
  return /\* xtb version (\d[\w.-]{0,30})/.exec(output)?.[1] ?? 'unknown';
}

/** CPU time of the whole run by xtb's own clock, ms; 0 when it does not say. */
export function parseCpuMs(output: string): number {
  const line =
    /^ total:\s*\n.*\n\s*\*\s+cpu-time:\s*(\d{1,6}) d,\s*(\d{1,6}) h,\s*(\d{1,6}) min,\s*(\d{1,6}(?:\.\d{1,9})?) sec/m;
  const [, days, hours, minutes, seconds] = line.exec(output) ?? [];
  return (
    ((Number(days ?? 0) * 24 + Number(hours ?? 0)) * 60 + Number(minutes ?? 0)) * 60_000 + Number(seconds ?? 0) * 1e3
  );
}

/** The end of what a program printed, in one line of at most 300 characters: xtb's own error lines where there are any. */
export function tailOf(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^(\[ERROR\]|-\d+- )/.test(line));
  const told = (errors.length > 0 ? errors : lines.filter((line) => /\w/.test(line)).slice(-4)).join(' / ');
  return told === '' ? 'nothing' : told.slice(-300);
}
