import { describe, expect, it } from 'vitest';
import { openBrowser, watch } from '../support/browser.ts';
import { recordLog } from '../support/recorded-log.ts';
import { eventually, Scene } from '../support/scene.ts';
import { ShownCampaign } from '../support/shown-campaign.ts';

const tasks = 100_000;

describe('a campaign of 100,000 tasks, in the browser', () => {
  it('is opened and scrolled without ever drawing more than can be seen', { timeout: 300_000 }, async () => {
    await using scene = await Scene.open();
    const connection = await scene.connect();
    const record = await recordLog(connection, { id: 'long', tasks });
    await using shown = await ShownCampaign.open(connection, record);
    // The first question has the log read; a person who comes later waits for none of it.
    await eventually(() => shown.get('/api/tasks?limit=1'), 120_000);
    const browser = await openBrowser();
    try {
      const begun = performance.now();
      await using person = await watch(browser, `${shown.url}/?token=${shown.keys.watch}#/timeline`);
      const { page } = person;
      await page.goto(`${shown.url}/#/timeline`);
      const timeline = page.getByRole('application', { name: /Timeline of 16 slots and 100,?000 tasks/ });
      await timeline.waitFor({ timeout: 60_000 });
      const bars = page.locator('canvas[data-bars]').first();
      await eventually(async () => expect(Number(await bars.getAttribute('data-bars'))).toBeGreaterThan(0));
      const opened = performance.now() - begun;
      const { width, height } = (await timeline.boundingBox()) ?? { width: 0, height: 0 };
      await page.mouse.move(width / 2, height / 2);
      for (let turn = 0; turn < 30; turn += 1) await page.mouse.wheel(0, turn < 15 ? -240 : 240);
      for (let turn = 0; turn < 20; turn += 1) await page.keyboard.press(turn % 2 === 0 ? 'ArrowRight' : '+');
      const most = Number(await bars.getAttribute('data-most-paint-ms'));
      process.stdout.write(`100,000 tasks: opened in ${opened.toFixed(0)} ms, most work in a frame ${most} ms\n`);
      // Bounds that a busy machine does not break; the figures are measured by bench/page.ts.
      expect(Number(await bars.getAttribute('data-bars'))).toBeLessThanOrEqual(16 * 2 * width);
      expect(person.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
