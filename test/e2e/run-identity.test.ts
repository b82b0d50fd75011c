import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Scene, startCox } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

const space = 'id,SMILES\n1,C\n2,CO\n3,CC\n4,CCO\n5,CCC\n6,CN\n7,c1ccccc1\n8,CC=O\n';
const campaign = ['--policy', 'random', '--space', 'small.csv'];

/** A place with a run that was stopped after its first results. */
async function stopped(flags: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Workplace> {
  const place = await Workplace.open();
  await writeFile(join(place.path, 'small.csv'), space);
  const run = place.cox(['run', '--id', 'one', ...campaign, ...flags, '--workers', '1'], environment);
  await expect.poll(() => place.results('one').then(({ length }) => length), { timeout: 60_000 }).toBeGreaterThan(1);
  run.child.kill('SIGINT');
  expect(await run.exit, run.stderr()).toBe(130);
  return place;
}

describe('a run and its log belong together', () => {
  it('is resumed from another folder with the store that it was started with', { timeout: 90_000 }, async () => {
    await using place = await stopped([]);
    const before = await place.results('one');
    const elsewhere = join(place.path, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'small.csv'), space);
    const resumed = startCox(
      ['run', '--resume', 'one', '--out', '../runs'],
      { COX_HOME: join(elsewhere, '.cox') },
      elsewhere,
    );
    expect(await resumed.exit, resumed.stderr()).toBe(0);
    const after = await place.results('one');
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ candidate }) => candidate).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it(
    'is not begun anew where its store is gone, and its name is not taken by another',
    { timeout: 90_000 },
    async () => {
      await using place = await stopped([]);
      const before = await place.results('one');
      await rm(join(place.path, 'runs'), { recursive: true });
      const other = place.cox(['run', '--id', 'one', ...campaign]);
      expect(await other.exit).toBe(2);
      expect(other.stderr()).toMatch(/knows another run as one; choose another --id/);
      await rm(join(place.path, 'runs'), { recursive: true });
      expect(before.length).toBeGreaterThan(0);

      await using lost = await stopped([]);
      await rm(join(lost.path, '.cox'), { recursive: true });
      const kept = await lost.results('one');
      const resumed = lost.cox(['run', '--resume', 'one']);
      expect(await resumed.exit).toBe(2);
      expect(resumed.stderr()).toMatch(/holds no log of run one, which has results/);
      expect(await lost.results('one')).toEqual(kept);
    },
  );

  it('on a server that is there already goes on there, as its hint says', { timeout: 90_000 }, async () => {
    await using scene = await Scene.open();
    await using place = await stopped(['--nats', scene.server.url], scene.environment);
    const before = await place.results('one');
    const status = place.cox(['status', '--nats', scene.server.url, '--json'], scene.environment);
    expect(await status.exit, status.stderr()).toBe(0);
    expect(JSON.parse(status.stdout())).toMatchObject([{ id: 'one' }]);
    const resumed = place.cox(['run', '--resume', 'one'], scene.environment);
    expect(await resumed.exit, resumed.stderr()).toBe(0);
    const after = await place.results('one');
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ candidate }) => candidate).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
