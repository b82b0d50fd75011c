/** A campaign under way that tests of the page look at: the reference campaign with real workers and real xtb. */
import { openBrowser, watch, type Watcher } from './browser.ts';
import { eventually, type CoxProcess } from './scene.ts';
import { Workplace } from './workplace.ts';
import type { Browser } from 'playwright-core';

export class LiveRun implements AsyncDisposable {
  readonly place: Workplace;
  readonly run: CoxProcess;
  readonly browser: Browser;
  /** The link that may steer, as `cox run` prints it. */
  readonly link: string;

  private constructor(place: Workplace, run: CoxProcess, browser: Browser, link: string) {
    this.place = place;
    this.run = run;
    this.browser = browser;
    this.link = link;
  }

  static async start(args: readonly string[]): Promise<LiveRun> {
    const place = await Workplace.open();
    const run = place.cox(['run', '--id', 'live', ...args]);
    const [browser, link] = await Promise.all([
      openBrowser(),
      eventually(() => {
        const link = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(run.stdout())?.[0];
        if (link === undefined) throw new Error(`no link yet: ${run.stdout()}${run.stderr()}`);
        return link;
      }, 60_000),
    ]);
    return new LiveRun(place, run, browser, link);
  }

  /** Somebody opens the link. */
  watch(look: { theme?: 'light' | 'dark'; width?: number; height?: number } = {}): Promise<Watcher> {
    return watch(this.browser, this.link, look);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.place[Symbol.asyncDispose]();
  }
}
