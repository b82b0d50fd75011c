import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resultLineSchema } from '../../src/campaign/result-line.ts';
import type { Summary } from '../../src/campaign/summary.ts';
import { eventually, Scene } from '../support/scene.ts';

const quick = fileURLToPath(new URL('../support/campaigns/quick', import.meta.url));

async function said(scene: Scene, ...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const started = scene.cox(...args);
  const code = await started.exit;
  return { code, stdout: started.stdout(), stderr: started.stderr() };
}

async function idsIn(scene: Scene, out: string): Promise<string[]> {
  const text = await readFile(join(scene.path(out), 'one', 'results.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => resultLineSchema.parse(JSON.parse(line)).id);
}

describe('a campaign that is watched from elsewhere', () => {
  it('shows its events, leaves its results, and says where it stands', { timeout: 90_000 }, async () => {
    await using scene = await Scene.open();
    expect(await said(scene, 'start', quick, '--id', 'one', '--total', '2000', '--ms', '50')).toMatchObject({
      code: 0,
    });
    expect((await said(scene, 'status', 'one')).stdout).toBe(
      'one: created; no process has run its actors yet, ?/2000 successful\n',
    );
    const watch = scene.cox('watch', 'one', '--from', '2', '--json');
    const follow = scene.cox('collect', 'one', '--out', 'followed', '--folder', quick, '--follow');
    const actors = scene.cox('actor', 'all', '--campaign', 'one', '--folder', quick);
    const worker = scene.cox('worker', quick, '--slots', '2');

    const running = await eventually(async () => {
      const { stdout } = await said(scene, 'status', 'one', '--json');
      const status = JSON.parse(stdout) as { state: string; succeeded: number; workers: unknown[] };
      expect(status.state).toBe('running');
      expect(status.succeeded).toBeGreaterThan(2);
      return status;
    }, 30_000);
    const process = `process ${actors.pid} on `;
    expect(running).toMatchObject({
      total: 2_000,
      runBy: { campaign: expect.stringContaining(process) as string },
      workers: [{ pid: worker.pid, slots: 2, draining: false }],
    });
    const { stdout: part, code } = await said(scene, 'collect', 'one', '--folder', quick, '--json');
    expect(code).toBe(0);
    const early = JSON.parse(part) as Summary;
    const before = await idsIn(scene, 'runs');
    expect(before.length).toBeGreaterThanOrEqual(early.simulations.succeeded);
    await eventually(async () =>
      expect(await readFile(scene.path('followed/one/collecting'), 'utf8')).toBe(String(follow.pid)),
    );
    const taken = await said(scene, 'collect', 'one', '--out', 'followed', '--folder', quick);
    expect(taken).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`process ${follow.pid} collects`) as string,
    });

    expect(await said(scene, 'stop', 'one', '--wait', '--reason', 'seen enough')).toMatchObject({ code: 0 });
    expect(await watch.exit, watch.stderr()).toBe(0);
    expect(await follow.exit, follow.stderr()).toBe(0);
    expect(await actors.exit, actors.stderr()).toBe(0);
    const events = watch
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { sequence: number; event: { type: string } });
    expect(events[0]).toMatchObject({ sequence: 2 });
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 2));
    expect(events.at(-1)).toMatchObject({ event: { type: 'campaign.ended' } });

    // Behind the last line; no line twice.
    expect(await said(scene, 'collect', 'one', '--folder', quick)).toMatchObject({ code: 0 });
    const after = await idsIn(scene, 'runs');
    expect(after.slice(0, before.length)).toEqual(before);
    expect(await idsIn(scene, 'followed')).toEqual(after);
    const recorded = events.filter(({ event }) => event.type === 'result.recorded');
    expect(after.length).toBe(recorded.length);
    const summary = JSON.parse(await readFile(scene.path('runs/one/summary.json'), 'utf8')) as Summary;
    expect(summary).toMatchObject({ id: 'one', state: 'ended', reason: 'seen enough' });
    expect(summary.simulations.succeeded).toBeGreaterThan(early.simulations.succeeded);
    expect(summary.wallSeconds).toBeGreaterThan(0);

    // The actors are gone: what they left says how it ended.
    expect((await said(scene, 'status')).stdout).toMatch(/^one +\d+\/2000 {2}ended, 2 slots on 1 host\n$/);
    const all = await said(scene, 'watch', 'one', '--from', 'start');
    const lines = all.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}operator +run\.requested +by \S+@\S+$/);
    expect(lines.some((line) => /campaign +campaign\.ended +reason seen enough$/.test(line))).toBe(true);
    expect(all.stdout).not.toContain('\u001b');
    expect(all).toMatchObject({ code: 0, stderr: 'campaign one has ended\n' });
    // However slowly it is read nothing of it is lost, and whoever goes early has seen enough.
    const slow = scene.cox('watch', 'one', '--from', 'start', '--json');
    slow.child.stdout?.pause();
    await eventually(() => expect(slow.stderr()).toContain('has ended'));
    slow.child.stdout?.resume();
    expect(await slow.exit).toBe(0);
    expect(slow.stdout().trimEnd().split('\n')).toHaveLength(lines.length);
    const gone = scene.cox('status', 'one', '--json');
    gone.child.stdout?.destroy();
    expect([await gone.exit, gone.stderr()]).toEqual([0, '']);
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
  });

  it('goes on until somebody has seen enough, and refuses what it does not know', { timeout: 60_000 }, async () => {
    await using scene = await Scene.open();
    expect(await said(scene, 'start', quick, '--id', 'one')).toMatchObject({ code: 0 });
    const watch = scene.cox('watch', 'one', '--from', 'start');
    await eventually(() => expect(watch.stdout()).toContain('run.requested'));
    watch.child.kill('SIGINT');
    expect(await watch.exit).toBe(130);
    const follow = scene.cox('collect', 'one', '--folder', quick, '--follow');
    await eventually(async () =>
      expect(await readFile(scene.path('runs/one/campaign.json'), 'utf8')).toContain('"one"'),
    );
    follow.child.kill('SIGINT');
    expect(await follow.exit, follow.stderr()).toBe(130);

    await mkdir(scene.path('theirs/one'), { recursive: true });
    const record = JSON.parse(await readFile(scene.path('runs/one/campaign.json'), 'utf8')) as object;
    const other = JSON.stringify({ ...record, instance: 'another' });
    await writeFile(scene.path('theirs/one/campaign.json'), other);
    const wrong: readonly [args: string[], says: RegExp][] = [
      [['watch', 'two'], /knows no campaign two; it knows one/],
      [['watch', 'one', '--from', 'yesterday'], /--from: "yesterday" is no place of a log/],
      [['collect', 'two'], /knows no campaign two; it knows one/],
      [['collect', 'one', '--out', 'theirs', '--folder', quick], /theirs\/one holds another run of this name/],
      [['audit', 'two'], /knows no campaign two; it knows one/],
      [['status', 'two'], /knows no campaign two; it knows one/],
    ];
    for (const [args, says] of wrong) {
      const { code, stdout, stderr } = await said(scene, ...args);
      expect([args, code, stdout]).toEqual([args, 2, '']);
      expect(stderr).toMatch(says);
    }
  });
});
