/** `cox worker` and `cox submit` as people type them: what they refuse, what they print, what they exit with. */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { campaignFolder, countRunning, eventually, Scene, startCox } from '../support/scene.ts';

let scene: Scene;
let broken = 0;

beforeAll(async () => {
  scene = await Scene.open();
  await scene.worker({ campaigns: ['odd', 'even'] });
});
afterAll(() => scene[Symbol.asyncDispose]());

async function cox(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: unknown; out: string; err: string }> {
  const { exit, stdout, stderr } = startCox(args, { COX_NATS_URL: '', ...scene.environment, ...environment });
  const code = await exit;
  return { code, out: stdout(), err: stderr() };
}

/** A campaign folder with this in its campaign.js, or campaign.ts. */
async function folderWith(text: string | null, name = 'campaign.js'): Promise<string> {
  const folder = scene.path(`campaign-${broken++}`);
  await mkdir(folder);
  if (text !== null) await writeFile(join(folder, name), text);
  return folder;
}

describe('cox worker', () => {
  const worker = (...args: string[]): ReturnType<typeof cox> =>
    cox(['worker', campaignFolder('even'), '--nats', scene.server.url, ...args]);

  it.each([
    [['--slots', '0'], /--slots takes a whole number, at least 1; "0"/],
    [['--slots', '1.5'], /--slots/],
    [['--slots', 'many'], /--slots/],
    [['--grace', '-1'], /--grace/],
    [['--label', 'gpu'], /--label takes key=value/],
    [['--log-level', 'loud'], /--log-level takes trace/],
    [['--nats', 'nats://user:secret@127.0.0.1:4222'], /credentials do not belong in a NATS URL/],
    [['--nats', 'http://['], /not the address of a NATS server/],
    [['--sloths', '2'], /unknown option/],
  ])('refuses %j as wrong usage', async (args, message) => {
    const { code, out, err } = await worker(...args);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(err.includes('Did you mean') ? 2 : 1);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('asks which server when none is named', async () => {
    const { code, err } = await cox(['worker', campaignFolder('even')]);
    expect(err).toContain('COX_NATS_URL');
    expect(code).toBe(2);
  });

  it('says that the server refused the token', async () => {
    const { code, err } = await cox(['worker', campaignFolder('even'), '--nats', scene.server.url], {
      COX_NATS_TOKEN: 'x',
    });
    expect(err).toContain('refused the credentials');
    expect(code).toBe(1);
  });

  it.each([
    ['a folder without a campaign', null, /has neither campaign.ts nor campaign.js/],
    ['no default export', 'export const x = 1;', /export default defineCampaign/],
    ['a name that is no token', 'export default { name: "a.b", methods: [{}] };', /no usable name/],
    ['no methods', 'export default { name: "a", methods: [] };', /lists no methods/],
    ['a method with nothing to run', 'export default { name: "a", methods: [{ name: "m" }] };', /nothing to run/],
    [
      'a method without schemas',
      'export default { name: "a", methods: [{ name: "m", run() {} }] };',
      /no input schema/,
    ],
    [
      'a method with retries of a limit that is none',
      'export default { name: "a", methods: [{ name: "m", run() {}, input: {}, output: {}, timeoutMs: 1, retries: { time: 1 } }] };',
      /"m" has retries.time; it takes timeLimit and memoryLimit/,
    ],
    ['a syntax error', 'export default {', /campaign.js cannot be loaded/],
    ['an import that is not there', 'import "no-such-package"; export default {};', /no-such-package/],
  ])('refuses a campaign with %s', async (_what, text, message) => {
    const folder = await folderWith(text);
    const { code, err } = await cox(['worker', folder, '--nats', scene.server.url]);
    expect(err).toMatch(message);
    expect(err).toContain(folder);
    expect(code).toBe(2);
  });

  it('says what a method misses when it cannot be warmed', async () => {
    const folder = await folderWith(
      `import { MissingError } from 'coxswain';
       import { method } from './method.ts';
       if (!(method instanceof Object)) throw new MissingError('no method');
       export default { name: 'sky', methods: [method] };`,
      'campaign.ts',
    );
    // Far from any package.json, and read as a module all the same.
    await writeFile(
      join(folder, 'method.ts'),
      `import { defineMethod, MissingError, schema } from 'coxswain';
       export const method: ReturnType<typeof defineMethod> = defineMethod({
         name: 'm', pool: 'simulate', timeoutMs: 1_000, input: schema.unknown(), output: schema.unknown(),
         warm: () => Promise.reject(new MissingError('no telescope here: buy one')),
         run: () => 1,
       });`,
    );
    const { code, err } = await cox(['worker', folder, '--nats', scene.server.url]);
    expect(err).toContain('no telescope here: buy one');
    expect(code).toBe(3);
  });

  it('ends when the process that started it does', async () => {
    const file = scene.path('lingered');
    const script = `
      const { fork } = require('node:child_process');
      const worker = fork(process.argv[1], process.argv.slice(2), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true });
      worker.stderr.on('data', (data) => process.stdout.write(data));
      console.log('pid ' + worker.pid);`;
    const folder = await folderWith(
      `import { writeFileSync } from 'node:fs';
       const any = { safeParse: (data) => ({ success: true, data }) };
       const run = async ({ file }, context) => { writeFileSync(file, '' + process.pid); await context.run('sleep', ['616']); return 1; };
       export default { name: 'alone', methods: [{ name: 'sleep', pool: 'p', timeoutMs: 60000, input: any, output: any, run }] };`,
    );
    const { spawn } = await import('node:child_process');
    const { coxProgram } = await import('../support/scene.ts');
    const parent = spawn(
      process.execPath,
      ['-e', script, coxProgram, 'worker', folder, '--nats', scene.server.url, '--slots', '1'],
      { env: { ...process.env, ...scene.environment }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    parent.stdout.on('data', (data: Buffer) => (said += data.toString()));
    await eventually(() => expect(said).toContain('ready'));
    const tasks = await scene.tasks();
    await tasks.submit('sleep', { file }, { topic: 't', workerClass: 'alone' });
    await eventually(() => expect(countRunning('sleep 616')).toBe(1));
    const pid = Number(/pid (\d+)/.exec(said)?.[1]);
    const { isRunning } = await import('../support/scene.ts');
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(() => {
      expect(isRunning(pid)).toBe(false);
      expect(countRunning('sleep 616')).toBe(0);
    }, 5_000);
  });
});

describe('cox submit', () => {
  const submit = (...args: string[]): ReturnType<typeof cox> => cox(['submit', '--nats', scene.server.url, ...args]);

  it('prints the value, for programs and for people', async () => {
    expect(await submit('double', '{"x": 21}', '--json')).toEqual({ code: 0, out: '42\n', err: '' });
    const { code, out } = await submit('share', '{"text": "shared"}');
    expect(code).toBe(0);
    expect(out).toMatch(/^ref {3}[0-9a-f]{64}\ntext {2}shared\nmade {2}\d+\ncomputed in \d+\.\d\d s \(.* of CPU\) on /);
  });

  it('fails as the task does', async () => {
    const failed = await submit('fail', '{"why": "no convergence"}');
    expect(failed).toEqual({ code: 1, out: '', err: 'cox: no convergence\n' });
    const unfit = await submit('double', '{"x": "two"}');
    expect(unfit.err).toContain('expected number');
    expect(unfit.code).toBe(1);
    const late = await submit('spin', '{}', '--timeout', '0.2');
    expect(late.err).toContain('time limit of 0.2 s');
    expect(late.code).toBe(1);
  });

  it('refuses what is no JSON, no method, no number of seconds', async () => {
    const text = await submit('double', '{"x": 21');
    expect(text.err).toContain('the arguments are no JSON');
    expect(text.code).toBe(2);
    const method = await submit('dance', '{}');
    expect(method.err).toContain('no worker computes "dance"');
    expect(method.code).toBe(2);
    const both = await submit('echo', '{"value": 1}');
    expect(both.err).toContain('--campaign');
    expect(both.code).toBe(2);
    expect(await submit('echo', '{"value": 1}', '--campaign', campaignFolder('odd'), '--json')).toMatchObject({
      out: '1\n',
    });
    expect((await submit('double', '{"x": 1}', '--timeout', 'soon')).err).toContain('--timeout takes');
    expect((await submit('double', '{"x": 1}', '--memory', '-1')).err).toContain('--memory takes');
    expect((await submit('double')).code).toBe(2);
  });

  it('starts what it needs when no server is named, and leaves nothing behind', async () => {
    const left = async (): Promise<string[]> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('cox-submit-'));
    const before = await left();
    const [good, bad] = await Promise.all([
      cox(['submit', 'double', '{"x": 4}', '--campaign', campaignFolder('even'), '--json']),
      cox(['submit', 'dance', '{}', '--campaign', campaignFolder('even')]),
    ]);
    expect(good).toEqual({ code: 0, out: '8\n', err: '' });
    expect(bad.err).toContain('even has no method "dance"; it has double, echo');
    expect(bad.code).toBe(2);
    expect((await left()).filter((name) => !before.includes(name))).toEqual([]);
  });

  it('clears up when it is interrupted', async () => {
    const child = startCox(
      [
        'submit',
        'linger',
        JSON.stringify({ file: scene.path('sub'), seconds: 617 }),
        '--campaign',
        campaignFolder('odd'),
      ],
      {
        COX_NATS_URL: '',
        ...scene.environment,
      },
    );
    await eventually(() => expect(countRunning('sleep 617')).toBe(2));
    child.child.kill('SIGINT');
    expect(await child.exit).toBe(130);
    await eventually(() => expect(countRunning('sleep 617')).toBe(0));
  });

  it('takes a campaign folder that lies anywhere, written in TypeScript', async () => {
    const folder = await folderWith(
      `import { defineMethod, schema } from 'coxswain';
       enum Unit { Metre = 'm' }
       const measure = defineMethod({
         name: 'measure', pool: 'p', timeoutMs: 1_000, input: schema.object({ n: schema.number() }), output: schema.string(),
         run: ({ n }: { n: number }) => \`\${n} \${Unit.Metre}\`,
       });
       export default { name: 'anywhere', methods: [measure] };`,
      'campaign.ts',
    );
    const link = scene.path('linked');
    await symlink(folder, link);
    expect(await cox(['submit', 'measure', '{"n": 3}', '--campaign', link, '--json'])).toMatchObject({
      code: 0,
      out: '"3 m"\n',
    });
  });
});
