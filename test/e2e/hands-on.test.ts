import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killTree, processTree } from '../support/process-tree.ts';
import { eventually, isRunning } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

/** Molecules that the packaged space does not have. */
const ideas = ['CCCCCCN(CC)CC ours', '# not this one', 'C1CC', 'NCCCCCCCCCN', 'O'];

it(
  'candidates that people add and pin are simulated and learnt from, vetoed ones never, also after a kill -9',
  { timeout: 120_000 },
  async () => {
    await using place = await Workplace.open();
    const packaged = await readFile(join(import.meta.dirname, '../../data/search-space.csv'), 'utf8');
    const space = [
      'smiles',
      'O',
      ...packaged
        .split('\n')
        .slice(1, 60)
        .map((line) => line.split(',')[0]),
    ];
    await writeFile(join(place.path, 'some.csv'), `${space.join('\n')}\n`);
    await writeFile(join(place.path, 'ideas.smi'), ideas.join('\n'));
    const settings = ['--space', 'some.csv', '--total', '36', '--initial', '4', '--batch', '4', '--model', 'gp'];
    const first = place.cox(['run', '--id', 'ie', '--workers', '1', '--no-dashboard', ...settings]);
    const cox = async (...args: string[]): Promise<{ code: unknown; text: string }> => {
      const started = place.cox(args);
      return { code: await started.exit, text: started.stdout() + started.stderr() };
    };
    await eventually(async () => expect((await place.results('ie')).length).toBeGreaterThan(0), 60_000);

    // Nothing is chosen meanwhile: one that is to be vetoed must not run already.
    expect(await cox('pause', 'ie', '--wait')).toMatchObject({ code: 0 });
    const added = await cox('add', 'ie', 'ideas.smi', '--reason', 'from the group meeting');
    expect(added, added.text).toMatchObject({ code: 0 });
    const [, from = ''] = /added 2 candidates, (\d+) to \d+,/.exec(added.text) ?? [];
    expect(added.text).toMatch(/line 2 \(C1CC\) is refused: .*; line 4 \(O\) is candidate 0 already/);
    const pinned = await cox('pin', 'ie', 'N(CC)(CC)CCCCCC', '--reason', 'like the best');
    expect(pinned, pinned.text).toMatchObject({ code: 0 });
    const vetoed = await cox('veto', 'ie', String(Number(from) + 1), '--reason', 'not stable');
    expect(vetoed, vetoed.text).toMatchObject({ code: 0 });
    const everything = processTree(first.pid);
    killTree(first.pid);
    await first.exit;
    await eventually(() => expect(everything.filter(isRunning)).toEqual([]));

    const second = place.cox(['run', '--resume', 'ie', '--workers', '1', '--no-dashboard']);
    expect(await second.exit, second.stderr()).toBe(0);
    const lines = await place.results('ie');
    const candidates = lines.filter(({ topic }) => topic === 'simulate').map(({ candidate }) => candidate);
    expect(candidates).not.toContain(Number(from) + 1);
    expect(lines.find(({ candidate }) => candidate === Number(from))).toMatchObject({
      success: true,
      arguments: { smiles: 'CCCCCCN(CC)CC' },
      choice: { by: 'pin', why: 'like the best', who: expect.stringContaining('@') as string },
    });
    const learnt = lines
      .filter(({ topic }) => topic === 'train')
      .flatMap(({ arguments: given }) => (given as { candidates: number[] }).candidates);
    expect(learnt).toContain(Number(from));
    const audit = await cox('audit', 'ie');
    expect(audit, audit.text).toMatchObject({ code: 0 });
  },
);
