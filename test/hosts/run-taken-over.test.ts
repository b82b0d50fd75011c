import { expect, it } from 'vitest';
import { quickFolder, says, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';

it('cox run on a server that is there already: others help, and go on with it when its host is lost', async () => {
  await using site = await Site.open('alpha', 'beta');
  const settings = ['--total', '400', '--ms', '40', '--journal', site.journal.file];
  const run = site.cox('alpha', [
    'run',
    quickFolder,
    '--nats',
    site.url,
    '--id',
    'mine',
    '--workers',
    '1',
    ...settings,
  ]);
  await says(run, /1\/400 successful/);
  const log = await site.watch('mine');
  const [worker, standby] = await Promise.all([site.worker('beta', 1), site.actors('beta', 'mine')]);
  await log.until('result-processor.result.recorded', 10);
  await site.host('alpha').kill();

  const before = log.of('result-processor.result.recorded').length;
  await log.until('result-processor.result.recorded', before + 10);
  await site.ask('head', 'stop', 'mine');
  await expectWhole(site, log);
  expect(await standby.exit).toBe(0);
  const collected = await site.ask('beta', 'collect', 'mine', '--json');
  expect((JSON.parse(collected) as { state: string }).state).toBe('ended');
  await expectDrained(site, worker);
});
