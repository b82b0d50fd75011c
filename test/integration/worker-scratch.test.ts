import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Scene } from '../support/scene.ts';

it('survives a scratch folder that it cannot remove, counts its task as it ended, and removes it in the end', async () => {
  await using scene = await Scene.open();
  const worker = await scene.worker({ slots: 1 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const compute = async (thenFail: boolean): Promise<unknown> => {
    await tasks.submit('bury', { thenFail }, { topic: 't' });
    return tasks.next({ topic: 't', timeoutMs: 20_000 });
  };
  const done = await compute(false);
  expect(done).toMatchObject({ success: true, attempts: [] });
  expect(await compute(true)).toMatchObject({ failure: { code: 'odd.buried' }, attempts: [] });
  const { scratchDir } = (done as { value: { scratchDir: string } }).value;
  expect(existsSync(scratchDir)).toBe(true);
  worker.child.kill('SIGTERM');
  expect(await worker.exit).toBe(0);
  expect(worker.stderr()).toContain('is left');
  expect(readdirSync(scene.path('scratch'))).toEqual([]);
});
