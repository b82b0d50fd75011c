import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RehearsalReport } from '../../src/rehearsal/rehearsal-report.ts';
import { Workplace } from '../support/workplace.ts';

const data = fileURLToPath(new URL('../../data/ionization-energies.tsv', import.meta.url));

/** A place with the table's header and every 22nd of its rows: 200. */
async function withTable(): Promise<Workplace> {
  const place = await Workplace.open();
  const [header = '', ...rows] = (await readFile(data, 'utf8')).trimEnd().split('\n');
  const some = rows.filter((_, i) => i % 22 === 0).slice(0, 200);
  await writeFile(join(place.path, 'some.tsv'), `${[header, ...some].join('\n')}\n`);
  return place;
}

const rehearsal = ['rehearse', '--table', 'some.tsv', '--policy', 'random,batched', '--model', 'knn'];

describe('cox rehearse', () => {
  it('gives the same numbers each time, random ones as chance has them, and none beyond what can be found', async () => {
    await using place = await withTable();
    const run = [...rehearsal, '--seeds', '3', '--budget', '20,40', '--finds', '1'];
    const [one, other] = [place.cox([...run, '--json']), place.cox([...run, '--json', '--jobs', '1'])];
    expect(await one.exit, one.stderr()).toBe(0);
    expect(await other.exit, other.stderr()).toBe(0);
    expect(one.stdout()).toBe(other.stdout());

    const report = JSON.parse(one.stdout()) as RehearsalReport;
    expect(report.combinations.map(({ name }) => name)).toEqual(['random', expect.stringMatching(/^batched/)]);
    expect(report).toMatchObject({ seeds: [1, 2, 3], budgets: [20, 40], best: { aim: 2 } });
    const wanted = report.threshold?.count ?? 0;
    for (const { bySeed, busy, updates, found } of report.combinations) {
      expect(bySeed).toHaveLength(3);
      for (const { best, beyond } of bySeed) {
        for (const [i, most] of report.baselines.map((baseline) => baseline.most).entries()) {
          expect(best[i]).toBeLessThanOrEqual(most.best);
          expect(beyond[i]).toBeLessThanOrEqual(most.beyond);
        }
      }
      expect(found.map(({ budget }) => budget)).toEqual([20, 40]);
      expect(busy.pool.mean).toBeGreaterThan(0.9);
      expect(busy.pool.mean).toBeLessThanOrEqual(1);
      expect(busy.simulating.mean).toBeLessThanOrEqual(busy.all.mean);
      expect(updates.mean).toBeGreaterThanOrEqual(0);
    }
    const [random, batched] = report.combinations;
    expect(random?.updates.mean).toBe(0);
    expect(random?.staleness).toBeNull();
    expect(batched?.updates.mean).toBeGreaterThanOrEqual(5);
    expect(batched?.staleness?.results.mean).toBeGreaterThanOrEqual(0);
    // n of N drawn without a look, K of them wanted: mean n K / N, variance n K/N (1 - K/N) (N - n)/(N - 1), over three seeds.
    const [n, all] = [40, report.table.answered];
    const mean = (n * wanted) / all;
    const error = Math.sqrt((mean * (1 - wanted / all) * ((all - n) / (all - 1))) / 3);
    expect(report.baselines[1]?.random.beyond).toBeCloseTo(mean, 12);
    expect(Math.abs((random?.found[1]?.beyond.mean ?? 0) - mean)).toBeLessThan(5 * error);
  });

  it('prints tables in 100 columns, and writes figures and their data', async () => {
    await using place = await withTable();
    const cox = place.cox([...rehearsal, '--seeds', '2', '--budget', '24', '--out', 'figures'], { NO_COLOR: '1' });
    expect(await cox.exit, cox.stderr()).toBe(0);
    const lines = cox.stdout().split('\n');
    expect(lines[0]).toBe('200 candidates of some.tsv; seeking the highest IE');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(cox.stdout()).toMatch(/^best 1 % found +at 24/m);
    expect(cox.stdout()).toMatch(/^random, expected +0\.2/m);
    // No colours, and nothing that a log could not hold.
    expect(cox.stdout() + cox.stderr()).not.toMatch(/[\u001b\r]/);
    expect(cox.stderr()).toMatch(/campaigns rehearsed$/m);
    const file = (name: string): Promise<string> => readFile(join(place.path, 'figures', name), 'utf8');
    expect(JSON.parse(await file('report.json'))).toMatchObject({ budgets: [24] });
    const rows = (await file('discovery.csv')).trimEnd().split('\n');
    expect(rows[0]).toBe('way,evaluations,found,standard error');
    expect(rows).toHaveLength(1 + 2 * 25);
    for (const name of ['discovery', 'discovery-by-time', 'utilisation']) {
      for (const theme of ['', '-dark']) expect(await file(`${name}${theme}.svg`)).toMatch(/^<svg .*<\/svg>\n$/s);
    }
  });

  it.concurrent.each([
    [['--policy', 'random'], /Give a table of known answers, --table FILE, or a recorded run, --campaign ID/],
    [['--table', 'none.tsv'], /none\.tsv/],
    [['--table', 'some.tsv', '--column', 'gap'], /no column "gap".*"homoLumoGapHa"/],
    [
      ['--table', 'some.tsv', '--budget', '201'],
      /--budget: 201 evaluations are more than the 200 answers in some\.tsv/,
    ],
    [['--table', 'some.tsv', '--policy', 'random,best'], /--policy: "best" is unknown; choose .*batched/],
    [['--table', 'some.tsv', '--policy', 'random,'], /--policy: "random," is no list of names/],
    [['--table', 'some.tsv', '--budget', '4', '--policy', 'batched'], /--budget.*initial/],
    [['--table', 'some.tsv', '--seeds', '0'], /--seeds: "0" is neither FROM-TO nor a count/],
    [['--table', 'some.tsv', '--task-seconds', '-1'], /--task-seconds: "-1" is no number above 0/],
    [['--table', 'some.tsv', '--campaign', 'x'], /give --table or --campaign, not both/],
    [['--campaign', 'x'], /there is no run x/],
    [['--table', 'some.tsv', '--space', 'x.csv'], /unknown option '--space'/],
  ])('refuses %s', async (args, says) => {
    await using place = await withTable();
    const cox = place.cox(['rehearse', ...args]);
    expect(await cox.exit, cox.stdout()).toBe(2);
    expect(cox.stderr()).toMatch(says);
    expect(cox.stdout()).toBe('');
  });

  it('says of a campaign without answers that it cannot be rehearsed', async () => {
    await using place = await withTable();
    await mkdir(join(place.path, 'other'));
    await writeFile(
      join(place.path, 'other', 'campaign.js'),
      `import { defineCampaign, defineMethod, schema } from 'coxswain';
      const nothing = { name: 'nothing', pool: 'simulate', timeoutMs: 1, input: schema.any(), output: schema.any(), run: () => 1 };
      const unit = { unit: 'm', factor: 1 };
      export default defineCampaign({
        name: 'other', settings: schema.object({}), methods: [defineMethod(nothing)], needs: [], policies: {},
        objective: { topic: 'simulate', field: 'x', label: 'x', unit: 'm', also: unit },
        loadCandidates: () => { throw new Error('never'); },
      });`,
    );
    const cox = place.cox(['rehearse', 'other', '--table', 'some.tsv']);
    expect(await cox.exit).toBe(2);
    expect(cox.stderr()).toMatch(/campaign other reads no tables of answers/);
  });
});
