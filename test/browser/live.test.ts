import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Watcher } from '../support/browser.ts';
import { LiveRun } from '../support/live-run.ts';
import { eventually } from '../support/scene.ts';

let live: LiveRun;
let person: Watcher;
let page: Page;

beforeAll(async () => {
  live = await LiveRun.start(['--total', '2000', '--workers', '1']);
  person = await live.watch();
  page = person.page;
  page.setDefaultTimeout(30_000);
}, 120_000);

afterAll(async () => {
  await person[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
});

const view = (name: string): Promise<void> =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click();
const text = (selector: string): Promise<string> => page.locator(selector).innerText();

/** What a person does with the form of an action, from the list of all of them. */
async function steer(
  action: string,
  fill: (form: ReturnType<Page['getByRole']>) => Promise<void>,
  verb: string,
): Promise<string> {
  await page.getByRole('button', { name: 'Steer…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: action, exact: true }).click();
  const form = page.getByRole('dialog', { name: action });
  await fill(form);
  await form.getByRole('button', { name: verb }).click();
  await form.waitFor({ state: 'hidden' });
  return page.locator('.answered').innerText();
}

describe('a campaign under way, in the browser', () => {
  it('says on one screen how it is, what runs, what was found, and what is next', async () => {
    await page.getByRole('region', { name: 'Best' }).getByRole('listitem').nth(2).waitFor();
    expect(await page.getByRole('region', { name: 'What it is doing' }).innerText()).toMatch(
      /Searches 22,734 candidates for IE above 0\.55 hartree \(14\.97 eV\)[^]*\n\w+ .*\./,
    );
    const isDrawn = await eventually(async () => {
      const widths = await page
        .getByRole('region', { name: 'Best' })
        .locator('img')
        .evaluateAll((images) => images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth));
      expect(widths.length).toBeGreaterThan(2);
      expect(Math.min(...widths)).toBeGreaterThan(0);
      return true;
    });
    expect(isDrawn).toBe(true);
    await page.getByRole('img', { name: /Discovery curve/ }).waitFor();
    const over = await page.evaluate('document.scrollingElement.scrollHeight - innerHeight');
    expect(over).toBeLessThanOrEqual(0);
  });

  it('shows each actor in the state that it is in, and the whole at any past event', async () => {
    await view('Actors');
    const actors = [
      'campaign',
      'submitter',
      'resource-ledger',
      'result-processor',
      'trainer',
      'inference-runner',
      'fleet',
    ];
    for (const actor of actors) {
      await page.getByRole('navigation', { name: 'Actors' }).getByRole('link', { name: actor }).click();
      await page.locator(`.chart .active[data-state]`).first().waitFor();
      expect(await page.locator('.chart svg').getAttribute('viewBox')).not.toBeNull();
    }
    await page.getByRole('navigation', { name: 'Actors' }).getByRole('link', { name: 'campaign' }).click();
    const states = async (): Promise<(string | null)[]> => {
      const active = await page.locator('.chart .active[data-state]').all();
      return Promise.all(active.map((state) => state.getAttribute('data-state')));
    };
    await eventually(async () => expect(await states()).toEqual(['running']));
    await page.getByRole('spinbutton').fill('1');
    await page.getByRole('spinbutton').press('Enter');
    await eventually(async () => expect(await states()).toEqual(['created']));
    expect(await text('.history')).toContain('The past');
    await page.getByRole('button', { name: 'The event after' }).click();
    await page.getByRole('slider', { name: 'Place in the log' }).press('ArrowRight');
    await page.getByRole('button', { name: 'Back to now' }).click();
    await eventually(async () => expect(await states()).toEqual(['running']));
  });

  it('draws what each slot did, and opens a task by the keyboard alone', async () => {
    await view('Timeline');
    const timeline = page.getByRole('application', { name: /Timeline of 1 slots/ });
    await timeline.waitFor();
    await page.getByRole('rowheader', { name: 'simulate', exact: true }).waitFor();
    const bars = page.locator('canvas[data-bars]').first();
    await eventually(async () => expect(Number(await bars.getAttribute('data-bars'))).toBeGreaterThan(2));
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await page.getByRole('button', { name: 'All' }).click();
    await timeline.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: /^Task / }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('tells everything about a molecule: why, by which model, where it lies, what xtb said, what it changed', async () => {
    await view('Molecules');
    await page.getByRole('combobox', { name: 'State' }).selectOption('succeeded');
    await page.getByRole('region', { name: 'Best molecules' }).getByRole('listitem').first().getByRole('link').click();
    const panel = page.getByRole('complementary', { name: /^Task simulate-/ });
    for (const heading of ['Why this one', 'What its result changed', 'Steps'])
      await panel.getByRole('heading', { name: heading }).waitFor();
    await panel.getByRole('region', { name: /Geometry/ }).waitFor();
    expect(await panel.getByRole('region', { name: /Geometry/ }).innerText()).toMatch(/^\d+\n/);
    await panel.getByText(/xtb/i).first().waitFor();
    await page.keyboard.press('Escape');
  });

  it('lists events with what led to them', async () => {
    await view('Log');
    await page.getByRole('combobox', { name: 'Source' }).selectOption('resource-ledger');
    await page.getByRole('combobox', { name: 'Type' }).selectOption('slots.granted');
    const first = page.getByRole('option', { name: /resource-ledger slots\.granted/ }).first();
    await first.click();
    const detail = page.getByRole('complementary', { name: /^Event/ });
    await detail.getByRole('heading', { name: 'What led to it' }).waitFor();
    expect(await detail.getByLabel('The fact as it is stored').innerText()).toContain('"slots.granted"');
  });

  it('is steered by hand, and each wish is in the log with who and why', async () => {
    await view('Overview');
    const next = page.getByRole('region', { name: 'Next' }).getByRole('listitem');
    await next.nth(3).waitFor();
    expect(
      await steer(
        'Pin a molecule first',
        async (form) => {
          await form.getByRole('button', { name: 'Pin it' }).click();
          expect(await form.innerText()).toContain('Say which');
          await form.getByLabel('Molecule').fill('C1CC1');
          await form.getByLabel('Why').fill('a ring of three');
        },
        'Pin it',
      ),
    ).toMatch(/C1CC1|pinned|before all others/i);
    await page.getByRole('link', { name: /C1CC1/ }).first().waitFor();
    await steer(
      'Veto a molecule',
      async (form) => {
        await form.getByLabel('Molecule').fill('22733');
        await form.getByLabel('Why').fill('not that one');
      },
      'Veto it',
    );
    await page.getByRole('button', { name: 'Undo' }).click();
    await eventually(async () => expect(await text('.answered')).toMatch(/may be chosen|allowed/i));
    expect(
      await steer('Add candidates', (form) => form.getByLabel('Candidates').fill('CC(F)(F)C(F)(F)C#N'), 'Add them'),
    ).toMatch(/added candidate 22734/);
    await page.getByRole('button', { name: 'Steer…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel a task' }).click();
    await page.getByRole('dialog').getByLabel('Task').fill('simulate-99999');
    await page.getByRole('dialog').getByRole('checkbox').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
    await eventually(async () => expect(await page.getByRole('alert').innerText()).toContain('simulate-99999'));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByLabel('Why').fill('to look at it');
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await view('Log');
    await page.getByRole('combobox', { name: 'Source' }).selectOption('operator');
    const events = page.getByRole('listbox', { name: 'Events, newest first' });
    for (const said of [
      /candidate\.pinned.*a ring of three.*@/,
      /candidate\.vetoed.*not that one/,
      /candidate\.allowed/,
      /drain\.requested.*to look at it/,
    ])
      await events.getByRole('option', { name: said }).first().waitFor();
  });

  it(
    'can be read by everybody: names for screen readers, contrast, both themes, a phone',
    { timeout: 120_000 },
    async () => {
      for (const theme of ['light', 'dark'] as const) {
        await using reader = await live.watch({ theme, width: theme === 'dark' ? 390 : 1366 });
        for (const name of ['overview', 'actors', 'timeline', 'molecules', 'log']) {
          await reader.page.goto(`${new URL(live.link).origin}/#/${name}`);
          await reader.page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
          await reader.page.waitForTimeout(300);
          expect(
            await reader.page.evaluate('document.scrollingElement.scrollWidth - innerWidth'),
            `${name} sideways`,
          ).toBeLessThanOrEqual(0);
          await reader.page.evaluate(axe.source);
          const faults = await reader.page.evaluate(
            `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 120)))`,
          );
          expect(faults, `${name}, ${theme}`).toEqual([]);
        }
        expect(reader.complaints).toEqual([]);
      }
    },
  );

  it('has complained of nothing meanwhile', () => {
    // A wish that was refused is an answer of 400, which browsers count as an error.
    expect(person.complaints.filter((complaint) => !complaint.includes('400'))).toEqual([]);
  });
});
