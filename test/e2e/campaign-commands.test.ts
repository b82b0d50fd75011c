import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually, Scene } from '../support/scene.ts';

const quick = fileURLToPath(new URL('../support/campaigns/quick', import.meta.url));

/** `cox` on the scene's server; what it printed, once it has ended. */
async function cox(scene: Scene, ...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const started = scene.cox(...args);
  const code = await started.exit;
  return { code, stdout: started.stdout().trim(), stderr: started.stderr().trim() };
}

describe('a campaign whose actors live elsewhere', () => {
  it('is started, hosted, paused, resumed and stopped by commands', { timeout: 60_000 }, async () => {
    await using scene = await Scene.open();
    const start = await cox(scene, 'start', quick, '--id', 'one', '--total', '500', '--ms', '20');
    expect([start.code, start.stdout]).toEqual([0, 'one']);
    expect(await cox(scene, 'pause', 'one')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('its actors run nowhere') as string,
    });
    await cox(scene, 'resume', 'one');

    const ledger = scene.cox('actor', 'resource-ledger', 'submitter', '--campaign', 'one', '--folder', quick);
    await eventually(() => expect(ledger.stderr()).toContain('running resource-ledger, submitter'));
    const all = scene.cox('actor', 'all', '--campaign', 'one', '--folder', quick);
    const worker = scene.cox('worker', quick, '--slots', '2');
    await eventually(() => expect(all.stderr()).toContain('standing by for resource-ledger, submitter'));
    const status = (): Promise<{ stdout: string }> => cox(scene, 'status', 'one', '--nats', scene.server.url);
    await eventually(async () => expect((await status()).stdout).toMatch(/[1-9]\d*\/500 successful/), 30_000);

    expect((await cox(scene, 'pause', 'one', '--wait')).stdout).toMatch(/one is paused$/);
    expect((await status()).stdout).toContain('paused');
    expect((await cox(scene, 'pause', 'one', '--wait')).stdout).toBe('one is paused');
    expect((await cox(scene, 'resume', 'one')).stdout).toBe('one goes on');

    // Handed over: the other process runs them all from then on.
    ledger.child.kill('SIGTERM');
    expect(await ledger.exit).toBe(0);
    await eventually(() => expect(all.stderr().trim().split('\n').at(-1)).not.toContain('standing by'));
    expect((await cox(scene, 'stop', 'one', '--wait', '--reason', 'seen enough')).stdout).toMatch(/one has ended$/);
    expect(await all.exit).toBe(0);
    expect((await status()).stdout).toContain('ended');
    expect((await cox(scene, 'stop', 'one', '--wait')).stdout).toBe('one has ended');
    expect((await cox(scene, 'resume', 'one')).stdout).toBe('one has ended');
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
  });

  it('that is called by a wrong name, or a second time, is refused with what there is', async () => {
    await using scene = await Scene.open();
    expect(await cox(scene, 'start', quick, '--id', 'one')).toMatchObject({ code: 0 });
    const wrong: readonly [args: string[], says: RegExp][] = [
      [['start', quick, '--id', 'one'], /knows another run as one/],
      [['start', quick, '--id', 'a.b'], /"a\.b" cannot name a campaign/],
      [['start', quick, '--policy', 'best'], /--policy: "best" is unknown/],
      [['actor', 'all', '--campaign', 'two'], /knows no campaign two; it knows one/],
      [['actor', 'teacher', '--campaign', 'one', '--folder', quick], /no actor "teacher"; it has resource-ledger/],
      [['actor', 'all', '--campaign', 'one', '--folder', 'nowhere'], /there is no folder nowhere/],
      [['pause', 'two'], /knows no campaign two; it knows one/],
      [['stop'], /missing required argument 'id'/],
    ];
    for (const [args, says] of wrong) {
      const { code, stdout, stderr } = await cox(scene, ...args);
      expect([args, code, stdout]).toEqual([args, 2, '']);
      expect(stderr).toMatch(says);
    }
  });
});
