import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evPerHartree,
  parseCpuMs,
  parseGapHa,
  parseOptimisation,
  parseTotalEnergyHa,
  parseVersion,
  saysElectronsDidNotConverge,
  tailOf,
} from '../../../src/chemistry/xtb-output.ts';
import type { MethodError } from '../../../src/protocol/errors.ts';
import { CoxswainError } from '../../../src/protocol/errors.ts';

/** Lines as xtb 6.5.1 prints them. */
const summary = (energy: string): string => `           -------------------------------------------------
          | TOTAL ENERGY         ${energy.padStart(20)} Eh   |
          | GRADIENT NORM               0.000485922154 Eh/α |
`;
const times = (seconds: string): string => ` total:
 * wall-time:     0 d,  0 h,  1 min,  0.016 sec
 *  cpu-time:     1 d,  2 h,  3 min, ${seconds} sec
 * ratio c/w:     1.000 speedup
 SCF:
 * wall-time:     0 d,  0 h,  0 min,  0.002 sec
 *  cpu-time:     0 d,  0 h,  0 min,  0.002 sec
`;

/** Text that looks like xtb's, with the parts in any order and garbage among them. */
const xtbLike = fc
  .array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        '| TOTAL ENERGY',
        ' Eh |',
        'nan',
        '*****',
        '-',
        '1.5',
        '\n',
        ' total:\n',
        '* xtb version ',
        ' sec',
      ),
      fc.string().map(summary),
      fc.string().map(times),
    ),
  )
  .map((parts) => parts.join(' '));

describe("what is read from xtb's output", () => {
  it('is the energy of the last summary, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -9_999_999_999, max: 9_999_999_999 }),
        fc.array(fc.integer({ min: -999_999, max: 999_999 })),
        (last, earlier) => {
          const text = [...earlier, last].map((energy) => summary((energy / 1e6).toFixed(12))).join('between\n');
          expect(parseTotalEnergyHa(text)).toBe(Number((last / 1e6).toFixed(12)));
        },
      ),
    );
  });

  it.each(['', 'NaN', '****************', '-12', 'Infinity'])('is no energy when the summary says "%s"', (energy) => {
    expect(() => parseTotalEnergyHa(summary(energy))).toThrow(
      expect.objectContaining({ code: 'xtb.no-energy' }) as MethodError,
    );
  });

  it('is never anything but a number or an error of ours, for any text', () => {
    fc.assert(
      fc.property(xtbLike, (text) => {
        try {
          expect(Number.isFinite(parseTotalEnergyHa(text))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(CoxswainError);
        }
        expect(Number.isFinite(parseCpuMs(text))).toBe(true);
        expect(parseVersion(text)).not.toBe('');
        const { cycles } = parseOptimisation(text);
        expect(cycles === null || Number.isInteger(cycles)).toBe(true);
        expect(tailOf(text).length).toBeLessThanOrEqual(300);
      }),
      { numRuns: 500 },
    );
  });

  it('is the CPU time of the whole run, not that of a part', () => {
    expect(parseCpuMs(times(' 4.500'))).toBe(((24 + 2) * 60 + 3) * 60_000 + 4_500);
    expect(parseCpuMs('nothing')).toBe(0);
  });

  it('is the version of the banner', () => {
    expect(parseVersion("   * xtb version 6.5.1 (unknown) compiled by 'x' on 2022-12-09")).toBe('6.5.1');
    expect(parseVersion('something else')).toBe('unknown');
  });

  it('is whether the geometry converged', () => {
    expect(parseOptimisation('   *** GEOMETRY OPTIMIZATION CONVERGED AFTER 21 ITERATIONS ***')).toEqual({
      converged: true,
      cycles: 21,
    });
    expect(parseOptimisation('   *** FAILED TO CONVERGE GEOMETRY OPTIMIZATION IN 2 ITERATIONS ***')).toEqual({
      converged: false,
      cycles: 2,
    });
    expect(parseOptimisation('killed')).toEqual({ converged: false, cycles: null });
  });

  it('is whether the electrons converged', () => {
    expect(saysElectronsDidNotConverge('-1- scf: Self consistent charge iterator did not converge')).toBe(true);
    expect(saysElectronsDidNotConverge('   *** convergence criteria satisfied after 10 iterations ***')).toBe(false);
  });

  it("ends with xtb's own error lines where there are any", () => {
    expect(tailOf('a\n[ERROR] Program stopped\n-1- no parameters\n####\nnormal end')).toBe(
      '[ERROR] Program stopped / -1- no parameters',
    );
    expect(tailOf(' \n')).toBe('nothing');
  });
});

describe('the HOMO-LUMO gap', () => {
  const gapLine = (gap: string): string => `          | HOMO-LUMO GAP        ${gap.padStart(20)} eV   |\n`;

  it('is that of the last summary, in hartree', () => {
    expect(parseGapHa(`${gapLine('17.102')}cycle 2\n${gapLine('16.5')}`)).toBeCloseTo(16.5 / evPerHartree, 12);
  });

  it('is null where there is none, or what stands there is no number', () => {
    const without = ['', summary('-4.1'), gapLine('NaN'), gapLine('*****')];
    expect(without.map(parseGapHa)).toEqual([null, null, null, null]);
  });
});
