import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = ['src', 'actors', 'campaigns', 'bench', 'data', 'web'];

/** Which way arrows may point from files under a folder; of several rules that fit, the first holds. */
interface Rule {
  readonly from: string;
  /** Files and folders of ours that it may import, beside what `own` allows. */
  readonly to: readonly string[];
  /** Packages that it may import, `node:` for what comes with Node; null for any. */
  readonly packages: readonly string[] | null;
  readonly why: string;
}

const rules: readonly Rule[] = [
  {
    from: 'actors/',
    to: ['actors/', 'src/protocol/'],
    packages: ['xstate'],
    why: 'actors decide and know nothing but the protocol',
  },
  { from: 'src/protocol/', to: ['src/protocol/'], packages: null, why: 'the protocol knows nobody' },
  {
    from: 'src/chemistry/',
    to: ['src/chemistry/', 'src/protocol/', 'src/ml/feature-table.ts'],
    packages: null,
    why: 'chemistry knows no transport, and of models only what they read',
  },
  {
    from: 'src/ml/neural/',
    to: ['src/ml/', 'src/protocol/', 'src/setup/tensorflow-folder.ts'],
    packages: null,
    why: 'models know no transport, and of setup only where TensorFlow is',
  },
  { from: 'src/ml/', to: ['src/ml/', 'src/protocol/'], packages: null, why: 'models know no transport' },
  {
    from: 'src/runtime/',
    to: ['src/runtime/', 'src/protocol/'],
    packages: null,
    why: 'the runtime is free of any transport',
  },
  {
    from: 'src/audit/',
    to: ['src/audit/', 'src/runtime/', 'src/protocol/'],
    packages: [],
    why: 'an audit needs nothing but the log',
  },
  {
    from: 'src/setup/',
    to: ['src/setup/', 'src/protocol/'],
    packages: null,
    why: 'what is installed is not what is run',
  },
  {
    from: 'src/nats/',
    to: ['src/nats/', 'src/protocol/', 'src/runtime/contracts.ts', 'src/setup/'],
    packages: null,
    why: 'NATS fulfils the contracts of the runtime and knows none of its workings',
  },
  {
    from: 'src/story/',
    to: ['src/story/', 'src/protocol/'],
    packages: null,
    why: 'a story needs nothing but the facts',
  },
  {
    from: 'src/charts/',
    to: ['src/charts/', 'src/figures/palette.ts', 'src/protocol/'],
    packages: ['elkjs', 'xstate'],
    why: 'a chart needs nothing but the machine',
  },
  {
    from: 'src/replay/',
    to: ['src/replay/', 'src/charts/', 'src/runtime/', 'src/protocol/'],
    packages: ['xstate'],
    why: 'a replay needs nothing but the log and the machines',
  },
  {
    from: 'src/figures/',
    to: ['src/figures/', 'src/story/views.ts'],
    packages: ['echarts'],
    why: 'figures are drawn in the page, too, of what people see',
  },
  { from: 'src/cli/', to: ['src/'], packages: null, why: 'commands are made of src/' },
  // src/worker, src/tasks, src/campaign, src/simulator, src/index.ts.
  { from: 'src/', to: ['src/!src/cli/'], packages: null, why: 'nothing is made of commands' },
  {
    from: 'campaigns/',
    to: [],
    packages: ['coxswain', 'node:'],
    why: "a campaign's folder is one that a user could have written: its own files, and public names",
  },
  { from: 'bench/', to: ['bench/', 'src/'], packages: null, why: 'benchmarks measure src/' },
  {
    from: 'web/',
    to: ['web/', 'src/dashboard/api.ts', 'src/story/views.ts', 'src/figures/'],
    packages: ['preact', '@preact/signals', 'echarts'],
    why: 'the page shows what its server says, and nothing of ours but figures runs in a browser',
  },
  { from: 'data/', to: ['data/', 'src/'], packages: null, why: 'data is made with src/' },
];

/** Every import of a file, types included, as it is written. */
const importsOf = (text: string): string[] =>
  ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);

/** What is wrong with the imports of these files, by their paths from the root; nothing in a good tree. */
function wrongArrows(files: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = [];
  const arrows = new Map<string, string[]>();
  for (const [file, text] of files) {
    const rule = rules.find(({ from }) => file.startsWith(from));
    if (rule === undefined) {
      wrong.push(`${file} is in a folder without a rule`);
      continue;
    }
    const targets: string[] = [];
    for (const specifier of importsOf(text)) {
      if (!specifier.startsWith('.')) {
        if (!mayImportPackage(file, rule, specifier)) wrong.push(`${file} imports ${specifier}: ${rule.why}`);
        continue;
      }
      const target = posix.normalize(posix.join(posix.dirname(file), specifier));
      targets.push(target);
      if (!files.has(target) && !target.endsWith('.css')) wrong.push(`${file} imports ${target}, which is not there`);
      if (!mayImportFile(file, rule, target)) wrong.push(`${file} imports ${target}: ${rule.why}`);
    }
    arrows.set(file, targets);
  }
  return [...wrong, ...cyclesIn(arrows).map((cycle) => `a cycle: ${cycle.join(' -> ')}`)];
}

function mayImportFile(file: string, { to }: Rule, target: string): boolean {
  const ownCampaign = /^campaigns\/[^/]+\//.exec(file)?.[0];
  if (ownCampaign !== undefined) return target.startsWith(ownCampaign);
  return to.some((allowed) => {
    const [folder = '', exception] = allowed.split('!');
    return target.startsWith(folder) && (exception === undefined || !target.startsWith(exception));
  });
}

function mayImportPackage(file: string, { packages }: Rule, specifier: string): boolean {
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0];
  // The package's own name is for those who could be outside.
  if (name === 'coxswain' && !file.startsWith('campaigns/') && !file.startsWith('bench/')) return false;
  return packages === null || packages.includes(specifier.startsWith('node:') ? 'node:' : (name ?? ''));
}

/** One cycle for each arrow that closes one. */
function cyclesIn(arrows: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file]);
      return;
    }
    if (done.has(file)) return;
    for (const target of arrows.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of arrows.keys()) visit(file, []);
  return cycles;
}

function readTree(): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of sources) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
    }
  }
  return files;
}

describe('imports', () => {
  const tree = readTree();

  it('are found: a good part of the files, and arrows among them', () => {
    expect(tree.size).toBeGreaterThan(80);
    expect(importsOf(tree.get('actors/trainer.ts') ?? '')).toContain('../src/protocol/events.ts');
  });

  it('point one way, and never round in a circle', () => {
    expect(wrongArrows(tree)).toEqual([]);
  });

  it('are refused when they point the wrong way', () => {
    const planted: [string, string][] = [
      ['actors/trainer.ts', "import { runActor } from '../src/runtime/running-actor.ts';"],
      ['actors/trainer.ts', "import { z } from 'zod';"],
      ['actors/trainer.ts', "import type { Readable } from 'node:stream';"],
      ['src/protocol/task.ts', "export { takeFact } from '../runtime/step.ts';"],
      ['src/chemistry/xtb.ts', "import type { Connection } from '../nats/connection.ts';"],
      ['src/ml/model.ts', "const chemistry = await import('../chemistry/index.ts');"],
      ['src/runtime/step.ts', "import '../nats/lease.ts';"],
      ['src/nats/lease.ts', "import { takeFact } from '../runtime/step.ts';"],
      ['src/setup/pins.ts', "import { startServer } from '../nats/server.ts';"],
      ['src/worker/host.ts', "import { main } from '../cli/main.ts';"],
      ['src/campaign/load.ts', "import { trainer } from '../../actors/trainer.ts';"],
      ['src/campaign/load.ts', "import campaign from '../../campaigns/molecular-design/campaign.ts';"],
      ['src/cli/run.ts', "import { scene } from '../../bench/scoring.ts';"],
      ['src/cli/run.ts', "import { defineCampaign } from 'coxswain';"],
      ['campaigns/molecular-design/settings.ts', "import { z } from 'zod';"],
      ['campaigns/molecular-design/policies/random.ts', "import { plan } from '../../../src/protocol/actor.ts';"],
      ['campaigns/other/campaign.ts', "import { settings } from '../molecular-design/settings.ts';"],
      ['bench/scoring.ts', "import { scene } from '../test/support/scene.ts';"],
      ['elsewhere/file.ts', ''],
    ];
    for (const [file, line] of planted) {
      const found = wrongArrows(new Map([...tree, [file, `${line}\n${tree.get(file) ?? ''}`]]));
      expect(
        found.filter((wrong) => wrong.startsWith(`${file} `)),
        `${file}: ${line}`,
      ).not.toEqual([]);
    }
  });

  it('are refused when they go round in a circle, however long', () => {
    const circle = new Map([
      ['src/protocol/a.ts', "import type { B } from './b.ts';"],
      ['src/protocol/b.ts', "export { c } from './c.ts';"],
      ['src/protocol/c.ts', "import { a } from './a.ts';"],
    ]);
    expect(wrongArrows(new Map([...tree, ...circle]))).toContain(
      'a cycle: src/protocol/a.ts -> src/protocol/b.ts -> src/protocol/c.ts -> src/protocol/a.ts',
    );
    expect(wrongArrows(new Map([['src/protocol/a.ts', "import './a.ts';"]]))).toEqual([
      'a cycle: src/protocol/a.ts -> src/protocol/a.ts',
    ]);
  });
});
