/** The time limit of a task is for computing: a host that was frozen meanwhile has not computed. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { processTree } from '../support/process-tree.ts';
import { eventually, Scene } from '../support/scene.ts';

const limitMs = 8_000;

it('does not count a task as timed out whose host was frozen for longer than its limit', async () => {
  await using scene = await Scene.open();
  const worker = await scene.worker({ slots: 1 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const file = scene.path('ran');
  await tasks.submit('toil', { file, ms: 300 }, { topic: 't', timeoutMs: limitMs });
  await eventually(() => expect(existsSync(file)).toBe(true));
  const host = [worker.pid, ...processTree(worker.pid)];
  for (const pid of host) process.kill(pid, 'SIGSTOP');
  const frozenAt = performance.now();
  await eventually(() => expect(performance.now() - frozenAt).toBeGreaterThan(limitMs + 1_000));
  for (const pid of host) process.kill(pid, 'SIGCONT');
  const result = await tasks.next({ topic: 't', timeoutMs: 30_000 });
  expect(result).toMatchObject({ success: true, failure: null, attempts: [] });
});
