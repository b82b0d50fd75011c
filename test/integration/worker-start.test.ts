import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchChildren, type ChildPool } from '../../src/worker/child-pool.ts';
import type { StartLimits } from '../../src/worker/start-clock.ts';
import type { CoxswainError } from '../../src/protocol/errors.ts';
import { eventually, isRunning } from '../support/scene.ts';

let folder: string;
let children: ChildPool | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cox-start-'));
});
afterEach(async () => {
  await children?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Children of a campaign with this text, which begins by noting its process; what came of the first. */
function start(text: string, startLimitsMs: StartLimits): { broken: Promise<CoxswainError>; log: string[] } {
  const log: string[] = [];
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'campaign.js'),
    `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
     const file = (name) => ${JSON.stringify(`${folder}/`)} + name;
     appendFileSync(file('pids'), process.pid + ' ');
     const any = { safeParse: (data) => ({ success: true, data }) };
     const never = new Promise(() => {});
     ${text}`,
  );
  const logger = pino({ level: 'warn' }, { write: (line: string) => void log.push(line) });
  children = launchChildren({ folders: [folder], slots: 2, cacheDir: join(folder, 'cache'), logger, startLimitsMs });
  const pool = children;
  const broken = new Promise<CoxswainError>((resolve) => {
    const nothing = (): void => undefined;
    pool.listen({
      loaded: nothing,
      ready: nothing,
      done: nothing,
      returned: nothing,
      progress: nothing,
      object: nothing,
      room: nothing,
      broken: resolve,
    });
  });
  return { broken, log };
}

const campaignWith = (warm: string): string =>
  `export default { name: 'slow', methods: [{ name: 'm', pool: 'p', timeoutMs: 1000, input: any, output: any, run() {}, ${warm} }] };`;

function pids(): number[] {
  return readFileSync(join(folder, 'pids'), 'utf8').trim().split(' ').map(Number);
}

describe('a child that hangs while it starts', () => {
  it('fails the worker when the campaign is not loaded in time', async () => {
    const { broken } = start('await never;', { loading: 300, warming: 60_000 });
    const { code, message, details } = await broken;
    expect(code).toBe('worker.start-timed-out');
    expect(message).toContain('still loading its campaign folders after 0.3 s');
    expect(details).toMatchObject({ stage: 'loading' });
  });

  it('fails the worker when its methods are not warm in time', async () => {
    const { broken } = start(campaignWith('warm: () => never'), { loading: 60_000, warming: 200 });
    const { message, details } = await broken;
    expect(message).toContain('still warming up its methods after 0.2 s');
    expect(details).toMatchObject({ stage: 'warming' });
    const [pid = -1] = pids();
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });

  it('is replaced where another child is ready', async () => {
    // The first warms up at once; the second hangs; whoever takes its place does not.
    const warm = `warm() {
      if (!existsSync(file('first'))) return writeFileSync(file('first'), '');
      if (existsSync(file('second'))) return;
      writeFileSync(file('second'), '');
      return never;
    }`;
    const { log } = start(campaignWith(warm), { loading: 60_000, warming: 1_500 });
    await eventually(() => expect(children?.readyCount).toBe(2), 20_000);
    expect(log.some((line) => line.includes('a child cannot be started') && line.includes('warming up'))).toBe(true);
    expect(pids()).toHaveLength(3);
  });
});
