/** A story read from a real log, what is looked up beside it, and the two commands that ask it. */
import { gzipSync } from 'node:zlib';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CampaignDefinition } from '../../src/campaign/definition.ts';
import { loadCampaign } from '../../src/campaign/load.ts';
import type { RunRecord } from '../../src/campaign/run-folder.ts';
import { artifactsOf, artifactText, followStory, openStory, storyOf } from '../../src/campaign/story-reader.ts';
import { ObjectCache } from '../../src/nats/objects.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { subjects } from '../../src/protocol/subjects.ts';
import { recordLog } from '../support/recorded-log.ts';
import { campaignFolder, Scene } from '../support/scene.ts';

let scene: Scene;
let connection: NatsConnection;
let record: RunRecord;
let definition: CampaignDefinition;
const hostile = '<b>\u001b[31mC1\u202ered';

beforeAll(async () => {
  scene = await Scene.open();
  connection = await scene.connect();
  const labelOf = (candidate: number): string =>
    candidate === 4 ? hostile : `C${'C'.repeat(candidate % 9)}O${candidate}`;
  record = await recordLog(connection, { id: 'told', tasks: 200, slots: 4, labelOf, failure: `no\u001b[2J luck` });
  definition = (await loadCampaign(campaignFolder('quick'))) as CampaignDefinition;
}, 60_000);
afterAll(() => scene[Symbol.asyncDispose]());

async function said(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const command = scene.cox(...args);
  const code = await command.exit;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

describe('a story that is read from a log', () => {
  it('passes over what is no fact, and goes on behind it', async () => {
    const publisher = new StoredPublisher(connection);
    const broken: [string, string, string][] = [
      ['worker', 'task.finished', 'no JSON at all'],
      ['worker', 'task.finished', JSON.stringify({ v: 1, id: 'x', number: null, cause: null, saidAt: 0, event: 5 })],
      [
        'worker',
        'task.finished',
        JSON.stringify(fact({ type: 'task.finished', result: { task: { id: 'simulate-1' } } })),
      ],
      [
        'resource-ledger',
        'slots.changed',
        JSON.stringify(fact({ type: 'slots.changed', capacity: 'many', pools: [] })),
      ],
      ['fleet', 'worker.joined', JSON.stringify(fact({ type: 'worker.joined', worker: 7 }))],
    ];
    for (const [n, [source, type, text]] of broken.entries()) {
      await publisher.publish(subjects.log('told', source, type), text, `broken-${n}`);
    }
    const story = storyOf(record, definition);
    const passedOver: number[] = [];
    const reader = await followStory(connection, 'told', story, {
      passedOver: (sequence) => void passedOver.push(sequence),
    });
    await reader.caughtUp;
    await reader.close();
    expect(passedOver).toHaveLength(broken.length);
    expect(story.overview()).toMatchObject({ state: 'ended', capacity: 4, counts: { succeeded: 198, failed: 2 } });
  });

  it('has of a task what only the log knows, and the texts that its result keeps', async () => {
    const told = await openStory(connection, record, definition);
    await told.caughtUp;
    const task = await told.detail('simulate-7');
    expect(task).toMatchObject({
      state: 'succeeded',
      arguments: { candidate: 6 },
      output: { worth: task?.value },
      resources: { wallMs: expect.any(Number) as number },
    });
    expect((await told.detail(told.story.task('simulate-7')?.label ?? ''))?.task).toBe('simulate-7');
    expect(await told.detail('simulate-999')).toBeNull();
    await told.close();

    const cache = new ObjectCache(connection, scene.path('objects'));
    const [text, other] = await Promise.all([
      cache.put(gzipSync('TOTAL ENERGY')),
      cache.put(new Uint8Array([1, 2, 3])),
    ]);
    const kept = { task: 'simulate-7', output: { worth: 1, text, other, gone: '0'.repeat(64) } };
    expect(artifactsOf(kept)).toEqual(['text', 'other', 'gone']);
    expect(await artifactText(connection, kept, 'text')).toBe('TOTAL ENERGY');
    expect(await artifactText(connection, kept, 'worth')).toBeNull();
    await expect(artifactText(connection, kept, 'other')).rejects.toMatchObject({ code: 'artifact.unreadable' });
    await expect(artifactText(connection, kept, 'gone')).rejects.toMatchObject({ code: 'object.missing' });
  });
});

describe('the commands that ask it', () => {
  const where = (): string[] => ['--nats', scene.server.url, '--folder', campaignFolder('quick')];

  it('cox why tells a task, by its id or by what it is about, and spells hostile text out', async () => {
    const [byId, byLabel, failed] = await Promise.all([
      said('why', 'told', 'simulate-5', ...where()),
      said('why', 'told', hostile, ...where(), '--json'),
      said('why', 'told', 'simulate-97', ...where()),
    ]);
    expect(byId.code).toBe(0);
    expect(byId.stdout).toContain('simulate-5  <b>\\u001b[31mC1\\u202ered');
    expect(byId.stdout).toMatch(/the next in the shuffled order/);
    expect(JSON.parse(byLabel.stdout)).toMatchObject({ task: 'simulate-5', label: hostile });
    expect(failed.stdout).toContain('method.failed: no\\u001b[2J luck');
    expect(byId.stdout + failed.stdout).not.toMatch(/[\u001b\u202e]/);
  });

  it('cox why names what is like a task that is not there', async () => {
    const [mistyped, nobody, text] = await Promise.all([
      said('why', 'told', 'simulat-17', ...where()),
      said('why', 'nobody', 'simulate-1', ...where()),
      said('why', 'told', 'simulate-1', '--show', 'xtbOutput', ...where()),
    ]);
    expect([mistyped.code, nobody.code, text.code]).toEqual([2, 2, 2]);
    expect(mistyped.stderr).toMatch(/^cox: no task of told is called "simulat-17".*there are simulate-17 /);
    expect(text.stderr).toContain('keeps no text "xtbOutput": it keeps none');
    expect(mistyped.stdout + nobody.stdout + text.stdout).toBe('');
  });

  it('cox why-idle accounts for every second of the slots', async () => {
    const [shown, json, wrong] = await Promise.all([
      said('why-idle', 'told', ...where()),
      said('why-idle', 'told', '--json', ...where()),
      said('why-idle', 'told', '--since', 'yesterday', ...where()),
    ]);
    expect(shown.stdout).toMatch(/^told: the slots' time from .*\nin all +[\d.]+ s +100.0 %\nbusy/);
    expect(shown.stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
    const { slotSeconds, busySeconds, idleSeconds } = JSON.parse(json.stdout) as {
      slotSeconds: number;
      busySeconds: Record<string, number>;
      idleSeconds: Record<string, number>;
    };
    const parts = [...Object.values(busySeconds), ...Object.values(idleSeconds)];
    expect(parts.reduce((sum, one) => sum + one, 0)).toBeCloseTo(slotSeconds, 6);
    expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is no time') as string });
  });
});

const fact = (event: object): object => ({
  v: 1,
  id: 'broken',
  number: null,
  cause: null,
  heardAt: null,
  saidAt: 0,
  event,
});
