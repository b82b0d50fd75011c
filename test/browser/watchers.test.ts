import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { sayAsOperator } from '../../src/campaign/operator.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { openBrowser, watch } from '../support/browser.ts';
import { recordLog } from '../support/recorded-log.ts';
import { eventually, Scene } from '../support/scene.ts';
import { ShownCampaign } from '../support/shown-campaign.ts';

const hostile = '<img src=x onerror="document.title=\'owned\'">\u202eabc';

let scene: Scene;
let shown: ShownCampaign;
let browser: Browser;
let pause: (reason: string) => Promise<unknown>;

beforeAll(async () => {
  scene = await Scene.open();
  const connection = await scene.connect();
  const record = await recordLog(connection, {
    id: 'shown',
    tasks: 300,
    labelOf: (candidate) => `${hostile}${candidate}`,
    failure: hostile,
    isOver: false,
  });
  shown = await ShownCampaign.open(connection, record);
  const publisher = new StoredPublisher(connection);
  pause = (reason) => sayAsOperator(publisher, 'shown', { type: 'drain.requested', reason });
  browser = await openBrowser();
}, 120_000);

afterAll(async () => {
  await browser.close();
  await shown[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const linkOf = (role: 'steer' | 'watch'): string => `${shown.url}/?token=${shown.keys[role]}`;

describe('people who watch', () => {
  it('see the same; one whose link may watch has no controls, and says so', async () => {
    await using boss = await watch(browser, linkOf('steer'));
    await using guest = await watch(browser, linkOf('watch'));
    await boss.page.getByRole('button', { name: 'Pause' }).waitFor();
    await guest.page.getByText('This link may watch, not steer.').waitFor();
    expect(await guest.page.getByRole('button', { name: /Pause|Steer/ }).count()).toBe(0);
    await pause('both are to see this');
    for (const { page } of [boss, guest]) {
      await page.getByRole('link', { name: 'Log' }).click();
      await page.getByRole('option', { name: /drain\.requested.*both are to see this/ }).waitFor();
    }
    const asked = await guest.page.evaluate(
      `fetch('/api/steer', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"action":"pause"}' }).then(({ status }) => status)`,
    );
    expect(asked).toBe(403);
  });

  it('see names and messages of any content as text', async () => {
    await using person = await watch(browser, linkOf('steer'));
    const { page } = person;
    for (const view of ['overview', 'timeline', 'molecules', 'log', 'actors']) {
      await page.goto(`${shown.url}/#/${view}`);
      await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
      await page.waitForTimeout(200);
    }
    await page.goto(`${shown.url}/#/molecules?state=failed`);
    await page.getByRole('combobox', { name: 'State' }).selectOption('failed');
    const failed = page.getByRole('region', { name: 'Best molecules' }).getByRole('listitem').first();
    await failed.getByRole('link').click();
    await page.getByRole('complementary', { name: /^Task/ }).getByText('<img src=x').first().waitFor();
    expect(await page.title()).not.toContain('owned');
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(person.complaints).toEqual([]);
  });

  it('are told when what they see is old, and see on when the server is back', { timeout: 120_000 }, async () => {
    await using person = await watch(browser, linkOf('watch'));
    const { page } = person;
    await page.getByText('live', { exact: true }).waitFor();
    const isOld = page.getByText('old', { exact: true }).waitFor();
    // It is started again at once by whoever started it.
    process.kill(scene.server.pid, 'SIGKILL');
    await isOld;
    await page.getByText('live', { exact: true }).waitFor();
    await eventually(() => pause('after the restart'));
    await page.getByRole('link', { name: 'Log' }).click();
    await page.getByRole('option', { name: /after the restart/ }).waitFor();
  });
});
