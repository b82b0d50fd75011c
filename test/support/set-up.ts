import { ensureChromium } from '../../src/setup/chromium.ts';
import { ensurePrograms } from '../../src/setup/programs.ts';

/**
 * What every test but a unit test may count on: dist/ is what the sources say (worker processes run from it), and nats-server
 * and xtb are there and named by COX_NATS_SERVER and COX_XTB, and for tests of the page a browser by COX_CHROMIUM. So `npx vitest run <one file>` works on a fresh clone, too.
 */
export default async function setUp(): Promise<void> {
  const files = process.argv.slice(2).filter((argument) => /^(?!-).*\btest\//.test(argument));
  if (files.length > 0 && files.every((file) => file.includes('test/unit'))) return;

  const { ensureBuilt } = (await import(new URL('../../bin/build.mjs', import.meta.url).href)) as {
    ensureBuilt: () => Promise<boolean>;
  };
  await ensureBuilt();
  const { natsServer, xtb } = await ensurePrograms({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  process.env['COX_NATS_SERVER'] = natsServer.path;
  process.env['COX_XTB'] = xtb.path;
  if (files.length > 0 && files.every((file) => !file.includes('test/browser'))) return;
  const browser = await ensureChromium({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  process.env['COX_CHROMIUM'] = browser.path;
}
