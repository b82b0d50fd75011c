/** What a story says in words: what goes on, why a task, and what its result changed. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Says } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { drawScenario } from '../../../src/simulator/scenario.ts';
import { anything } from '../simulator/reference-campaign.ts';
import { factsOfScenario, tell } from './told-run.ts';

let facts: StoredFact[] = [];
beforeAll(async () => {
  const scenario = drawScenario(3, { ...anything, policies: ['batched'], faults: 'none', lookahead: 0 });
  facts = await factsOfScenario({
    ...scenario,
    total: 12,
    initial: 4,
    batch: 4,
    candidates: 100,
    workers: 2,
    slots: 1,
  });
});

const upTo = (type: string, count = 1): StoredFact[] => {
  const places = facts.flatMap(({ event }, place) => (event.type === type ? [place] : []));
  return facts.slice(0, (places[count - 1] ?? 0) + 1);
};

describe('what it is doing', () => {
  const doing = (some: readonly StoredFact[]): string => tell(some, { total: 12 }).overview().doing.join(' ');

  it('is told from before the start to the end', () => {
    expect(doing([])).toBe('Nothing has been started yet.');
    expect(doing(upTo('campaign.started'))).toMatch(/^No worker is there|^The first candidates are being chosen/);
    expect(doing(upTo('update.started'))).toMatch(/Submission is paused until the model knows 4 results: training for/);
    expect(doing(upTo('model.trained'))).toContain('until the model knows 4 results: ranking what is left for');
    expect(doing(facts)).toMatch(/^Finished: 12 simulations succeeded\. 1\d candidates simulated, \d+ of them above/);
  });

  it('counts what is simulated, and says which of all these are', () => {
    const created = facts.flatMap(({ event, source }, place) =>
      event.type === 'task.created' && source === 'submitter' ? [place] : [],
    );
    expect(doing(facts.slice(0, (created[1] ?? 0) + 1))).toBe('Simulating 2 candidates, the 1st and 2nd of 12.');
  });
});

describe('why slots move', () => {
  it('is told by the update that needs them, or is over', () => {
    const reasons = new Set(
      tell(facts)
        .ledger()
        .moves.map(({ reason }) => reason),
    );
    expect([...reasons]).toEqual(
      expect.arrayContaining([
        'update 1 is to be trained',
        'candidates are to be scored for update 2',
        'update 2 is over',
      ]),
    );
  });
});

describe('why', () => {
  /** The first simulation that a model chose. */
  const byModel = (): string =>
    facts
      .map(({ event }) => event['task'] as { id: string; choice: { by: string } } | undefined)
      .find((task) => typeof task === 'object' && task.choice.by === 'ranking')?.id ?? '';

  it('names the model, what it knew, the rank and the score', () => {
    const story = tell(facts).task(byModel());
    expect(story?.why).toMatch(/The model of update 1, which knew 4 results, ranked it \d+\w\w with a score of/);
    expect(story?.trainingSet).toHaveLength(4);
    expect(story?.changed[0]).toMatch(/^(Found: it is above|Not a find: it is not above) 0\.5000 hartree/);
    expect(story?.steps.map(({ at }) => at)).toEqual(story?.steps.map(({ at }) => at).sort((a, b) => a - b));
    expect(story?.steps.at(-1)?.what).toBe('counted');
  });

  it('names who pinned it, and what for', () => {
    const id = byModel();
    const created = facts.find(({ event }) => (event['task'] as { id?: string } | undefined)?.id === id);
    const { candidate } = created?.event['task'] as { candidate: number };
    const pin: StoredFact = {
      ...(facts[0] as StoredFact),
      source: 'operator',
      number: null,
      event: { type: 'candidate.pinned', candidate, reason: 'a hunch', by: 'ada@host' } satisfies Says<'operator'>,
    };
    const before = facts.filter(({ sequence }) => sequence < (created?.sequence ?? 0));
    const pinned = tell([...before, pin]);
    expect(pinned.overview().next[0]).toMatchObject({ candidate, isPinned: true });
    const story = tell([...before, pin, ...facts.slice(before.length)]);
    expect(story.overview().pinned).toEqual([]);
    expect(story.task(id)?.why).toMatch(/^ada@host pinned it before all others \(“a hunch”\)\./);
  });
});

describe('a host whose clock is off', () => {
  it.each([-3_600_000, 3_600_000])('by %i ms computes within the campaign all the same', (off) => {
    const shifted = facts.map((fact) => {
      if (fact.event.type !== 'task.finished') return fact;
      const { result } = fact.event as unknown as Says<'worker'>;
      const { pickedUp, computeStarted, computeEnded } = result.times;
      const times = {
        ...result.times,
        pickedUp: pickedUp + off,
        computeStarted: computeStarted + off,
        computeEnded: computeEnded + off,
      };
      return { ...fact, event: { ...fact.event, result: { ...result, times } } };
    });
    const { at } = tell(facts);
    for (const row of tell(shifted).tasks().rows) {
      expect(row.startedAt).toBeGreaterThanOrEqual((facts[0]?.storedAt ?? 0) - 10);
      expect(row.endedAt).toBeLessThanOrEqual(at + 10);
    }
    const busy = (some: readonly StoredFact[]): number => tell(some).idle().busySeconds['simulate'] ?? 0;
    expect(busy(shifted)).toBeCloseTo(busy(facts), 1);
  });
});
