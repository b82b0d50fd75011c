import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ensureNatsServer } from '../../src/setup/programs.ts';
import { processesIn } from '../support/hosts/network.ts';
import { natsConf, says, Site, token } from '../support/hosts/site.ts';

it('a server that other machines reach wants credentials, which never stand on a command line', async () => {
  await using site = await Site.open('alpha');
  const alpha = site.host('alpha');
  const ask = async (environment: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: unknown; said: string }> => {
    const asked = alpha.cox(args, environment);
    return { code: await asked.exit, said: asked.stdout() + asked.stderr() };
  };

  for (const environment of [{ COX_NATS_TOKEN: 'another' }, { COX_NATS_TOKEN: undefined }]) {
    const refused = await ask(environment, 'status', '--nats', site.url);
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/refused the credentials; check COX_NATS_TOKEN/);
  }
  const exposed = await ask({}, 'status', '--nats', `nats://${token}@${site.server.address}:4222`);
  expect(exposed.code).toBe(2);
  expect(exposed.said).toMatch(/credentials do not belong in a NATS URL/);
  expect((await ask(site.environment, 'status', '--nats', site.url)).code).toBe(0);
  const file = alpha.path('token');
  const unread = await ask({ COX_NATS_TOKEN_FILE: file }, 'status', '--nats', site.url);
  expect(unread.code).toBe(2);
  expect(unread.said).toContain(file);
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  expect((await ask({ COX_NATS_TOKEN_FILE: file }, 'status', '--nats', site.url)).code).toBe(0);

  const log = await site.startCampaign({ total: 4, ms: 1 });
  await site.actors('alpha', log.id);
  await site.worker('alpha', 1);
  const commandLines = await Promise.all(
    processesIn(site.network.folder).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  expect(commandLines.some((line) => line.includes('worker'))).toBe(true);
  expect(commandLines.filter((line) => line.includes(token))).toEqual([]);

  // As it is shipped, nats.conf asks for none, and nobody but this machine gets in.
  const { path: program } = await ensureNatsServer();
  await copyFile(natsConf, site.server.path('shipped.conf'));
  const open = site.server.start(program, ['-c', 'shipped.conf', '-p', '4333']);
  await says(open, /Server is ready/);
  const from = (host: 'head' | 'alpha', address: string) =>
    site.host(host).cox(['status', '--nats', `nats://${address}:4333`], { COX_NATS_TOKEN: undefined }).exit;
  expect(await from('head', '127.0.0.1')).toBe(0);
  expect(await from('alpha', site.server.address)).toBe(1);
});
