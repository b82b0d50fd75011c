import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  candidatesIn,
  isIn,
  noCandidates,
  withCandidate,
  withoutCandidate,
  type CandidateSet,
} from '../../../actors/candidate-set.ts';

const candidate = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.constantFrom(31, 32, 1_023, 1_024, 1_055, 2_047, 2_048),
  fc.integer({ min: 0, max: 5_000 }),
);

describe('a set of candidates', () => {
  it('holds what was added and not taken out since, and lists any range of it', () => {
    const changes = fc.array(fc.tuple(candidate, fc.boolean()), { maxLength: 80 });
    fc.assert(
      fc.property(changes, candidate, candidate, (steps, one, other) => {
        const expected = new Set<number>();
        let set = noCandidates;
        for (const [which, isAdded] of steps) {
          if (isAdded) expected.add(which);
          else expected.delete(which);
          set = isAdded ? withCandidate(set, which) : withoutCandidate(set, which);
          expect(isIn(set, which)).toBe(isAdded);
        }
        set = JSON.parse(JSON.stringify(set)) as CandidateSet;
        expect(set.size).toBe(expected.size);
        const all = [...expected].sort((a, b) => a - b);
        expect(candidatesIn(set, 0, 6_000)).toEqual(all);
        const [from, to] = one < other ? [one, other] : [other, one];
        expect(candidatesIn(set, from, to)).toEqual(all.filter((each) => each >= from && each < to));
      }),
    );
  });

  it('leaves the set alone that it was made of, and gives the same one when nothing changes', () => {
    const one = withCandidate(noCandidates, 7);
    const two = withCandidate(one, 8);
    expect(candidatesIn(one, 0, 100)).toEqual([7]);
    expect(withCandidate(two, 7)).toBe(two);
    expect(withoutCandidate(two, 9)).toBe(two);
    expect(withoutCandidate(withoutCandidate(two, 7), 8)).toMatchObject({ size: 0 });
  });

  it('takes at most 350 kB as JSON for a million candidates, however they are spread', () => {
    const most = 1_000_000;
    let worst = noCandidates;
    // A word with its highest bit has most digits: every other candidate, and each 32nd.
    for (let which = 1; which < most; which += 2) worst = withCandidate(worst, which);
    expect(worst.size).toBe(most / 2);
    expect(JSON.stringify(worst).length).toBeLessThan(350_000);
  });
});
