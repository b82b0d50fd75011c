import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { eventually } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

it('a run is not resumed with other methods than it was started with, and goes on with the old ones', async () => {
  await using place = await Workplace.open();
  const folder = join(place.path, 'naps');
  const file = join(folder, 'campaign.ts');
  await cp(fileURLToPath(new URL('../../bench/methods', import.meta.url)), folder, { recursive: true });
  const naps = ['--total', '40', '--ms', '150', '--workers', '1'];
  const run = place.cox(['run', folder, ...naps, '--id', 'naps']);
  await eventually(async () => expect((await place.results('naps')).length).toBeGreaterThan(1));
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(130);
  const before = (await place.results('naps')).length;

  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('Waits for so many ms', 'Waits for as many ms'));
  const refused = place.cox(['run', folder, '--resume', 'naps']);
  expect(await refused.exit).toBe(2);
  expect(refused.stderr()).toMatch(/are not those that naps was started with \(methods [0-9a-f]{8}, not [0-9a-f]{8}\)/);
  expect(refused.stderr()).toContain('put the old files back, or start a new run');
  expect(await place.results('naps')).toHaveLength(before);

  await writeFile(file, text);
  const resumed = place.cox(['run', folder, '--resume', 'naps', '--workers', '2']);
  expect(await resumed.exit, resumed.stderr()).toBe(0);
  expect((await place.results('naps')).length).toBeGreaterThanOrEqual(40);
});
