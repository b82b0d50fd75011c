/** `npm start`: sets up what is missing, then runs the reference campaign; what follows `--` goes to `cox run`. */
import { build } from './build.mjs';
import { ensureInstalled, requireNode } from './install.mjs';
import { failed } from './setup-failure.mjs';

requireNode();
const seconds = {};
await timed('npm packages', ensureInstalled);
await timed('build', build);
await timed('nats-server and xtb', async () => {
  const { ensurePrograms } = await import('../dist/src/setup/programs.js');
  const { natsServer, xtb } = await ensurePrograms({ onProgress: (line) => console.error(line) }).catch(failed);
  process.env.COX_NATS_SERVER = natsServer.path;
  process.env.COX_XTB = xtb.path;
});
const parts = Object.entries(seconds).map(([step, duration]) => `${step} ${duration.toFixed(1)} s`);
// On standard error, since `--json` promises that standard output holds the result and nothing else.
console.error(`Set up: ${parts.join(', ')}.`);

// In this same process: another Node would cost a further start and stand between the terminal's signals and the campaign.
process.argv.splice(2, 0, 'run');
await import('../dist/src/cli/main.js');

/**
 * @param {string} step
 * @param {() => Promise<unknown>} work
 */
async function timed(step, work) {
  const started = performance.now();
  await work();
  seconds[step] = (performance.now() - started) / 1000;
}
