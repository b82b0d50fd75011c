/** Why slots stand still: what each policy's own way of waiting is called. */
import { describe, expect, it } from 'vitest';
import type { Says } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { drawScenario } from '../../../src/simulator/scenario.ts';
import type { IdleReport } from '../../../src/story/views.ts';
import { anything } from '../simulator/reference-campaign.ts';
import { factsOfScenario, tell } from './told-run.ts';

/** A calm run with two workers of two slots, tasks of some seconds, 12 successes and an update after every 4. */
function calm(policy: string): Promise<StoredFact[]> {
  const scenario = drawScenario(3, { ...anything, policies: [policy], faults: 'none', lookahead: 0 });
  return factsOfScenario({
    ...scenario,
    total: 12,
    initial: 4,
    batch: 4,
    candidates: 100,
    workers: 2,
    slots: 2,
    weather: { latencyMs: 2, lost: 0, unanswered: 0 },
    tasks: { medianMs: 3_000, shape: 'even', failing: 0 },
    steering: { start: 'diverse', nearCopies: 'allow' },
  });
}

const secondsOf = ({ idleSeconds }: IdleReport, cause: keyof IdleReport['idleSeconds']): number =>
  idleSeconds[cause] ?? 0;

describe('a slot stands still', () => {
  it('while the model is updated, where the policy pauses for it', async () => {
    const facts = await calm('batched');
    const report = tell(facts).idle();
    const due = facts.filter(({ event }) => event.type === 'result.recorded' && event['updateDue'] === true);
    const ranked = facts.filter(({ event }) => event.type === 'ranking.updated' && event['update'] !== 0);
    expect(due.length).toBe(2);
    const most = due.reduce((sum, { storedAt }, i) => sum + 4 * ((ranked[i]?.storedAt ?? 0) - storedAt), 0) / 1_000;
    expect(secondsOf(report, 'paused for update')).toBeGreaterThan(0);
    expect(secondsOf(report, 'paused for update')).toBeLessThanOrEqual(most);
    // The first choice is made in one slot, and the other three wait for it.
    expect(secondsOf(report, 'waiting for ranking')).toBeGreaterThan(0);
  });

  it('never for that, where the policy goes on', async () => {
    const report = tell(await calm('streaming')).idle();
    expect(secondsOf(report, 'paused for update')).toBe(0);
  });

  it('without work, where a round waits for its last task', async () => {
    const report = tell(await calm('batch')).idle();
    expect(secondsOf(report, 'no work in pool')).toBeGreaterThan(1);
  });

  it('only while something is on its way, where candidates are taken at random, until enough succeeded', async () => {
    const facts = await calm('random');
    const story = tell(facts);
    const report = story.idle(story.overview().startedAt ?? 0);
    expect(Object.keys(report.idleSeconds).sort()).toEqual(
      expect.arrayContaining(['dispatch', 'no candidate']) as string[],
    );
    expect(secondsOf(report, 'paused for update') + secondsOf(report, 'no work in pool')).toBe(0);
    expect(secondsOf(report, 'dispatch')).toBeLessThan(0.1 * report.slotSeconds);
  });

  it('when its worker is lost: what it computed is lost with it', async () => {
    const facts = await calm('random');
    const story = tell(facts);
    const [, second] = story.overview().workers;
    const ends = facts.filter(({ event }) => event.type === 'task.finished');
    const half = ends[5]?.sequence ?? 0;
    // The second worker is lost after six results, and nothing of it comes in any more.
    const lost = facts.flatMap((fact): StoredFact[] => {
      const { worker } = (fact.event['result'] ?? {}) as { worker?: { id: string } };
      if (fact.sequence > half && worker?.id === second?.worker) return [];
      const gone = { type: 'worker.left', worker: second?.worker ?? '', reason: 'lost' };
      const told = { ...fact, id: 'lost', source: 'fleet', number: 99, storedAt: fact.storedAt + 2_000, event: gone };
      return fact.sequence === half ? [fact, told] : [fact];
    });
    expect(secondsOf(tell(lost).idle(), 'worker lost')).toBeGreaterThan(0);
    expect(secondsOf(tell(facts).idle(), 'worker lost')).toBe(0);
  });

  it('while the campaign is paused, and drains before that', async () => {
    const facts = await calm('random');
    const at = facts[Math.floor(facts.length / 2)]?.storedAt ?? 0;
    const said = (type: string, number: number, storedAt: number): StoredFact => ({
      v: 1,
      id: `campaign/${number}`,
      number,
      cause: 1,
      heardAt: null,
      saidAt: storedAt,
      event: { type, reason: 'somebody asked for it' },
      sequence: 100_000 + number,
      source: 'campaign',
      storedAt,
    });
    const ended = new Set(
      facts
        .filter(({ event, storedAt }) => event.type === 'task.finished' && storedAt <= at)
        .map(({ event }) => (event as unknown as Says<'worker'>).result.task.id),
    );
    // What has not ended then was never begun.
    const before = facts.filter(
      ({ event, storedAt }) =>
        storedAt <= at && (event.type !== 'task.created' || ended.has((event['task'] as { id: string }).id)),
    );
    const story = tell([
      ...before,
      said('drain.started', 100, at + 1_000),
      said('campaign.paused', 101, at + 30_000),
      said('campaign.resumed', 102, at + 90_000),
    ]);
    const report = story.idle(at + 1_000, at + 90_000);
    expect(report.idleSeconds).toMatchObject({ 'not running': 4 * 60, draining: expect.any(Number) as number });
    expect(story.overview(at + 91_000)).toMatchObject({ state: 'running', reason: '' });
    // Time in which it was paused does not count.
    expect(story.overview(at + 90_000).elapsedSeconds).toBeCloseTo(
      (at + 30_000 - (story.overview().startedAt ?? 0)) / 1_000,
      3,
    );
  });
});
