import { chmod, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Summary } from '../../src/campaign/summary.ts';
import { Workplace } from '../support/workplace.ts';

/** Command line, exit code, and what its one message must say. */
const wrong: readonly [args: string[], code: number, says: RegExp][] = [
  [['run', '--policy', 'best'], 2, /--policy: "best" is unknown; choose random or batch or batched or streaming/],
  [['run', '--model', 'oracle'], 2, /--model: "oracle" is unknown; choose gp or knn or mlp/],
  [['run', '--total', '4'], 2, /--total: 4: must be at least initial \(8\)/],
  [['run', '--total', 'many'], 2, /--total: "many" is no number/],
  [['run', '--batch', '0'], 2, /--batch/],
  [['run', '--workers', '0'], 2, /--workers: "0"/],
  [['run', '--space', 'nowhere.csv'], 2, /nowhere\.csv cannot be read/],
  [['run', '--space', 'empty.smi'], 2, /empty\.smi holds no molecules/],
  [['run', '--space', 'no-column.csv'], 2, /no-column\.csv.*smiles/s],
  [['run', '--space', 'all-refused.smi'], 2, /all-refused\.smi/],
  [['run', '--id', 'a/b'], 2, /"a\/b" cannot name a run/],
  [['run', '--resume', 'nobody'], 2, /there is no run nobody/],
  [['run', '--nats', 'nats://me:secret@localhost'], 2, /credentials do not belong in a NATS URL/],
  [['run', '--id', 'a', '--resume', 'b'], 2, /--id names a new run and --resume an old one/],
  [['run', '--frobnicate'], 2, /unknown option '--frobnicate'/],
  [['run', 'nowhere'], 2, /there is no folder nowhere/],
  [['launch'], 2, /unknown command 'launch'/],
  [['status', 'nobody'], 2, /there is no run nobody/],
  [['worker', '--slots', '0', '--nats', 'nats://localhost'], 2, /--slots takes a whole number/],
  [['start'], 2, /which NATS server\?/],
  [['actor', 'all', '--campaign', 'one'], 2, /which NATS server\?/],
  [['actor', 'all', '--nats', 'nats://localhost'], 2, /--campaign <id>/],
  [['pause', 'nobody'], 2, /there is no run nobody in runs, and no NATS server was named/],
  [['submit', 'ionization-energy', '{smiles'], 2, /JSON/],
  [['chart', 'nobody'], 2, /there is no actor "nobody" here; choose one of resource-ledger, .*, or system/],
  [['chart', 'trainer', '--policy', 'random'], 2, /there is no actor "trainer" here/],
  [['chart', 'submitter', '--format', 'pdf'], 2, /svg, mermaid, json/],
  [['run', '--inspect', '70000'], 2, /--inspect: "70000" is no port/],
];

async function placeWithSpaces(): Promise<Workplace> {
  const place = await Workplace.open();
  await writeFile(join(place.path, 'empty.smi'), '\n\n');
  await writeFile(join(place.path, 'no-column.csv'), 'id,name\n1,methane\n');
  await writeFile(join(place.path, 'all-refused.smi'), 'not-a-molecule\nC(C\n');
  await writeFile(join(place.path, 'small.csv'), 'id,SMILES\n1,C\n2,CO\n3,OC\n4,nonsense\n5,c1ccccc1\n');
  return place;
}

describe('wrong usage', () => {
  it('ends in one message and the documented exit code, and leaves nothing', { timeout: 120_000 }, async () => {
    await using place = await placeWithSpaces();
    for (const [args, code, says] of wrong) {
      const cox = place.cox(args);
      expect(await cox.exit, `${args.join(' ')}: ${cox.stderr()}`).toBe(code);
      expect(cox.stderr(), args.join(' ')).toMatch(says);
      expect(cox.stderr(), args.join(' ')).not.toMatch(/^\s+at /m);
      expect(cox.stdout(), args.join(' ')).not.toContain('go on from here');
    }
    expect(await readdir(join(place.path, 'runs')).catch(() => [])).toEqual([]);
  });

  it('is told by a nats-server that is too old, and by one that is missing', { timeout: 60_000 }, async () => {
    await using place = await placeWithSpaces();
    const old = join(place.path, 'old-nats-server');
    await writeFile(old, '#!/bin/sh\necho "nats-server: v2.9.10"\n');
    await chmod(old, 0o755);
    const tooOld = place.cox(['run', '--space', 'small.csv'], { COX_NATS_SERVER: old });
    expect(await tooOld.exit).toBe(3);
    expect(tooOld.stderr()).toMatch(/2\.9\.10/);
    const missing = place.cox(['run', '--space', 'small.csv'], { COX_XTB: join(place.path, 'no-xtb') });
    expect(await missing.exit).toBe(3);
    expect(missing.stderr()).toMatch(/no-xtb/);
    const nobody = place.cox(['run', '--space', 'small.csv', '--nats', 'nats://127.0.0.1:9']);
    expect(await nobody.exit).toBe(1);
    expect(nobody.stderr()).toMatch(/no NATS server answers at nats:\/\/127\.0\.0\.1:9/);
  });
});

describe('a small space', () => {
  it('is merged, checked and used up', { timeout: 60_000 }, async () => {
    await using place = await placeWithSpaces();
    const run = place.cox(['run', '--space', 'small.csv', '--policy', 'random', '--id', 'small']);
    expect(await run.exit, run.stderr()).toBe(0);
    expect(run.stdout()).toMatch(/1 duplicate in the space merged/);
    expect(run.stdout()).toMatch(/1 SMILES in the space were refused and skipped: line 5 \(nonsense\)/);
    expect(run.stdout()).toMatch(/the search space has run out: all 3 candidates were submitted/);
    expect(
      (await place.results('small')).map(({ arguments: input }) => (input as { smiles: string }).smiles).sort(),
    ).toEqual(['C', 'CO', 'c1ccccc1']);
    const again = place.cox(['run', '--space', 'small.csv', '--policy', 'random', '--id', 'small']);
    expect(await again.exit).toBe(2);
    expect(again.stderr()).toMatch(/run small exists/);
    const other = place.cox(['run', '--resume', 'small', '--total', '99']);
    expect(await other.exit).toBe(2);
    expect(other.stderr()).toMatch(/--total 99: run small was started with 64/);
    const known = place.cox(['status', '--json']);
    expect(await known.exit).toBe(0);
    expect(JSON.parse(known.stdout())).toMatchObject([{ id: 'small', state: 'ended', succeeded: 3 }]);
  });
});

describe('what fails inside a campaign', () => {
  it('is a failed task, recorded; many in a row pause the campaign with the reason', { timeout: 120_000 }, async () => {
    await using place = await placeWithSpaces();
    const broken = join(place.path, 'broken-xtb');
    await writeFile(
      broken,
      '#!/bin/sh\n[ "$1" = --version ] && { echo "   * xtb version 6.5.1"; exit 0; }\necho oops >&2; exit 7\n',
    );
    await chmod(broken, 0o755);
    const run = place.cox(['run', '--id', 'ie', '--json'], { COX_XTB: broken });
    expect(await run.exit).toBe(1);
    const summary = JSON.parse(run.stdout()) as Summary;
    expect(summary.state).toBe('paused');
    expect(summary.reason).toMatch(/16 simulations failed in a row, the last one because: .*xtb/);
    expect(summary.simulations.succeeded).toBe(0);
    // The first candidates are chosen by a task that needs no xtb.
    const simulations = async () => (await place.results('ie')).filter(({ topic }) => topic === 'simulate');
    const lines = await simulations();
    expect(lines.length).toBeGreaterThanOrEqual(16);
    for (const { success, failure } of lines) {
      expect(success).toBe(false);
      expect(failure?.code).toBe('xtb.crashed');
    }
    expect(run.stderr()).toContain('cox run --resume ie');
    expect(await readdir(join(place.path, 'scratch')).catch(() => [])).toEqual([]);

    // With a working xtb it goes on from there.
    const resumed = place.cox(['run', '--resume', 'ie', '--json']);
    await expect.poll(async () => (await simulations()).some(({ success }) => success), { timeout: 60_000 }).toBe(true);
    resumed.child.kill('SIGINT');
    expect(await resumed.exit).toBe(130);
  });

  it('is said when the disk is full, and nothing is lost', { timeout: 120_000 }, async () => {
    await using place = await placeWithSpaces();
    const first = place.cox(['run', '--space', 'small.csv', '--policy', 'random', '--id', 'full']);
    await expect.poll(() => place.results('full').then(({ length }) => length), { timeout: 60_000 }).toBeGreaterThan(0);
    first.child.kill('SIGKILL');
    await first.exit;
    // The kernel's own full disk, in the place of the file.
    const results = join(place.path, 'runs/full/results.jsonl');
    await rm(results);
    await symlink('/dev/full', results);
    const second = place.cox(['run', '--resume', 'full']);
    expect(await second.exit).toBe(1);
    expect(second.stderr()).toMatch(/results\.jsonl cannot be written: the disk is full; make room/);
    await rm(results);
    const third = place.cox(['run', '--resume', 'full', '--json']);
    expect(await third.exit, third.stderr()).toBe(0);
    const lines = await place.results('full');
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
    expect(lines).toHaveLength(3);
    expect(JSON.parse(await readFile(join(place.path, 'runs/full/summary.json'), 'utf8'))).toMatchObject({
      state: 'ended',
    });
  });
});
