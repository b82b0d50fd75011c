import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { pino, type Logger } from 'pino';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { ConfigError, exitCodes } from '../protocol/errors.ts';
import { connectNats, natsAddress } from '../nats/connection.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import type { WorkerHost } from '../worker/host.ts';

interface WorkerFlags {
  readonly nats?: string;
  readonly slots?: string;
  readonly label: Record<string, string>;
  readonly grace: string;
  readonly cache?: string;
  readonly logLevel: string;
  readonly metrics?: string;
}

/** `cox worker`: lends this machine to the campaigns whose methods are here. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('lend this machine to the campaigns whose methods are here')
    .argument('[folder...]', 'campaign folders (default: the current folder)')
    .option('--nats <url>', 'the NATS server, nats://host:4222 (default: $COX_NATS_URL)')
    .option(
      '--slots <n>',
      `tasks at a time, one core each (default: ${availableParallelism()}, the cores of this machine)`,
    )
    .option('--label <key=value>', 'say something about this worker; may be repeated', addLabel, {})
    .option('--grace <seconds>', 'how long running tasks may take to finish when the worker is told to end', '120')
    .option('--cache <folder>', `where copies of objects are kept (default: ${cacheDir()})`)
    .option('--metrics <[host:]port>', 'serve Prometheus metrics of this worker there (default: none)')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
    .addHelpText(
      'after',
      '\nExample:\n  $ COX_NATS_TOKEN=... cox worker campaigns/molecular-design --nats nats://head-node:4222 --slots 16\n' +
        '\nEnds on SIGTERM or SIGINT once running tasks are finished; a second signal ends it at once.\n',
    )
    .action(runWorker);
}

function addLabel(given: string, labels: Record<string, string>): Record<string, string> {
  const [, key, value] = /^([^=\s]+)=(.*)$/.exec(given) ?? [];
  if (key === undefined || value === undefined) {
    throw new ConfigError(`--label takes key=value, such as --label gpu=none; "${given}" is not that`);
  }
  return { ...labels, [key]: value };
}

async function runWorker(folders: readonly string[], flags: WorkerFlags): Promise<void> {
  const slots = wholeNumber('--slots', flags.slots ?? String(availableParallelism()), 1);
  const graceMs = wholeNumber('--grace', flags.grace, 0) * 1_000;
  const address = natsAddress(natsUrl(flags.nats));
  const logger = stderrLogger(flags.logLevel);
  const showStatus = await serveWorker(flags.metrics, logger);
  const { launchChildren } = await import('../worker/child-pool.ts');
  const launch = {
    folders: folders.length === 0 ? ['.'] : folders,
    slots,
    cacheDir: flags.cache ?? cacheDir(),
    logger,
  };
  await findWhatIsNeeded(launch.folders, logger);
  const children = launchChildren(launch);
  const { startWorker } = await import('../worker/host.ts');
  const connection = await connectNats(address, { name: 'cox worker' }).catch(async (error: unknown) => {
    await children.close();
    throw error;
  });
  const worker = await startWorker({ ...launch, connection, children, labels: flags.label });
  showStatus(worker);
  const ended = endWhenTold(worker, graceMs, logger);
  await Promise.race([worker.ready, ended]).catch(async (error: unknown) => {
    await connection.close();
    throw error;
  });
  process.exitCode = await ended;
  await connection.close();
  // Handles of libraries must not keep a worker that has left.
  process.exit();
}

/**
 * The programs that the campaigns' methods call, found or installed, and named to the children. `cox run` has done so for a
 * worker of its own: then nothing is looked for, and no campaign is loaded here.
 * @throws MissingError when one cannot be had: a worker without it would fail every task.
 */
async function findWhatIsNeeded(folders: readonly string[], logger: Logger): Promise<void> {
  if (process.env['COX_XTB'] !== undefined) return;
  const { loadCampaign } = await import('../campaign/load.ts');
  const campaigns = (await Promise.all(folders.map(loadCampaign))) as Partial<CampaignDefinition>[];
  if (!campaigns.some(({ needs }) => needs?.includes('xtb') === true)) return;
  const { ensureXtb } = await import('../setup/programs.ts');
  process.env['COX_XTB'] = (await ensureXtb({ onProgress: (line) => logger.info(line) })).path;
}

/** Serve metrics where that is wanted: of a worker once there is one. @throws ConfigError when the address is none, or taken. */
async function serveWorker(at: string | undefined, logger: Logger): Promise<(worker: WorkerHost) => void> {
  if (at === undefined) return () => undefined;
  const [{ metricsAddress }, { serveMetrics }, { addWorkerMetrics }] = await Promise.all([
    import('../metrics/metrics-address.ts'),
    import('../metrics/metrics-server.ts'),
    import('../metrics/worker-metrics.ts'),
  ]);
  const { registry, url } = await serveMetrics(metricsAddress(at));
  logger.info(`metrics: ${url}`);
  return (worker) => addWorkerMetrics(registry, () => worker.status);
}

interface Endable {
  drain(graceMs: number): Promise<void>;
  kill(): Promise<void>;
}

/** Resolves with the exit code once the worker was told to end, and has. */
function endWhenTold(worker: Endable, graceMs: number, logger: Logger): Promise<number> {
  return new Promise((resolve, reject) => {
    let told = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      told += 1;
      if (told === 1) {
        logger.info(`${signal}: finishing what runs, for at most ${graceMs / 1_000} s; once more to end at once`);
        worker.drain(graceMs).then(() => resolve(told === 1 ? exitCodes.done : exitCodes.interrupted), reject);
      } else {
        worker.kill().then(() => resolve(exitCodes.interrupted), reject);
      }
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    // Started by `cox run`: when that is gone, nobody will tell us to end.
    process.once('disconnect', () => void worker.kill().then(() => resolve(exitCodes.interrupted), reject));
  });
}

/** @throws ConfigError when it is not a whole number, or below the least. */
function wholeNumber(flag: string, given: string, least: number): number {
  const value = Number(given);
  if (given.trim() === '' || !Number.isInteger(value) || value < least) {
    throw new ConfigError(`${flag} takes a whole number, at least ${least}; "${given}" is not one`);
  }
  return value;
}

function natsUrl(flag: string | undefined): string {
  const url = flag ?? process.env['COX_NATS_URL'];
  if (url === undefined || url === '') {
    throw new ConfigError('which NATS server? Say --nats nats://host:4222, or set COX_NATS_URL');
  }
  return url;
}

function stderrLogger(level: string): Logger {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
  if (!levels.includes(level))
    throw new ConfigError(`--log-level takes ${levels.join(', ')}; "${level}" is none of them`);
  // In turn with everything else: a line is out before what follows it happens.
  return pino({ level, name: 'cox worker' }, pino.destination({ fd: 2, sync: true }));
}
