import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CampaignDefinition } from '../../src/campaign/definition.ts';
import { followFacts } from '../../src/campaign/facts.ts';
import { handsOn } from '../../src/campaign/hands-on.ts';
import { loadCampaign } from '../../src/campaign/load.ts';
import type { RunRecord } from '../../src/campaign/run-folder.ts';
import type { SteerAnswer } from '../../src/dashboard/api.ts';
import type { StoredFact } from '../../src/protocol/fact.ts';
import { recordLog } from '../support/recorded-log.ts';
import { campaignFolder, Scene } from '../support/scene.ts';

const tasks = 20;
let scene: Scene;
let connection: NatsConnection;
let record: RunRecord;
let over: RunRecord;
let definition: CampaignDefinition;
/** A candidate of the recorded tasks, and one that has none. */
let taken: number;
const free = tasks + 7;

beforeAll(async () => {
  scene = await Scene.open();
  connection = await scene.connect();
  const options = { tasks, labelOf: (candidate: number) => `candidate ${candidate}` };
  [record, over] = await Promise.all([
    recordLog(connection, { id: 'hands', isOver: false, ...options }),
    recordLog(connection, { id: 'over', ...options }),
  ]);
  const quick = (await loadCampaign(campaignFolder('quick'))) as CampaignDefinition;
  // The recorded campaign began with this very space.
  const { digest } = record.candidates;
  definition = {
    ...quick,
    loadCandidates: async (settings, rest) => ({ ...(await quick.loadCandidates(settings, rest)), digest }),
  };
  const created = (await facts()).find(({ event }) => event.type === 'task.created');
  taken = (created?.event['task'] as { candidate: number }).candidate;
});

afterAll(() => scene[Symbol.asyncDispose]());

const ask = (asked: unknown, by = 'ann@lab'): Promise<SteerAnswer> =>
  handsOn({ connection, record, definition }, asked, by);

async function facts(): Promise<StoredFact[]> {
  const all: StoredFact[] = [];
  const onFact = (fact: StoredFact): void => void all.push(fact);
  const reader = await followFacts(connection, 'hands', { from: 1, onFact, onOther: () => undefined });
  await reader.caughtUp;
  await reader.close();
  return all;
}

describe('steering by hand', () => {
  it('is an event with who and why, and comes with what takes it back', async () => {
    const pinned = await ask({ action: 'pin', candidate: `candidate ${free}`, reason: ' a hunch ' });
    expect(pinned).toMatchObject({
      told: `candidate ${free} (candidate ${free}) is simulated next, as soon as candidates are chosen again`,
      undo: { action: 'unpin', candidate: free },
    });
    const undone = await ask(pinned.undo, 'bob@lab');
    expect(undone.undo).toEqual({ action: 'pin', candidate: free });
    await ask({ action: 'veto', candidate: free });
    const moved = await ask({ action: 'move', from: 'simulate', to: 'train', slots: 2, reason: 'to train sooner' });
    expect(moved.undo).toEqual({ action: 'move', from: 'train', to: 'simulate', slots: 2 });
    const said = (await facts()).filter(({ source }) => source === 'operator').slice(-4);
    expect(said.map(({ sequence }) => sequence).slice(0, 2)).toEqual([pinned.sequence, undone.sequence]);
    expect(said.map(({ event }) => event)).toEqual([
      { type: 'candidate.pinned', candidate: free, reason: 'a hunch', by: 'ann@lab' },
      { type: 'candidate.unpinned', candidate: free, reason: '', by: 'bob@lab' },
      { type: 'candidate.vetoed', candidate: free, reason: '', by: 'ann@lab' },
      {
        type: 'reallocation.requested',
        from: 'simulate',
        to: 'train',
        slots: 2,
        reason: 'to train sooner',
        by: 'ann@lab',
      },
    ]);
  });

  it('offers to take back only what somebody has heard', async () => {
    // Nobody runs the actors of a recorded log.
    const { told, undo } = await ask({ action: 'resume' });
    expect(told).toMatch(/has been told to resume, and says nothing to that/);
    expect(undo).toBeNull();
  });

  it('refuses what cannot be, says why, and then says nothing to the campaign', async () => {
    const before = (await facts()).length;
    const refused: readonly [asked: unknown, says: RegExp][] = [
      [{ action: 'fire' }, /nothing that a campaign can be asked for: action/],
      [null, /nothing that a campaign can be asked for/],
      [{ action: 'pin', candidate: -1 }, /candidate/],
      [{ action: 'pin', candidate: 1, more: 1 }, /more/],
      [{ action: 'pin', candidate: 1, reason: 'x'.repeat(1_001) }, /at most 1,000 characters/],
      [{ action: 'pin', candidate: 99_999 }, /has no candidate 99999; they are numbered 0 to 1019/],
      [{ action: 'pin', candidate: 'C\u001b[31m' }, /takes no more|has no candidate "C\\u001b/],
      [{ action: 'pin', candidate: taken }, /has been chosen already: see task simulate-/],
      [{ action: 'veto', candidate: taken }, /has been chosen already/],
      [{ action: 'pin', candidate: free }, /is vetoed; allow it first/],
      [{ action: 'veto', candidate: free }, /is vetoed already/],
      [{ action: 'unpin', candidate: 3 + tasks }, /is not pinned/],
      [{ action: 'allow', candidate: 3 + tasks }, /was not vetoed/],
      [{ action: 'move', from: 'simulate', to: 'trian', slots: 1 }, /no pool "trian"; it has simulate, train, infer/],
      [{ action: 'move', from: 'simulate', to: 'simulate', slots: 1 }, /to itself/],
      [{ action: 'move', from: 'simulate', to: 'train', slots: 17 }, /pool simulate has 16 slots, and not 17/],
      [{ action: 'move', from: 'infer', to: 'train', slots: 'all' }, /pool infer has 0 slots/],
      [{ action: 'add', candidates: ['CCO'] }, /campaigns of quick take no more candidates/],
      [{ action: 'add', candidates: [] }, /candidates/],
      [{ action: 'cancel', task: 'simulate-999' }, /has no task "simulate-999"/],
    ];
    for (const [asked, says] of refused) {
      await expect(ask(asked), JSON.stringify(asked)).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(says) as string,
      });
    }
    await expect(handsOn({ connection, record: over, definition }, { action: 'pause' })).rejects.toThrow(/has ended/);
    expect((await facts()).length).toBe(before);
  });

  it('adds in turn when two add at once, with numbers that are theirs', async () => {
    const added: CampaignDefinition = {
      ...definition,
      extendCandidates: (candidates, lines) =>
        Promise.resolve({
          candidates: {
            ...candidates,
            count: candidates.count + lines.length,
            labelOf: (candidate) => lines[candidate - candidates.count] ?? '',
            argumentsOf: (candidate) => ({ candidate }),
            objects: { list: new TextEncoder().encode(lines.join('\n')) },
          },
          lines: lines.map((_, place) => ({ candidate: candidates.count + place, isNew: true })),
        }),
    };
    // The space has 1,020 candidates, and so has what the folder reads.
    const hands = { connection, record, definition: added };
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((name) => handsOn(hands, { action: 'add', candidates: [name, `${name} more`] })),
    );
    expect(answers.map(({ undo }) => undo)).toEqual([null, null, null]);
    const said = (await facts()).flatMap(({ event }) => (event.type === 'candidates.added' ? [event] : []));
    expect(said.map((event) => event['first'])).toEqual([1_020, 1_022, 1_024]);
    expect(new Set(said.map((event) => JSON.stringify(event['objects']))).size).toBe(3);
    const last = said[2]?.['candidates'] as { label: string }[];
    const { told } = await handsOn(hands, { action: 'pin', candidate: last[1]?.label });
    expect(told).toContain('(candidate 1025)');
  });
});
