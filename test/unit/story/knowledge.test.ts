import { expect, it } from 'vitest';
import { Knowledge, type Wish } from '../../../src/story/knowledge.ts';

const wish = (by: string): Wish => ({ by, reason: '', at: 1, sequence: 1 });

it('a pin holds until its candidate is taken, again when that is given back, and never beside a veto', () => {
  const knowledge = new Knowledge();
  const pinned = (): string[] => [...knowledge.pinned].map(([candidate, { by }]) => `${candidate} by ${by}`);
  knowledge.pin(7, wish('ada'));
  knowledge.pin(7, wish('eve'));
  expect(pinned()).toEqual(['7 by ada']);
  knowledge.take(7);
  expect(pinned()).toEqual([]);
  // Its task was withdrawn.
  knowledge.giveBack(7);
  expect(pinned()).toEqual(['7 by ada']);
  knowledge.take(7);
  knowledge.unpin(7);
  knowledge.giveBack(7);
  expect(pinned()).toEqual([]);
  knowledge.pin(7, wish('ada'));
  knowledge.veto(7, wish('eve'));
  expect(knowledge.next(3, () => null)).toEqual([]);
  knowledge.pin(7, wish('ada'));
  expect(pinned()).toEqual([]);
  knowledge.vetoed.delete(7);
  knowledge.pin(7, wish('ada'));
  expect(pinned()).toEqual(['7 by ada']);
});
