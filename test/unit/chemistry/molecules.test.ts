import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeConformer } from '../../../src/chemistry/conformer.ts';
import { fingerprint, fingerprintBytes, fingerprints } from '../../../src/chemistry/fingerprint.ts';
import { contradictions, parseXyz } from '../../../src/chemistry/geometry.ts';
import { loadRdkit, maxSmilesLength, rdkitVersion, withMolecule } from '../../../src/chemistry/rdkit.ts';
import { canonicalSmiles } from '../../../src/chemistry/smiles.ts';

const moduleUrl = (path: string): string => new URL(`../../../src/chemistry/${path}`, import.meta.url).href;

/** Standard output and error of a fresh process that runs a script with the project's loader. */
async function inFreshProcess(script: string): Promise<{ stdout: string; stderr: string }> {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  return promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: root });
}

describe('RDKit', () => {
  it('is one instance a process', async () => {
    expect(await loadRdkit()).toBe(await loadRdkit());
  });

  it('tells its version without being loaded', async () => {
    const [year, month] = (await rdkitVersion()).split('.').map(Number);
    expect((await loadRdkit()).version()).toContain(`${year ?? ''}.${String(month).padStart(2, '0')}`);
  });

  it('works again after a molecule has brought it down', async () => {
    const rdkit = await loadRdkit();
    const crash = (): never => {
      rdkit.get_mol('C'.repeat(5_000))?.delete();
      throw new Error('a chain of 5,000 atoms no longer crashes RDKit: this test needs another one');
    };
    expect(await withMolecule('C', crash)).toBeNull();
    expect(await canonicalSmiles('OCC')).toBe('CCO');
    expect(await loadRdkit()).not.toBe(rdkit);
  });

  it('is not loaded by importing the chemistry, and says nothing about what it refuses', async () => {
    const { stdout, stderr } = await inFreshProcess(`
      const { canonicalSmiles } = await import('${moduleUrl('index.ts')}');
      const { createRequire } = await import('node:module');
      const loaded = () => Object.keys(createRequire('${moduleUrl('index.ts')}').cache).some((path) => path.includes('rdkit'));
      const before = loaded();
      const refused = await canonicalSmiles('C1CC(').catch((error) => error.code);
      console.log(JSON.stringify({ before, after: loaded(), refused }));
    `);
    expect(JSON.parse(stdout)).toEqual({ before: false, after: true, refused: 'smiles.refused' });
    expect(stderr).toBe('');
  });
});

describe('canonical SMILES', () => {
  it.each([
    ['OCC', 'CCO'],
    ['C1=CC=CC=C1', 'c1ccccc1'],
    ['C([H])([H])([H])[H]', 'C'],
  ])('of %s is %s', async (written, canonical) => {
    expect(await canonicalSmiles(written)).toBe(canonical);
  });

  it.each([
    '',
    ' ',
    'C(',
    'c1cc',
    'CC\0C',
    'CCO ethanol',
    'Cé',
    'C'.repeat(maxSmilesLength + 1),
    '{"a":1}',
    'C(C)(C)(C)(C)C',
  ])('of %j is refused', async (smiles) => {
    await expect(canonicalSmiles(smiles)).rejects.toMatchObject({ name: 'InputError', code: 'smiles.refused' });
  });

  it('of any text is a fixed point, or refused', async () => {
    const token = fc.constantFrom(...'CNOFcno123()[]=#+-.@/\\%H*$:'.split(''), 'Cl', '[nH]', '\n', 'é');
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 20 }), async (tokens) => {
        const canonical = await canonicalSmiles(tokens.join('')).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'smiles.refused' });
          return null;
        });
        if (canonical !== null) expect(await canonicalSmiles(canonical)).toBe(canonical);
      }),
      { numRuns: 300 },
    );
  });
});

describe('fingerprints', () => {
  it('have the bits of RDKit at their places, whatever the writing of the SMILES', async () => {
    const bits = await withMolecule('CCO', (molecule) => molecule.get_morgan_fp('{"radius":4,"nBits":256}'));
    const packed = await fingerprint('OCC');
    expect(packed).toHaveLength(fingerprintBytes);
    for (let bit = 0; bit < 256; bit += 1) {
      expect(((packed[bit >> 3] ?? 0) >> (bit & 7)) & 1).toBe(Number(bits?.[bit]));
    }
  });

  it('of many stand one after another', async () => {
    const packed = await fingerprints(['C', 'CCO', 'c1ccccc1']);
    expect(packed).toHaveLength(3 * fingerprintBytes);
    expect(packed.subarray(fingerprintBytes, 2 * fingerprintBytes)).toEqual(await fingerprint('CCO'));
    await expect(fingerprints(['C', 'C('])).rejects.toMatchObject({ code: 'smiles.refused' });
  });

  it('leak no molecules', async () => {
    const { stdout } = await inFreshProcess(`
      const { fingerprint } = await import('${moduleUrl('fingerprint.ts')}');
      const { loadRdkit } = await import('${moduleUrl('rdkit.ts')}');
      const run = async (n) => { for (let i = 0; i < n; i += 1) await fingerprint('CC(C)CC1CCOC1C(=O)N').catch(() => null); };
      const rdkit = await loadRdkit();
      await run(1_000);
      const before = process.memoryUsage();
      await run(20_000);
      const after = process.memoryUsage();
      console.log((after.rss - before.rss + before.heapUsed - after.heapUsed) / 20_000);
    `);
    // A leaked molecule of this size costs about 10 kB.
    expect(Number(stdout)).toBeLessThan(1_500);
  });
});

describe('conformers', () => {
  it('are the same for the same molecule, and sound', async () => {
    const one = await makeConformer('OCC');
    expect(await makeConformer('CCO')).toEqual(one);
    expect(one.smiles).toBe('CCO');
    expect([...one.elements].sort().join('')).toBe('CCHHHHHHO');
    expect(contradictions(one, one.bonds)).toEqual({ broken: [], formed: [], clashing: [] });
    expect(parseXyz(one.xyz).elements).toEqual(one.elements);
  });

  it.each(['C', 'O', 'c1ccccc1', 'C1CC2CCC1C2', 'CC(C)(C)C#N', 'FC(F)(F)C(F)(F)F', 'C[N+](=O)[O-]', 'CC1=NOC(C)=N1'])(
    'of %s have as many bonds as the formula',
    async (smiles) => {
      const { elements, bonds } = await makeConformer(smiles);
      const counted = await withMolecule(smiles, (molecule) => {
        molecule.add_hs_in_place();
        return [molecule.get_num_atoms(), molecule.get_num_bonds()];
      });
      expect([elements.length, bonds.length]).toEqual(counted);
    },
  );

  const saturated = [
    'C[C@H](N)CO',
    'C[C@@H](N)CO',
    'O[C@H]1CC[C@@H](O)C1',
    'O[C@H]1CC[C@H](O)C1',
    'C[C@](F)(Cl)[C@H](C)O',
  ];
  it.each(saturated)('of %s have the stereo centres that it names', async (smiles) => {
    const { elements, coordinates, bonds } = await makeConformer(smiles);
    const column = (value: number | string, width: number): string => String(value).padStart(width);
    const molfile = [
      '',
      '     test              3D',
      '',
      `${column(elements.length, 3)}${column(bonds.length, 3)}  0  0  1  0  0  0  0  0999 V2000`,
      ...elements.map((element, atom) => {
        const place = (coordinates[atom] ?? []).map((value) => column(value.toFixed(4), 10)).join('');
        return `${place} ${element.padEnd(3)} 0  0`;
      }),
      ...bonds.map(([a, b]) => `${column(a + 1, 3)}${column(b + 1, 3)}  1  0`),
      'M  END',
      '',
    ].join('\n');
    const built = (await loadRdkit()).get_mol(molfile);
    built?.remove_hs_in_place();
    expect(built?.get_smiles()).toBe(await canonicalSmiles(smiles));
    built?.delete();
  });

  it.each([
    ['F/C=C/F', 3.5],
    ['F/C=C\\F', 2.9],
  ])('of %s have the sides of the double bond that it names', async (smiles, apart) => {
    const { elements, coordinates } = await makeConformer(smiles);
    const [[ax, ay, az] = [0, 0, 0], [bx, by, bz] = [0, 0, 0]] = coordinates.filter(
      (_, atom) => elements[atom] === 'F',
    );
    expect(Math.abs(Math.hypot(ax - bx, ay - by, az - bz) - apart)).toBeLessThan(0.25);
  });

  it.each([
    ['C(', 'InputError', 'smiles.refused'],
    ['C.C', 'InputError', 'smiles.fragments'],
    ['[Na+].[Cl-]', 'InputError', 'smiles.fragments'],
    ['C[NH3+]', 'InputError', 'smiles.charged'],
    ['C[O-]', 'InputError', 'smiles.charged'],
    ['C[CH2]', 'InputError', 'smiles.radical'],
    ['[He]', 'MethodError', 'conformer.failed'],
    ['*C', 'MethodError', 'conformer.failed'],
  ])('of %s are refused: %s %s', async (smiles, name, code) => {
    await expect(makeConformer(smiles)).rejects.toMatchObject({ name, code });
  });
});
