/** A reporter for Vitest that counts: a file that cannot be loaded and an error outside of any test count as failures, too. */
import { writeFileSync } from 'node:fs';

export default class CountReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failures: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let failed = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed++;
        else if (state === 'skipped') counts.skipped++;
        else failed++;
      }
      // A module or a suite can fail with every test in it passed or never run: while loading, or in a hook.
      const failedOtherwise = failed === 0 && module.state() === 'failed' ? 1 : 0;
      counts.failures += failed + failedOtherwise;
    }
    const file = process.env.COX_TEST_COUNTS;
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}
