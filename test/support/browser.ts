/** A real browser for tests of the page, and for its pictures. */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { ensureChromium } from '../../src/setup/chromium.ts';

/** Chromium without what would call out of this machine. */
export async function openBrowser(): Promise<Browser> {
  const { path } = await ensureChromium();
  return chromium.launch({
    executablePath: path,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Watcher extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page has complained of so far: errors, refused contents, failed requests. */
  readonly complaints: readonly string[];
}

/** A person of their own, with cookies of their own, who has opened an address. */
export async function watch(
  browser: Browser,
  url: string,
  look: { theme?: 'light' | 'dark'; width?: number; height?: number } = {},
): Promise<Watcher> {
  const { theme = 'light', width = 1366, height = 768 } = look;
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  return { context, page, complaints, [Symbol.asyncDispose]: () => context.close() };
}
