import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ionizationEnergy } from '../../campaigns/molecular-design/methods/ionization-energy.ts';
import { makeConformer } from '../../src/chemistry/conformer.ts';
import { parseXyz } from '../../src/chemistry/geometry.ts';
import { cationEnergy, optimise } from '../../src/chemistry/xtb.ts';
import { makeMethodContext } from '../support/method-context.ts';

const run = async (smiles: string, signal?: AbortSignal) => {
  await using task = await makeMethodContext(signal);
  return await ionizationEnergy.run(ionizationEnergy.input.parse({ smiles }), task.context);
};

describe('the vertical ionization energy, by the real xtb', () => {
  // xtb 6.5.1, GFN2; the same through tblite and ASE to about 0.005.
  it.each([
    ['methane', 'C', 0.6226],
    ['water', 'O', 0.6723],
    ['methanol', 'CO', 0.5681],
    ['benzene', 'c1ccccc1', 0.5224],
  ])('of %s (%s) is %f hartree', async (_, smiles, expected) => {
    const result = ionizationEnergy.output.parse(await run(smiles));
    expect(Math.abs(result.ionizationEnergyHa - expected)).toBeLessThan(0.002);
    expect(result.cationEnergyHa - result.neutralEnergyHa).toBe(result.ionizationEnergyHa);
    expect(result.homoLumoGapHa).toBeGreaterThan(0.1);
    expect(result.xtbVersion).toMatch(/^\d+\.\d+/);
    expect(result.wallMs).toBeGreaterThan(result.cpuMs / 4);
    expect(result.cpuMs).toBeGreaterThan(0);
    const { elements } = parseXyz(result.geometryXyz);
    expect(elements).toEqual((await makeConformer(smiles)).elements);
  });

  it('is the same to the last digit when it is calculated again, from another writing of the molecule', async () => {
    const [one, other] = [await run('OCC=O'), await run('C(=O)CO')];
    expect(other.ionizationEnergyHa).toBe(one.ionizationEnergyHa);
    expect(other.geometryXyz).toBe(one.geometryXyz);
  });

  it('leaves its files in the scratch folder and nowhere else', async () => {
    await using task = await makeMethodContext();
    const before = await readdir('.');
    await ionizationEnergy.run({ smiles: 'C' }, task.context);
    expect(await readdir(task.context.scratchDir)).toContain('xtbopt.xyz');
    expect(await readdir('.')).toEqual(before);
  });

  it('keeps what both runs of xtb printed, for whoever asks later', async () => {
    await using task = await makeMethodContext();
    const { xtbOutput } = await ionizationEnergy.run({ smiles: 'O' }, task.context);
    const text = gunzipSync(await task.context.objects.get(xtbOutput ?? '')).toString();
    expect(text.match(/\| TOTAL ENERGY/g)).toHaveLength(2);
  });

  it('is given where nothing can be stored, without that text', async () => {
    await using task = await makeMethodContext();
    const objects = { ...task.context.objects, put: () => Promise.reject(new Error('the server is away')) };
    const context = { ...task.context, scratchDir: task.context.scratchDir, objects };
    const result = ionizationEnergy.output.parse(await ionizationEnergy.run({ smiles: 'O' }, context));
    expect(result).toMatchObject({ xtbOutput: null, ionizationEnergyHa: expect.closeTo(0.6723, 2) as number });
  });

  it('is not given for a molecule that falls apart', async () => {
    await using task = await makeMethodContext();
    const { elements, bonds, coordinates } = await makeConformer('CC');
    // Two methyl radicals far apart relax to something that is no ethane.
    const apart = coordinates.map(([x, y, z], atom) => [x, y, z + (isWithFirst(atom, bonds) ? 0 : 4)] as const);
    const xyz = `${elements.length}\n\n${elements.map((element, atom) => `${element} ${(apart[atom] ?? []).join(' ')}`).join('\n')}\n`;
    const start = { smiles: 'CC', elements, coordinates: apart, bonds, xyz };
    await expect(optimise(task.context, start)).rejects.toMatchObject({ name: 'MethodError', code: 'xtb.rearranged' });
  });

  it('is not given when xtb refuses the geometry', async () => {
    await using task = await makeMethodContext();
    await writeFile(join(task.context.scratchDir, 'same.xyz'), '2\n\nC 0 0 0\nC 0 0 0\n');
    await expect(cationEnergy(task.context, 'same.xyz', 'C#C')).rejects.toMatchObject({ code: 'xtb.crashed' });
    await expect(cationEnergy(task.context, 'same.xyz', 'C#C')).rejects.toThrow(/exit code 1.*very\* short distance/);
  });

  it('is given up when the task is cancelled', async () => {
    const abort = new AbortController();
    const running = run('CCCCCCCCC', abort.signal);
    abort.abort(new Error('cancelled by the test'));
    await expect(running).rejects.toThrow(/abort/i);
  });

  it.each([
    ['C(', 'smiles.refused'],
    ['C.C', 'smiles.fragments'],
    ['C[NH3+]', 'smiles.charged'],
  ])('of %s is refused: %s', async (smiles, code) => {
    await expect(run(smiles)).rejects.toMatchObject({ name: 'InputError', code });
  });
});

describe('an xtb that is not well', () => {
  let folder = '';
  const configured = process.env['COX_XTB'];
  const real = configured ?? 'xtb';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cox-xtb-'));
  });
  afterEach(() => {
    if (configured === undefined) delete process.env['COX_XTB'];
    else process.env['COX_XTB'] = configured;
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  /** A program in xtb's place. */
  async function install(name: string, script: string): Promise<void> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    process.env['COX_XTB'] = path;
  }

  it('is missing', async () => {
    process.env['COX_XTB'] = join(folder, 'absent');
    await expect(run('C')).rejects.toMatchObject({ name: 'MissingError', code: 'xtb.missing', exitCode: 3 });
    await expect(run('C')).rejects.toThrow(/absent.*COX_XTB/);
  });

  it('exits with an error', async () => {
    await install('failing', 'echo "some banner"; echo "-1- no parameters for this element" >&2; exit 7');
    await expect(run('C')).rejects.toMatchObject({ code: 'xtb.crashed', details: { exitCode: 7 } });
    await expect(run('C')).rejects.toThrow(/exit code 7; its output ended with: -1- no parameters for this element/);
  });

  it('is killed', async () => {
    await install('killed', 'kill -SEGV $$');
    await expect(run('C')).rejects.toMatchObject({ code: 'xtb.crashed', details: { signal: 'SIGSEGV' } });
    await expect(run('C')).rejects.toThrow(/signal SIGSEGV/);
  });

  it('prints nothing', async () => {
    await install('silent', 'exit 0');
    await expect(run('C')).rejects.toMatchObject({ name: 'MethodError', code: 'xtb.no-energy' });
  });

  it('prints an energy that is no number', async () => {
    await install('nan', 'echo "| TOTAL ENERGY                NaN Eh   |"');
    await expect(run('C')).rejects.toMatchObject({ code: 'xtb.no-energy' });
  });

  it('does not converge, which xtb itself reports with exit code 0', async () => {
    // The real program, held to one cycle.
    await install('hasty', `exec ${real} "$@" --cycles 1`);
    await expect(run('FC(F)(F)CC(=O)NCC')).rejects.toMatchObject({ code: 'xtb.not-converged' });
  });

  it("loses its electrons' self-consistency", async () => {
    await install('impatient', `exec ${real} "$@" --iterations 2`);
    await expect(run('CO')).rejects.toMatchObject({ code: 'xtb.not-converged' });
  });

  it('leaves no geometry', async () => {
    await install('forgetful', `${real} "$@" && rm -f xtbopt.xyz`);
    await expect(run('C')).rejects.toMatchObject({ code: 'xtb.no-geometry' });
  });
});

/** Whether an atom is the first carbon, or bonded to it and no carbon itself. */
function isWithFirst(atom: number, bonds: readonly (readonly [number, number])[]): boolean {
  return atom === 0 || (atom !== 1 && bonds.some(([a, b]) => (a === 0 && b === atom) || (b === 0 && a === atom)));
}
