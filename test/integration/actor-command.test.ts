import { expect, it } from 'vitest';
import { campaignFolder, eventually, Scene, startCox, type CoxProcess } from '../support/scene.ts';

it('cox actor ends when it is told to also while its server is away', { timeout: 60_000 }, async () => {
  await using scene = await Scene.open();
  const { url } = scene.server;
  const quick = campaignFolder('quick');
  const start = startCox(['start', quick, '--nats', url], scene.environment);
  expect(await start.exit, start.stderr()).toBe(0);
  const host = (): CoxProcess =>
    startCox(
      ['actor', 'all', '--campaign', start.stdout().trim(), '--nats', url, '--folder', quick],
      scene.environment,
    );
  const first = host();
  try {
    await eventually(() => expect(first.stderr()).toContain('running resource-ledger'));
    const second = host();
    try {
      await eventually(() => expect(second.stderr()).toContain('standing by for resource-ledger'));
      await scene.server.stop();

      second.child.kill('SIGTERM');
      await eventually(() => expect(second.stderr()).toContain('handing the actors over'));
      second.child.kill('SIGTERM');
      expect(await second.exit).toBe(130);

      first.child.kill('SIGTERM');
      expect(await first.exit).toBe(0);
      expect(first.stderr()).toContain('falls free by itself');
    } finally {
      second.child.kill('SIGKILL');
    }
  } finally {
    first.child.kill('SIGKILL');
  }
});
