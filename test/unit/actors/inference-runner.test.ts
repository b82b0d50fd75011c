import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferenceRunner, type InferenceRunnerInput } from '../../../actors/inference-runner.ts';
import { chunksOf } from '../../../actors/scoring-chunks.ts';
import type { Says } from '../../../src/protocol/events.ts';
import type { Ranked } from '../../../src/protocol/ranking.ts';
import { DrivenActor, ofType, typesOf, type Said } from './driven-actor.ts';
import { finished, granted, modelRef, recorded, sampleTask } from './sample-facts.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(inferenceRunner.machine);
const input: InferenceRunnerInput = {
  candidates: 10,
  method: 'score-candidates',
  topic: 'infer',
  pool: 'infer',
  trainPool: 'train',
  home: 'simulate',
  arguments: { fingerprints: 'f' },
  minChunks: 2,
  chunkSize: 1_000,
  keep: 4,
};
const start = (change: Partial<InferenceRunnerInput> = {}): DrivenActor =>
  new DrivenActor(inferenceRunner, { ...input, ...change }, coverage);
const trained = (update: number): Extract<Says<'trainer'>, { type: 'model.trained' }> => ({
  type: 'model.trained',
  update,
  trainedOn: 8,
  model: modelRef,
});
const drain = { type: 'drain.started', reason: 'interrupted' } as const;
const end = (number: number, outcome: { value: unknown } | { failure: string }) =>
  finished({ topic: 'infer', source: 'inference-runner', candidate: null, number, pool: 'infer' }, outcome);
const scores = (number: number, best: [number, number][]) => end(number, { value: { best, scored: 5 } });
const submitted = (candidate: number | null): Extract<Says<'submitter'>, { type: 'task.created' }> => ({
  type: 'task.created',
  task: { ...sampleTask({ candidate, number: (candidate ?? 90) + 1 }), grant: 'g' },
});

const ahead = (candidate: number): Extract<Says<'submitter'>, { type: 'task.created' }> => ({
  type: 'task.created',
  task: { ...sampleTask({ candidate, number: candidate + 1 }), grant: null },
});
const slotAhead = (candidate: number): Extract<Says<'resource-ledger'>, { type: 'slots.granted' }> => ({
  ...granted('ahead', `grant-9${candidate}`),
  task: `simulate-${candidate + 1}`,
});
const result = (candidate: number, change: Parameters<typeof recorded>[0] = {}) =>
  recorded({ task: `simulate-${candidate + 1}`, candidate, ...change });
const firstRanking: Ranked = [
  [4, 2],
  [7, 1],
];
const first = { method: 'choose-first', arguments: { count: 2 } };
const arrange = { method: 'arrange-ranking', arguments: { space: 's' }, take: 2 };
const ranking = (number: number, ranked: unknown) => end(number, { value: { ranking: ranked } });
const call = (from: string, slots: number | 'all' = 'all'): Said => ({
  type: 'reallocation.requested',
  from,
  to: 'infer',
  slots,
  ...(slots === 'all' ? {} : { upTo: true }),
});

/** One that scores: its two chunks run as tasks 1 and 2. */
function scoring(change: Partial<InferenceRunnerInput> = {}): DrivenActor {
  const actor = start(change);
  actor.hear('trainer', trained(1));
  actor.hear('resource-ledger', granted('inference-runner/1', 'grant-1'));
  actor.hear('resource-ledger', granted('inference-runner/1', 'grant-2'));
  return actor;
}

const givesBack = (update: number): Said[] => [
  { type: 'slots.withdrawn', request: `inference-runner/${update}` },
  { type: 'reallocation.requested', from: 'infer', to: 'simulate', slots: 'all' },
];

describe('inference-runner', () => {
  it('asks for the slots of training and simulation, and one grant a chunk, when there is a new model', () => {
    expect(start().hear('trainer', trained(1))).toEqual([
      { type: 'reallocation.requested', from: 'train', to: 'infer', slots: 'all' },
      { type: 'reallocation.requested', from: 'simulate', to: 'infer', slots: 'all' },
      { type: 'slots.requested', request: 'inference-runner/1', pool: 'infer', slots: 1, count: 2 },
    ]);
  });

  it('turns each grant into the scoring of a chunk, without what was submitted from it', () => {
    const actor = start();
    actor.hear('submitter', submitted(7));
    actor.hear('submitter', submitted(2));
    actor.hear('submitter', submitted(null));
    actor.hear('trainer', trained(1));
    expect(actor.hear('resource-ledger', granted('inference-runner/1', 'grant-1'))).toEqual([
      {
        type: 'task.created',
        task: {
          id: 'infer-1',
          number: 1,
          method: 'score-candidates',
          topic: 'infer',
          pool: 'infer',
          slots: 1,
          grant: 'grant-1',
          candidate: null,
          arguments: { fingerprints: 'f', model: modelRef, from: 0, to: 5, exclude: [2], keep: 4, update: 1 },
          choice: { update: 1, trainedOn: 8 },
        },
      },
    ]);
    const [second] = actor.hear('resource-ledger', granted('inference-runner/1', 'grant-2'));
    expect(second).toMatchObject({ task: { id: 'infer-2', arguments: { from: 5, to: 10, exclude: [7] } } });
    expect(actor.hear('resource-ledger', granted('inference-runner/1', 'grant-3')), 'no chunk is left').toEqual([
      { type: 'slots.released', grant: 'grant-3' },
    ]);
  });

  it('merges the best of all chunks into one ranking, without what was submitted meanwhile, and goes home', () => {
    const actor = scoring();
    expect(
      actor.hear(
        'worker',
        scores(2, [
          [8, 0.9],
          [9, 0.2],
        ]),
      ),
    ).toEqual([]);
    expect(
      actor.hear(
        'worker',
        scores(2, [
          [8, 0.9],
          [9, 0.2],
        ]),
      ),
      'a duplicate',
    ).toEqual([]);
    expect(actor.hear('worker', finished({ number: 1 }, { value: {} })), 'not one of its tasks').toEqual([]);
    actor.hear('submitter', submitted(3));
    const said = actor.hear(
      'worker',
      scores(1, [
        [3, 0.95],
        [1, 0.9],
        [0, 0.1],
      ]),
    );
    expect(said).toEqual([
      ...givesBack(1),
      {
        type: 'ranking.updated',
        update: 1,
        trainedOn: 8,
        scored: 10,
        // The best `keep` of both chunks, of which one was submitted meanwhile.
        ranking: [
          [1, 0.9],
          [8, 0.9],
          [9, 0.2],
        ],
        model: modelRef,
      },
    ]);
    expect(actor.state).toBe('idle');
  });

  it('reports the first chunk that fails, and takes nothing from the others', () => {
    const outcomes = [
      { outcome: { failure: 'out of memory' }, reason: 'out of memory' },
      { outcome: { value: null }, reason: 'a scoring task returned no scores' },
      { outcome: { value: { best: [['x', 1]], scored: 5 } }, reason: 'a scoring task returned no scores' },
      { outcome: { value: { best: [[1, 0.5]] } }, reason: 'a scoring task returned no scores' },
      // A candidate that the space does not have.
      { outcome: { value: { best: [[10, 0.5]], scored: 5 } }, reason: 'a scoring task returned no scores' },
    ];
    for (const { outcome, reason } of outcomes) {
      const actor = scoring();
      expect(actor.hear('worker', end(1, outcome))).toEqual([
        ...givesBack(1),
        { type: 'scoring.failed', update: 1, trainedOn: 8, reason },
      ]);
      expect(actor.state).toBe('idle');
      expect(actor.hear('worker', scores(2, [[8, 0.9]]))).toEqual([]);
    }
  });

  it('begins each model afresh', () => {
    const actor = scoring();
    actor.hear('worker', scores(1, [[1, 0.9]]));
    actor.hear('worker', end(2, { failure: 'x' }));
    actor.hear('trainer', trained(2));
    for (const grant of ['grant-3', 'grant-4']) actor.hear('resource-ledger', granted('inference-runner/2', grant));
    actor.hear('worker', scores(3, [[2, 0.3]]));
    const said = actor.hear('worker', scores(4, [[6, 0.4]]));
    expect(ofType(said, 'ranking.updated')).toMatchObject([
      {
        update: 2,
        ranking: [
          [6, 0.4],
          [2, 0.3],
        ],
      },
    ]);
  });

  it('drops the scoring of a model when a newer one comes', () => {
    const actor = scoring();
    expect(actor.hear('trainer', trained(1)), 'the same model').toEqual([]);
    expect(typesOf(actor.hear('trainer', trained(2)))).toEqual([
      ...typesOf(givesBack(1)),
      'reallocation.requested',
      'reallocation.requested',
      'slots.requested',
    ]);
    expect(actor.hear('worker', scores(1, [[1, 0.9]])), 'of the older model').toEqual([]);
    for (const grant of ['grant-3', 'grant-4']) actor.hear('resource-ledger', granted('inference-runner/2', grant));
    actor.hear('worker', scores(3, []));
    expect(ofType(actor.hear('worker', scores(4, [])), 'ranking.updated')).toMatchObject([{ update: 2, ranking: [] }]);
  });

  it('gives back grants that it has no use for, and leaves those of others alone', () => {
    const actor = start();
    const back = (grant: string) => [{ type: 'slots.released', grant }];
    expect(actor.hear('resource-ledger', granted('submitter/1', 'grant-1'))).toEqual([]);
    expect(actor.hear('resource-ledger', granted('inference-runner/0', 'grant-2'))).toEqual(back('grant-2'));
    actor.hear('trainer', trained(1));
    expect(actor.hear('resource-ledger', granted('submitter/1', 'grant-3'))).toEqual([]);
    expect(actor.hear('resource-ledger', granted('inference-runner/0', 'grant-4'))).toEqual(back('grant-4'));
  });

  it('asks again for the slots of the pools when the fleet has changed while chunks wait for one', () => {
    const actor = start();
    actor.hear('trainer', trained(1));
    const again = [
      { type: 'reallocation.requested', from: 'train', to: 'infer', slots: 'all' },
      { type: 'reallocation.requested', from: 'simulate', to: 'infer', slots: 'all' },
    ];
    expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 2 })).toEqual(again);
    actor.hear('resource-ledger', granted('inference-runner/1', 'grant-1'));
    expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 3 })).toEqual(again);
    actor.hear('resource-ledger', granted('inference-runner/1', 'grant-2'));
    expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 4 }), 'every chunk runs').toEqual([]);
  });

  it('calls slots again that a person has moved, for the first candidates, for chunks that wait, and to arrange', () => {
    const byHand = { type: 'reallocation.requested', from: 'infer', to: 'simulate', slots: 1, reason: '' } as const;
    const actor = start({ first, arrange });
    actor.hear('campaign', { type: 'campaign.started' });
    expect(actor.hear('operator', byHand)).toEqual([call('simulate', 1)]);
    actor.hear('trainer', trained(1));
    expect(actor.hear('operator', byHand)).toEqual([call('train'), call('simulate')]);
    for (const number of [1, 2]) actor.hear('resource-ledger', granted('inference-runner/1', `grant-${number}`));
    expect(actor.hear('operator', byHand), 'every chunk runs').toEqual([]);
    actor.hear('worker', scores(1, [[2, 1]]));
    actor.hear('worker', scores(2, [[8, 2]]));
    expect(actor.hear('operator', byHand)).toEqual([call('train'), call('simulate')]);
  });

  it('stops for a drain, and waits for the trainer to begin anew', () => {
    const actor = scoring();
    expect(actor.hear('campaign', drain)).toEqual(givesBack(1));
    expect(actor.hear('worker', scores(1, [[1, 0.9]]))).toEqual([]);
    expect(actor.hear('resource-ledger', granted('inference-runner/1', 'grant-3'))).toEqual([
      { type: 'slots.released', grant: 'grant-3' },
    ]);
    actor.hear('submitter', submitted(4));
    expect(actor.hear('campaign', { type: 'campaign.resumed' })).toEqual([]);
    actor.hear('trainer', trained(2));
    const [task] = actor.hear('resource-ledger', granted('inference-runner/2', 'grant-4'));
    expect(task).toMatchObject({ task: { id: 'infer-3', arguments: { from: 0, exclude: [4] } } });
    const idle = start();
    idle.hear('campaign', drain);
    expect(idle.state).toBe('closed');
  });

  it('has the first candidates chosen before anything else, and says when that cannot be done', () => {
    for (const outcome of ['chosen', 'failed', 'nonsense'] as const) {
      const actor = start({ first });
      expect(actor.hear('campaign', { type: 'campaign.started' })).toEqual([
        call('simulate', 1),
        { type: 'slots.requested', request: 'inference-runner/0', pool: 'infer', slots: 1, count: 1 },
      ]);
      expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 2 })).toEqual([call('simulate', 1)]);
      const [task] = actor.hear('resource-ledger', granted('inference-runner/0', 'grant-1'));
      expect(task).toMatchObject({
        task: { id: 'infer-1', method: 'choose-first', grant: 'grant-1', arguments: { count: 2 } },
      });
      expect(actor.hear('resource-ledger', granted('inference-runner/0', 'grant-2'))).toEqual([
        { type: 'slots.released', grant: 'grant-2' },
      ]);
      const outcomes = {
        chosen: ranking(1, firstRanking),
        failed: end(1, { failure: 'no memory' }),
        nonsense: ranking(1, [[10, 1]]),
      };
      const reason = outcome === 'failed' ? 'no memory' : 'a scoring task returned no scores';
      expect(actor.hear('worker', outcomes[outcome])).toEqual([
        ...givesBack(0),
        outcome === 'chosen'
          ? { type: 'ranking.updated', update: 0, trainedOn: 0, scored: 2, ranking: firstRanking }
          : { type: 'scoring.failed', update: 0, trainedOn: 0, reason },
      ]);
      expect(actor.state).toBe('idle');
      actor.hear('campaign', drain);
      expect(actor.hear('campaign', { type: 'campaign.resumed' }), 'once only').toEqual([]);
    }
  });

  it('has the first candidates chosen anew after a drain, and not at all when a model is there before', () => {
    const actor = start({ first });
    actor.hear('campaign', { type: 'campaign.started' });
    actor.hear('resource-ledger', granted('inference-runner/0', 'grant-1'));
    expect(actor.hear('campaign', drain)).toEqual(givesBack(0));
    expect(actor.hear('worker', ranking(1, firstRanking))).toEqual([]);
    expect(typesOf(actor.hear('campaign', { type: 'campaign.resumed' }))).toEqual([
      'reallocation.requested',
      'slots.requested',
    ]);
    actor.hear('resource-ledger', granted('inference-runner/0', 'grant-2'));
    actor.hear('trainer', trained(1));
    expect(actor.state).toEqual({ scoring: 'chunks' });
    expect(actor.hear('worker', ranking(2, firstRanking))).toEqual([]);
    actor.hear('campaign', drain);
    expect(actor.hear('campaign', { type: 'campaign.resumed' })).toEqual([]);
  });

  it('has the merged ranking arranged, knowing what is being simulated, and does without where that fails', () => {
    for (const outcome of ['arranged', 'failed', 'nonsense'] as const) {
      const actor = start({ arrange });
      for (const candidate of [0, 3, 5]) actor.hear('submitter', submitted(candidate));
      actor.hear('result-processor', result(3));
      // After a crash a creation may be stored behind its result.
      actor.hear('result-processor', result(7));
      actor.hear('submitter', submitted(7));
      actor.hear('trainer', trained(1));
      for (const grant of ['grant-1', 'grant-2']) actor.hear('resource-ledger', granted('inference-runner/1', grant));
      actor.hear('worker', scores(1, [[1, 0.9]]));
      expect(actor.hear('worker', scores(2, [[8, 0.8]]))).toEqual([
        call('simulate', 1),
        { type: 'slots.requested', request: 'inference-runner/1/arrange', pool: 'infer', slots: 1, count: 1 },
      ]);
      expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 1 })).toEqual([call('train'), call('simulate')]);
      const [task] = actor.hear('resource-ledger', granted('inference-runner/1/arrange', 'grant-3'));
      expect(task).toMatchObject({
        task: {
          id: 'infer-3',
          method: 'arrange-ranking',
          arguments: {
            space: 's',
            model: modelRef,
            ranking: [
              [1, 0.9],
              [8, 0.8],
            ],
            pending: [0, 5],
            take: 2,
            update: 1,
          },
        },
      });
      const arranged: Ranked = [
        [8, 0.8],
        [1, 0.9],
      ];
      const outcomes = {
        arranged: ranking(3, arranged),
        failed: end(3, { failure: 'no memory' }),
        nonsense: end(3, { value: {} }),
      };
      const why = outcome === 'failed' ? 'no memory' : 'the task returned no ranking';
      const said = actor.hear('worker', outcomes[outcome]);
      expect(ofType(said, 'ranking.updated')).toEqual([
        {
          type: 'ranking.updated',
          update: 1,
          trainedOn: 8,
          scored: 10,
          ranking: outcome === 'arranged' ? arranged : [...arranged].reverse(),
          model: modelRef,
          ...(outcome === 'arranged' ? {} : { unarranged: why }),
        },
      ]);
      expect(actor.state).toBe('idle');
    }
  });

  it('arranges nothing where nothing is left to rank', () => {
    const actor = scoring({ arrange });
    actor.hear('worker', scores(1, []));
    expect(ofType(actor.hear('worker', scores(2, [])), 'ranking.updated')).toMatchObject([{ ranking: [] }]);
  });

  it('publishes rankings as chunks come back, in which the others stand as they were', () => {
    const actor = scoring({ inParts: true });
    const inPart = actor.hear('worker', scores(2, [[8, 0.5]]));
    expect(inPart).toEqual([
      {
        type: 'ranking.updated',
        update: 1,
        trainedOn: 8,
        scored: 5,
        ranking: [[8, 0.5]],
        model: modelRef,
        older: { update: 0, trainedOn: 0, ranges: [[0, 5]] },
      },
    ]);
    const whole = actor.hear(
      'worker',
      scores(1, [
        [1, 0.9],
        [2, 0.4],
      ]),
    );
    expect(ofType(whole, 'ranking.updated')).toMatchObject([{ scored: 10 }]);
    expect(ofType(whole, 'ranking.updated')[0]).not.toHaveProperty('older');
    actor.hear('submitter', submitted(1));
    actor.hear('trainer', { ...trained(2), trainedOn: 9 });
    for (const grant of ['grant-3', 'grant-4']) actor.hear('resource-ledger', granted('inference-runner/2', grant));
    expect(actor.hear('worker', scores(4, [[9, 0.45]]))).toMatchObject([
      {
        update: 2,
        trainedOn: 9,
        scored: 5,
        // Candidate 8 was scored again and is not among the best; 2 stands as it did; 1 was submitted.
        ranking: [
          [9, 0.45],
          [2, 0.4],
        ],
        older: { update: 1, trainedOn: 8, model: modelRef, ranges: [[0, 5]] },
      },
    ]);
  });

  it('publishes at most eight rankings an update, however many chunks there are', () => {
    const actor = start({ candidates: 100, minChunks: 50, inParts: true });
    actor.hear('trainer', trained(1));
    const said = Array.from({ length: 50 }, (_, n) => {
      actor.hear('resource-ledger', granted('inference-runner/1', `grant-${n}`));
      return actor.hear('worker', scores(n + 1, []));
    });
    const rankings = ofType(said.flat(), 'ranking.updated');
    expect(rankings).toHaveLength(8);
    expect(rankings.filter((fact) => fact['older'] === undefined)).toHaveLength(1);
  });

  it('borrows as many slots as it was told, and asks again for one as long as chunks wait', () => {
    const one = start({ borrow: 1, arrange });
    expect(one.hear('trainer', trained(1)).slice(0, 2)).toEqual([call('train'), call('simulate', 1)]);
    one.hear('resource-ledger', granted('inference-runner/1', 'grant-1'));
    expect(one.hear('worker', scores(1, [[1, 1]]))).toEqual([call('simulate', 1)]);
    one.hear('resource-ledger', granted('inference-runner/1', 'grant-2'));
    expect(typesOf(one.hear('worker', scores(2, [])))).toEqual(['reallocation.requested', 'slots.requested']);
    const none = start({ borrow: 0, first, arrange });
    none.hear('campaign', { type: 'campaign.started' });
    none.hear('trainer', trained(1));
    for (const grant of ['grant-1', 'grant-2']) none.hear('resource-ledger', granted('inference-runner/1', grant));
    for (const number of [1, 2]) none.hear('worker', scores(number, [[number, 1]]));
    none.hear('fleet', { type: 'capacity.changed', capacity: 3 });
    none.hear('campaign', drain);
    expect(ofType(none.said, 'reallocation.requested')).toEqual([]);
  });

  it('ranks what only waits for a slot, leaves out what has one, and ranks again what was withdrawn', () => {
    const actor = start({ minChunks: 1, arrange });
    for (const candidate of [1, 2, 3, 4]) actor.hear('submitter', ahead(candidate));
    expect(actor.hear('resource-ledger', slotAhead(2))).toEqual([]);
    expect(actor.hear('resource-ledger', slotAhead(9)), 'of another actor').toEqual([]);
    actor.hear('result-processor', result(3, { success: false, withdrawn: true, value: null }));
    // A worker started it before it had its slot.
    actor.hear('result-processor', result(4));
    actor.hear('trainer', trained(1));
    const [task] = actor.hear('resource-ledger', granted('inference-runner/1', 'grant-1'));
    expect(task).toMatchObject({ task: { arguments: { exclude: [2, 4] } } });
    actor.hear('worker', scores(1, [[5, 1]]));
    const [arranging] = actor.hear('resource-ledger', granted('inference-runner/1/arrange', 'grant-2'));
    expect(arranging, 'what waits is not being simulated').toMatchObject({ task: { arguments: { pending: [2] } } });
    actor.hear('result-processor', recorded({ topic: 'train', candidate: null, value: null }));
  });

  it('cuts any space into even chunks that cover it, as many as the reference', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: 1, max: 64 }),
        (candidates, gone, minChunks) => {
          const left = Math.max(0, candidates - gone);
          const submitted = { size: candidates - left, pages: [] };
          const chunks = chunksOf({ candidates, submitted, chunkSize: 20_000, minChunks });
          expect(chunks).toHaveLength(Math.min(Math.max(Math.floor(left / 20_000), minChunks), candidates));
          expect(chunks[0]?.from).toBe(0);
          expect(chunks.at(-1)?.to).toBe(candidates);
          chunks.slice(1).forEach(({ from }, i) => expect(from).toBe(chunks[i]?.to));
          const sizes = chunks.map(({ from, to }) => to - from);
          expect(Math.min(...sizes)).toBeGreaterThan(0);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('cuts a large space of which little is left so that no task names too many that are gone', () => {
    const submitted = { size: 980_000 };
    const chunks = chunksOf({ candidates: 1_000_000, submitted, chunkSize: 20_000, minChunks: 1 });
    expect(Math.max(...chunks.map(({ from, to }) => to - from))).toBeLessThan(80_000);
  });

  it('scores and arranges candidates that were added, over the objects that hold them; an addition that came too late counts nothing', () => {
    const actor = start({ arrange: { ...arrange, arguments: { fingerprints: 'f' } } });
    const addition = (fromCount: number): Says<'operator'> => ({
      type: 'candidates.added',
      first: fromCount,
      candidates: [
        { label: 'C', arguments: {} },
        { label: 'CC', arguments: {} },
      ],
      objects: { fingerprints: modelRef },
      reason: '',
    });
    actor.hear('operator', addition(10));
    actor.hear('operator', addition(10));
    actor.hear('trainer', trained(1));
    const grants = [1, 2].flatMap((n) => actor.hear('resource-ledger', granted('inference-runner/1', `grant-${n}`)));
    expect(grants.map(({ task }) => (task as { arguments: unknown }).arguments)).toMatchObject([
      { from: 0, to: 6, fingerprints: modelRef },
      { from: 6, to: 12, fingerprints: modelRef },
    ]);
    actor.hear('worker', scores(1, [[2, 1]]));
    actor.hear('worker', scores(2, [[11, 2]]));
    const [arranging] = actor.hear('resource-ledger', granted('inference-runner/1/arrange', 'grant-3'));
    expect(arranging).toMatchObject({
      task: {
        arguments: {
          fingerprints: modelRef,
          ranking: [
            [11, 2],
            [2, 1],
          ],
        },
      },
    });
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
