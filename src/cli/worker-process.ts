/** A `cox worker` of our own: the same program that other hosts run, as a child process that is started again if it dies. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { metricsFlag, type MetricsAddress } from '../metrics/metrics-address.ts';
import { ConfigError, MissingError, ResourceError } from '../protocol/errors.ts';

/** More often than this within a minute, and something is wrong that a restart does not mend. */
const mostRestarts = 5;
const windowMs = 60_000;

export interface WorkerProcess {
  /** Rejects when the worker cannot be kept alive. */
  readonly failed: Promise<never>;
  /** Let what runs finish, then end; resolves when it is gone. */
  drain(): Promise<void>;
  /** End at once, with everything that runs. */
  kill(): Promise<void>;
}

/**
 * Start a worker on a campaign folder. It runs in a process group of its own, so that Ctrl-C reaches us only, and ends by
 * itself when we are gone, however that comes.
 * @param options.environment credentials travel here, never on the command line.
 */
export function startWorkerProcess(options: {
  folder: string;
  url: string;
  slots: number;
  /** Where it serves its metrics; null for nowhere. */
  metrics: MetricsAddress | null;
  environment: NodeJS.ProcessEnv;
  logFile: string;
  onRestart: (how: string) => void;
}): WorkerProcess {
  const { folder, url, slots, metrics, environment, logFile, onRestart } = options;
  const metricsFlags = metrics === null ? [] : ['--metrics', metricsFlag(metrics)];
  const main = fileURLToPath(new URL(import.meta.url.endsWith('.js') ? './main.js' : './main.ts', import.meta.url));
  const log = createWriteStream(logFile, { flags: 'a' });
  let ending = false;
  let restarts: number[] = [];
  let lastWords = '';
  let giveUp: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (giveUp = reject));
  // Whoever does not wait for it learns of it from what fails next.
  failed.catch(() => undefined);

  const start = (): ChildProcess => {
    const child = spawn(
      process.execPath,
      [...process.execArgv, main, 'worker', folder, '--nats', url, '--slots', String(slots), ...metricsFlags],
      {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        detached: true,
      },
    );
    child.stderr?.on('data', (data: Buffer) => {
      lastWords = (lastWords + data.toString()).slice(-2_000);
      log.write(data);
    });
    child.once('exit', (code, signal) => {
      if (ending) return;
      restarts = [...restarts.filter((at) => Date.now() - at < windowMs), Date.now()];
      const how = signal === null ? `exit code ${code ?? 0}` : signal;
      if (code === 3) giveUp(new MissingError(wordsOf(lastWords)));
      else if (code === 2) giveUp(new ConfigError(wordsOf(lastWords)));
      else if (restarts.length > mostRestarts) {
        giveUp(
          new ResourceError(
            `the worker ended ${restarts.length} times within a minute, the last time with ${how}; its log is ${logFile}`,
            {
              code: 'worker.dies',
            },
          ),
        );
      } else {
        onRestart(how);
        worker = start();
      }
    });
    return child;
  };
  let worker = start();

  const end = async (how: () => void): Promise<void> => {
    ending = true;
    if (worker.exitCode === null && worker.signalCode === null) {
      const gone = once(worker, 'exit');
      how();
      await gone;
    }
    log.end();
  };
  return {
    failed,
    drain: () => end(() => worker.kill('SIGTERM')),
    kill: () =>
      end(() => {
        // Its children end when their host does.
        worker.kill('SIGKILL');
      }),
  };
}

/** What a process said when it gave up, without its own name. */
const wordsOf = (text: string): string => text.trim().replace(/^cox: /, '');
