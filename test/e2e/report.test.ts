import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openBrowser, watch } from '../support/browser.ts';
import { campaignFolder } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

const hostile = '<img src=x onerror=alert(1)>';

describe('cox report and cox export', () => {
  it('tell the story of a run in one page that asks for nothing, and write its tasks for other programs', async () => {
    await using place = await Workplace.open();
    const settings = ['--total', '20', '--ms', '5', '--space', '100', '--threshold', '0.5', '--journal', hostile];
    const run = place.cox(['run', campaignFolder('quick'), '--id', 'one', '--workers', '2', '--quiet', ...settings]);
    expect(await run.exit, run.stderr()).toBe(0);

    const report = place.cox(['report']);
    expect(await report.exit, report.stderr()).toBe(0);
    expect(report.stdout()).toBe('runs/one/report.html\n');
    const file = join(place.path, 'runs/one/report.html');
    const beside = join(place.path, 'runs/one/report-figures');
    const [page, names] = await Promise.all([readFile(file, 'utf8'), readdir(beside)]);
    const figures = [...page.matchAll(/<figure id="figure-([a-z-]+)"/g)].map(([, name = '']) => name);
    expect(figures).toEqual(
      expect.arrayContaining(['found', 'found-by-time', 'objective', 'utilisation', 'pools', 'decision-latency']),
    );
    expect(names.sort()).toEqual(figures.flatMap((name) => [`${name}-dark.svg`, `${name}.csv`, `${name}.svg`]).sort());
    // What one takes out of the page is what lies beside it.
    const [, inPage = ''] = /download="utilisation\.csv" href="data:text\/csv;base64,([^"]*)"/.exec(page) ?? [];
    const csv = await readFile(join(beside, 'utilisation.csv'), 'utf8');
    expect(Buffer.from(inPage, 'base64').toString()).toBe(csv);
    const tasks = await place.results('one');
    expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + tasks.length);

    await using browser = await openBrowser();
    for (const theme of ['light', 'dark'] as const) {
      await using watcher = await watch(browser, pathToFileURL(file).href, { theme, width: 390 });
      const asked: string[] = [];
      watcher.page.on('request', (request) => void asked.push(request.url()));
      await watcher.page.reload();
      expect(asked.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
      expect(watcher.complaints).toEqual([]);
      expect(await watcher.page.locator('figure > svg:visible').count()).toBe(figures.length);
      expect(await watcher.page.locator('img[src="x"], script').count()).toBe(0);
      expect(await watcher.page.locator('body').innerText()).toContain(hostile);
      const overflows = await watcher.page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
      expect(overflows).toBe(false);
    }

    const colmena = place.cox(['export', 'one', '--format', 'colmena']);
    expect(await colmena.exit, colmena.stderr()).toBe(0);
    const lines = colmena.stdout().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { task_id: string }).task_id)).toEqual(tasks.map(({ id }) => id));
    const sheet = place.cox(['export', 'runs/one', '--format', 'csv', '--out', 'tasks.csv']);
    expect(await sheet.exit, sheet.stderr()).toBe(0);
    const rows = (await readFile(join(place.path, 'tasks.csv'), 'utf8')).trimEnd().split('\r\n');
    expect(rows).toHaveLength(1 + tasks.length);
  });

  it.concurrent.each([
    [['report'], /there are no runs in runs/],
    [['report', 'none'], /none/],
    [['export', 'none', '--format', 'csv'], /there is no run none/],
    [['export', 'none'], /required option '--format/],
    [['export', 'none', '--format', 'xls'], /csv, colmena/],
  ])('refuses %s', async (args, says) => {
    await using place = await Workplace.open();
    const cox = place.cox(args);
    expect(await cox.exit).toBe(2);
    expect(cox.stderr()).toMatch(says);
  });
});
