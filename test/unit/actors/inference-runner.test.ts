import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf, inferenceRunner, type InferenceRunnerInput } from '../../../actors/inference-runner.ts';
import type { Says } from '../../../src/protocol/events.ts';
import { DrivenActor, ofType, typesOf, type Said } from './driven-actor.ts';
import { finished, granted, modelRef, sampleTask } from './sample-facts.ts';
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

/** One that scores: its two chunks run as tasks 1 and 2. */
function scoring(): DrivenActor {
  const actor = start();
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
          arguments: { fingerprints: 'f', model: modelRef, from: 0, to: 5, exclude: [2], keep: 4 },
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

  it('cuts any space into even chunks that cover it, as many as the reference', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: 1, max: 64 }),
        (candidates, gone, minChunks) => {
          const left = Math.max(0, candidates - gone);
          const chunks = chunksOf({
            ...input,
            candidates,
            submitted: Array.from({ length: candidates - left }, (_, i) => i),
            chunkSize: 20_000,
            minChunks,
            created: 0,
            model: null,
            chunks: [],
            running: [],
            scored: 0,
            best: [],
          });
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

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
