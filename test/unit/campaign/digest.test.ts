import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { methodsDigest, refuseOtherMethods } from '../../../src/campaign/digest.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cox-digest-'));
  mkdirSync(join(folder, 'methods'));
  writeFileSync(join(folder, 'campaign.ts'), 'export default 1;');
  writeFileSync(join(folder, 'methods', 'one.mjs'), 'export const one = 1;');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, text = 'x'): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
};

describe('methodsDigest', () => {
  it('is the same wherever the folder lies, and by whatever name it is called', () => {
    const digest = methodsDigest(folder);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const copy = `${folder}-copy`;
    cpSync(folder, copy, { recursive: true });
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    expect([methodsDigest(copy), methodsDigest(link)]).toEqual([digest, digest]);
    rmSync(copy, { recursive: true });
    rmSync(link);
  });

  it.each([
    ['a file changes', 'methods/one.mjs'],
    ['there is one more', 'methods/two.js'],
    ['data that code imports changes', 'methods/table.json'],
  ])('is another when %s', (_what, path) => {
    const digest = methodsDigest(folder);
    write(path, 'export const two = 2;');
    expect(methodsDigest(folder)).not.toBe(digest);
  });

  it('tells the same text in another file from what it was', () => {
    const digest = methodsDigest(folder);
    rmSync(join(folder, 'methods', 'one.mjs'));
    write('methods/other.mjs', 'export const one = 1;');
    expect(methodsDigest(folder)).not.toBe(digest);
  });

  it.each(['README.md', 'campaign.d.ts', 'node_modules/other/index.js', '.cox/state.json', 'runs/one/campaign.json'])(
    'does not look at %s',
    (path) => {
      const digest = methodsDigest(folder);
      write(path);
      write('runs/one/summary.json');
      write('runs/one/campaign.json');
      expect(methodsDigest(folder)).toBe(digest);
    },
  );

  it('does not run in circles', () => {
    const digest = methodsDigest(folder);
    symlinkSync(folder, join(folder, 'methods', 'around'));
    expect(methodsDigest(folder)).toBe(digest);
  });

  it('is that of the compiled twin for a folder of this package', () => {
    const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
    expect(methodsDigest(at('campaigns/molecular-design'))).toBe(methodsDigest(at('dist/campaigns/molecular-design')));
  });
});

describe('refuseOtherMethods', () => {
  it('names both versions and what to do', () => {
    const record = { id: 'run-1', methods: methodsDigest(folder) };
    refuseOtherMethods(record, folder);
    write('methods/one.mjs', 'export const one = 2;');
    const here = methodsDigest(folder).slice(0, 8);
    const text = `methods ${here}, not ${record.methods.slice(0, 8)}); put the old files back, or start a new run`;
    expect(() => refuseOtherMethods(record, folder)).toThrow(text);
  });
});
