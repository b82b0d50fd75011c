import { describe, expect, it } from 'vitest';
import { campaign } from '../../../actors/campaign.ts';
import { DrivenActor } from './driven-actor.ts';
import { recorded } from './sample-facts.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(campaign.machine);

function running(): DrivenActor {
  const actor = new DrivenActor(campaign, {}, coverage);
  expect(actor.hear('operator', { type: 'run.requested' })).toEqual([{ type: 'campaign.started' }]);
  return actor;
}

const drain = { type: 'drain.requested', reason: 'interrupted' } as const;
const run = { type: 'run.requested' } as const;
const complete = { type: 'results.complete', recorded: 7 } as const;
const target = recorded({ successes: 64, targetReached: true });

describe('campaign', () => {
  it('drains when enough simulations succeeded, and ends when the last result is in', () => {
    const actor = running();
    expect(actor.hear('result-processor', recorded({ successes: 63 }))).toEqual([]);
    const reason = '64 simulations succeeded';
    expect(actor.hear('result-processor', target)).toEqual([{ type: 'drain.started', reason }]);
    expect(actor.hear('result-processor', recorded({ successes: 65, targetReached: true }))).toEqual([]);
    expect(actor.hear('operator', run)).toEqual([]);
    expect(actor.hear('result-processor', complete)).toEqual([{ type: 'campaign.ended', reason }]);
    expect(actor.status).toBe('done');
  });

  it('ends when the space has run out, and says so', () => {
    const actor = running();
    const reason = 'the search space has run out: all 30 candidates were submitted';
    expect(actor.hear('submitter', { type: 'space.exhausted', submitted: 30 })).toEqual([
      { type: 'drain.started', reason },
    ]);
    expect(actor.hear('result-processor', complete)).toEqual([{ type: 'campaign.ended', reason }]);
  });

  it('pauses when a person asks, and goes on from there when asked again', () => {
    const actor = running();
    expect(actor.hear('operator', drain)).toEqual([{ type: 'drain.started', reason: 'interrupted' }]);
    expect(actor.hear('operator', drain)).toEqual([]);
    expect(actor.hear('result-processor', recorded({ successes: 3 }))).toEqual([]);
    expect(actor.hear('result-processor', complete)).toEqual([{ type: 'campaign.paused', reason: 'interrupted' }]);
    expect(actor.hear('operator', run)).toEqual([{ type: 'campaign.resumed' }]);
    expect(actor.state).toBe('running');
  });

  it('pauses with the reason when updates keep failing, and when simulations do', () => {
    const updates = running();
    updates.hear('trainer', { type: 'updates.exhausted', consecutive: 3, reason: 'singular matrix' });
    expect(updates.hear('result-processor', complete)).toEqual([
      {
        type: 'campaign.paused',
        reason: '3 updates of the model failed in a row, the last one because: singular matrix',
      },
    ]);
    const simulations = running();
    simulations.hear('result-processor', { type: 'failures.persisted', failures: 16, reason: 'xtb is missing' });
    expect(simulations.hear('result-processor', complete)).toEqual([
      { type: 'campaign.paused', reason: '16 simulations failed in a row, the last one because: xtb is missing' },
    ]);
  });

  it('goes on right after a drain that somebody thought better of', () => {
    const actor = running();
    actor.hear('operator', drain);
    expect(actor.hear('operator', run)).toEqual([]);
    expect(actor.state).toEqual({ draining: 'toResume' });
    expect(actor.hear('operator', { type: 'drain.requested', reason: 'after all' })).toEqual([]);
    expect(actor.hear('operator', run)).toEqual([]);
    expect(actor.hear('result-processor', recorded({ successes: 4 }))).toEqual([]);
    expect(actor.hear('result-processor', complete)).toEqual([{ type: 'campaign.resumed' }]);
    expect(actor.state).toBe('running');
  });

  it('ends after a drain during which it got what it wanted, or ran out of candidates', () => {
    const histories = [
      (actor: DrivenActor) => actor.hear('result-processor', target),
      (actor: DrivenActor) => actor.hear('submitter', { type: 'space.exhausted', submitted: 30 }),
    ];
    for (const history of histories) {
      for (const toResume of [false, true]) {
        const actor = running();
        actor.hear('operator', drain);
        if (toResume) actor.hear('operator', run);
        expect(history(actor)).toEqual([]);
        const [end] = actor.hear('result-processor', complete);
        expect(end).toMatchObject({
          type: 'campaign.ended',
          reason: expect.stringMatching(/succeeded|run out/) as string,
        });
      }
    }
  });

  it('ends for good when a person says so, from wherever it stands', () => {
    const stop = { type: 'stop.requested', reason: 'enough' } as const;
    const ended = [{ type: 'campaign.ended', reason: 'enough' }];
    const fresh = new DrivenActor(campaign, {}, coverage);
    expect(fresh.hear('operator', stop)).toEqual(ended);
    const busy = running();
    expect(busy.hear('operator', stop)).toEqual([{ type: 'drain.started', reason: 'enough' }]);
    expect(busy.hear('result-processor', complete)).toEqual(ended);
    const [draining, resuming, paused] = [running(), running(), running()];
    for (const actor of [draining, resuming, paused]) actor.hear('operator', drain);
    resuming.hear('operator', run);
    for (const actor of [draining, resuming]) {
      expect(actor.hear('operator', stop)).toEqual([]);
      expect(actor.hear('result-processor', complete)).toEqual(ended);
    }
    paused.hear('result-processor', complete);
    expect(paused.hear('operator', stop)).toEqual(ended);
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
