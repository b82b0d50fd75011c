import type { Says } from '../protocol/events.ts';
import type { HandWish } from './faults.ts';

type Said = Says<'operator'>;
const by = 'somebody@simulator';

/** A person who steers by hand: what they say to the campaign. */
export class SimulatedHands {
  /** How many candidates there are by what was added. */
  #candidates: number;

  constructor(candidates: number) {
    this.#candidates = candidates;
  }

  /** The event of a wish. */
  event(wish: HandWish): Said {
    const why = { reason: 'by hand', by };
    if (wish.do === 'add') return this.#addition(wish.count, wish.late);
    if (wish.do === 'move') {
      const { from, to, slots } = wish;
      return { type: 'reallocation.requested', from, to, slots, ...why };
    }
    return { type: `candidate.${wish.do}`, candidate: wish.candidate, ...why };
  }

  /** What brings every slot home. */
  takeBack(): Said[] {
    return ['train', 'infer'].map((from) => ({
      type: 'reallocation.requested',
      from,
      to: 'simulate',
      slots: 'all',
      reason: 'back',
      by,
    }));
  }

  #addition(count: number, late: boolean): Said {
    const first = late ? this.#candidates - 1 : this.#candidates;
    if (!late) this.#candidates += count;
    const candidates = Array.from({ length: count }, (_, n) => ({
      label: `added ${first + n}`,
      arguments: { candidate: first + n },
    }));
    return { type: 'candidates.added', first, candidates, objects: {}, reason: 'by hand', by };
  }
}
