/** `npm run pictures`: what the dashboard looks like, into docs/pictures/: every view of a real campaign, in both themes. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { LiveRun } from './live-run.ts';
import { eventually } from './scene.ts';

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

/** Each picture: where it is taken, and what must be there first. */
const views: readonly {
  readonly name: string;
  readonly route: string;
  readonly ready: (page: Page) => Promise<unknown>;
}[] = [
  {
    name: 'overview',
    route: 'overview',
    ready: (page) => page.getByRole('region', { name: 'Next' }).getByRole('listitem').first().waitFor(),
  },
  { name: 'system', route: 'actors?actor=system', ready: (page) => page.locator('svg [data-node]').first().waitFor() },
  {
    name: 'statechart',
    route: 'actors?actor=submitter',
    ready: (page) => page.locator('.chart .active[data-state]').first().waitFor(),
  },
  {
    name: 'timeline',
    route: 'timeline',
    ready: (page) => page.getByRole('rowheader', { name: 'simulate', exact: true }).waitFor(),
  },
  {
    name: 'molecules',
    route: 'molecules',
    ready: (page) => page.getByRole('img', { name: /against time/ }).waitFor(),
  },
  {
    name: 'molecule',
    route: 'molecules?task=simulate-12',
    ready: (page) => page.getByRole('region', { name: /Geometry/ }).waitFor(),
  },
  {
    name: 'log',
    route: 'log',
    ready: (page) => page.getByRole('listbox', { name: 'Events, newest first' }).getByRole('option').nth(10).waitFor(),
  },
];

await mkdir(folder, { recursive: true });
await using live = await LiveRun.start(['--total', '1000', '--workers', '2']);
await using first = await live.watch();
// Enough results for a curve that shows something.
await eventually(async () => {
  const done = Number(await first.page.getByRole('progressbar').getAttribute('value'));
  if (done < 40) throw new Error(`only ${done} simulations were done`);
}, 300_000);
for (const theme of ['light', 'dark'] as const) {
  await using person = await live.watch({ theme });
  for (const { name, route, ready } of views) await shoot(person.page, { name: `${name}-${theme}`, route, ready });
  await using phone = await live.watch({ theme, width: 390, height: 844 });
  const [overview] = views;
  if (overview !== undefined) await shoot(phone.page, { ...overview, name: `phone-${theme}` });
}

async function shoot(page: Page, { name, route, ready }: (typeof views)[number]): Promise<void> {
  await page.goto(`${new URL(live.link).origin}/#/${route}`);
  await ready(page);
  // Drawings and figures come a moment after the words.
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  process.stdout.write(`${name}.png\n`);
}
