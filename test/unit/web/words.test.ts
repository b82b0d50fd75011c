import { describe, expect, it } from 'vitest';
import { ago, duration, elapsed, inOther, inUnit, none, percent } from '../../../web/words.ts';

const objective = {
  topic: 'simulate',
  label: 'IE',
  unit: 'hartree',
  also: { unit: 'eV', factor: 27.211386245988 },
  threshold: 0.55,
  seek: 'highest',
} as const;

describe('numbers as people read them', () => {
  it.each([
    [null, none],
    [-1, '0.0 s'],
    [0.01, 'under 0.1 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.6, '1 min 00 s'],
    [190, '3 min 10 s'],
    [3_599.7, '1 h 00 min'],
    [200_000, '2 d 7 h'],
  ])('%s s last %s', (seconds, said) => expect(duration(seconds)).toBe(said));

  it('keeps the width of a running clock, and the digits of energies', () => {
    expect(elapsed(3_723.9)).toBe('1:02:03');
    expect(inUnit(0.55, objective)).toBe('0.5500 Ha');
    expect(inOther(0.55, objective)).toBe('14.966 eV');
    expect(percent(0.955)).toMatch(/^9[56] %$/);
  });

  it('calls what has just been now', () => {
    expect(ago(1_000, 1_500)).toBe('now');
    expect(ago(1_000, 4_400)).toBe('3 s ago');
  });
});
