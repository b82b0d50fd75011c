import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/setup/run-program.ts';
import { runProgram } from '../../src/setup/run-program.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
let copy: string;

/** A small checkout: our own scripts and settings, another project's sources. */
beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'cox-build-'));
  await cp(join(project, 'bin'), join(copy, 'bin'), { recursive: true });
  for (const name of ['tsconfig.json', 'package.json', 'package-lock.json']) {
    await cp(join(project, name), join(copy, name), { preserveTimestamps: true });
  }
  await symlink(join(project, 'node_modules'), join(copy, 'node_modules'));
  await write('src/cli/main.ts', "import { word } from '../word.ts';\nconsole.log(word, ...process.argv.slice(2));\n");
  await write('src/word.ts', "export const word: string = 'one';\n");
  await write('web/page.tsx', "import './page.css';\ndocument.title = 'one';\n");
  await write('web/page.css', '');
  await write('web/index.html', '<!doctype html>');
});
afterEach(() => rm(copy, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  const file = join(copy, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

const node = (...args: string[]): Promise<Outcome> =>
  runProgram(process.execPath, args, { timeoutMs: 60_000, cwd: copy });
const cox = (...args: string[]): Promise<Outcome> => node('bin/cox.mjs', ...args);
const exists = (path: string): Promise<boolean> =>
  stat(join(copy, path)).then(
    () => true,
    () => false,
  );

describe('a checkout', () => {
  it('is built when cox is called, again when a source has changed, and not otherwise', async () => {
    expect(await cox('--a', 'b c')).toMatchObject({ code: 0, stdout: 'one --a b c\n', stderr: '' });
    const built = (await stat(join(copy, 'dist/src/cli/main.js'))).mtimeMs;

    await write('src/word.ts', "export const word: string = 'two';\n");
    expect((await cox()).stdout).toBe('two\n');
    expect((await stat(join(copy, 'dist/src/cli/main.js'))).mtimeMs).toBe(built);

    // An output that was touched by hand stays so: nothing is compiled when no source has changed.
    await write('dist/src/word.js', "export const word = 'by hand';\n");
    expect((await cox()).stdout).toBe('by hand\n');

    // The time of a source alone may go back, as it does when another commit is checked out.
    await utimes(join(copy, 'src/word.ts'), new Date(0), new Date(0));
    expect((await cox()).stdout).toBe('two\n');
  });

  it('has the page of the dashboard, bundled anew when a source of it has changed', async () => {
    await cox();
    expect(await readFile(join(copy, 'dist/web/page.js'), 'utf8')).toContain('"one"');
    await write('web/page.tsx', "document.title = 'two';\n");
    await cox();
    expect(await readFile(join(copy, 'dist/web/page.js'), 'utf8')).toContain('"two"');
  });

  it('forgets what was compiled from a source that is gone', async () => {
    await write('src/gone.ts', 'export const gone = 1;\n');
    await cox();
    expect(await exists('dist/src/gone.js')).toBe(true);
    await rm(join(copy, 'src/gone.ts'));
    await cox();
    expect([await exists('dist/src/gone.js'), await exists('dist/src/gone.js.map')]).toEqual([false, false]);
  });

  it('says what does not parse, and is built again once it does', async () => {
    await write('src/word.ts', 'export const word = ;\n');
    const failure = await cox();
    expect(failure.code).toBe(1);
    expect(failure.stderr).toMatch(/src\/word\.ts\(1,21\): error TS1109.*\nThe sources do not compile/);
    await write('src/word.ts', "export const word = 'mended';\n");
    expect((await cox()).stdout).toBe('mended\n');
  });

  it('runs with types that are wrong, which npm run build refuses', async () => {
    await write('src/word.ts', 'export const word: string = 3;\n');
    expect((await cox()).stdout).toBe('3\n');
    const refused = await node('bin/build.mjs');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      "src/word.ts(1,14): error TS2322: Type 'number' is not assignable to type 'string'.",
    );
  });

  it('comes out the same both ways, and the whole build adds declarations', async () => {
    await cox();
    const quick = await readFile(join(copy, 'dist/src/cli/main.js'), 'utf8');
    expect(await exists('dist/src/word.d.ts')).toBe(false);
    expect((await node('bin/build.mjs')).code).toBe(0);
    expect(await readFile(join(copy, 'dist/src/cli/main.js'), 'utf8')).toBe(quick);
    expect(await readFile(join(copy, 'dist/src/word.d.ts'), 'utf8')).toBe('export declare const word: string;\n');
  });

  it('may be built by several at once', async () => {
    for (let i = 0; i < 20; i++) await write(`src/more-${i}.ts`, `export const more${i} = ${i};\n`);
    const all = await Promise.all([cox('a'), cox('b'), cox('c')]);
    expect(all.map(({ stdout }) => stdout)).toEqual(['one a\n', 'one b\n', 'one c\n']);
  });
});

describe('an installed package', () => {
  it('has no sources, and starts without a look at any', async () => {
    await write('dist/src/cli/main.js', "console.log('packaged', process.argv[2]);\n");
    for (const name of ['src', 'node_modules', 'package-lock.json', 'tsconfig.json']) {
      await rm(join(copy, name), { recursive: true });
    }
    expect(await cox('x')).toMatchObject({ code: 0, stdout: 'packaged x\n' });
  });
});
