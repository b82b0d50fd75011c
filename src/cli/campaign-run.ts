/** One run of a campaign on this machine: server, worker, actors, and what is written and shown meanwhile. */
import { access, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/nats-core';
import { pino } from 'pino';
import type { Candidates } from '../campaign/definition.ts';
import { Recorder } from '../campaign/recorder.ts';
import { readSummary, runFolder, writeWhole, type RunFolder, type RunRecord } from '../campaign/run-folder.ts';
import { composePlans } from '../campaign/composition.ts';
import { createCampaign } from '../campaign/creation.ts';
import { Steering } from '../campaign/steering.ts';
import type { Summary } from '../campaign/summary.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { inspectCampaign } from '../inspection/campaign-inspection.ts';
import { connectNats, natsAddress, type NatsAddress } from '../nats/connection.ts';
import { exitCodes, LeaseError, messageOf } from '../protocol/errors.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { ensureNatsServer, ensureXtb } from '../setup/programs.ts';
import { CampaignWatch, type Outcome } from './campaign-watch.ts';
import { metricsAddress, nextPort } from '../metrics/metrics-address.ts';
import { Interruption } from './interruption.ts';
import { metricsFor } from './metrics.ts';
import { printable } from './printable.ts';
import { credentials, openServer } from './private-server.ts';
import { RunDashboard } from './run-dashboard.ts';
import type { RunOptions } from './run-options.ts';
import { openRun } from './run-record.ts';
import { plainView, quietView, terminalView, type RunView } from './run-view.ts';
import { summaryText } from './summary-text.ts';
import { startWorkerProcess } from './worker-process.ts';

const predecessorMs = 4_000;

type Closer = () => unknown;

/** Run a campaign to its end, pause or interruption; resolves with the exit code. */
export async function runCampaign(options: RunOptions): Promise<number> {
  const past = options.resumed === null ? null : await readSummary(runFolder(options.out, options.id));
  if (past?.state === 'ended') {
    print(options, past);
    return exitCodes.done;
  }
  const closers: Closer[] = [];
  const interruption = new Interruption();
  closers.push(() => interruption.close());
  const view = viewOf(options);
  closers.push(() => view.close());
  try {
    return await Promise.race([
      steer(options, view, interruption, closers),
      interruption.second.then(async () => {
        view.close();
        if (await exists(options)) sayHowToResume(options);
        return exitCodes.interrupted;
      }),
    ]);
  } catch (error) {
    view.close();
    if (await exists(options)) sayHowToResume(options);
    throw error;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function steer(
  options: RunOptions,
  view: RunView,
  interruption: Interruption,
  closers: Closer[],
): Promise<number> {
  const { definition, settings, id, slots } = options;
  const startedAt = performance.now();
  const metrics = await metricsFor(options.metrics ?? undefined);
  if (metrics !== null) {
    closers.push(() => metrics.close());
    view.line(`metrics: ${metrics.url}`);
  }
  const { natsServer, xtb } = await findPrograms(options, view);
  const candidates = await definition.loadCandidates(settings, {
    cacheDir: join(cacheDir(), 'spaces'),
    onProgress: everySecond((line) => view.line(line)),
  });
  // A server that is not there, or refuses us, is found out before a run exists.
  const theirs = options.nats === null ? null : await connect(natsAddress(options.nats), id, closers);
  const { folder, record } = await openRun(options, candidates);
  const logger = pino({ base: { run: id } }, pino.destination({ dest: folder.log, sync: true }));
  logger.info({ settings, candidates: candidates.notes, versions: record.versions, slots }, 'run started');
  reportSpace(view, options, candidates);

  const { address, ended } = await openServer(options, natsServer, folder, { view, logger, closers });
  const dashboard = await openDashboard(options, view, {
    id,
    folder: options.folder,
    address,
    logFile: join(folder.path, 'dashboard.log'),
  });
  closers.push(() => dashboard?.kill());
  const worker = startWorkerProcess({
    folder: options.folder,
    url: address.url,
    slots,
    metrics: options.metrics === null ? null : nextPort(metricsAddress(options.metrics)),
    environment: { ...credentials(address), ...(xtb === null ? {} : { COX_XTB: xtb }) },
    logFile: join(folder.path, 'worker.log'),
    onRestart: (how) => {
      logger.warn({ how }, 'worker restarted');
      view.line(`the worker ended (${how}) and was started again`);
    },
  });
  closers.push(() => worker.kill());
  const connection = theirs ?? (await connect(address, id, closers));

  const watch = new CampaignWatch({
    definition,
    labelOf: ({ id: task, candidate }) => (candidate === null ? task : candidates.labelOf(candidate)),
    total: settings.total,
    view,
    logger,
  });
  await createCampaign(connection, record, {
    candidates,
    cacheDir: cacheDir(),
    mayBeNew: await isEmpty(folder.results),
  });
  const plans = composePlans(definition, record);
  const steering = await Steering.start({
    connection,
    record,
    definition,
    plans,
    inspected: (inspection) => metrics?.inspected(inspection),
    argumentsOf: (candidate) => candidates.argumentsOf(candidate),
    lost: (actor, owner) => watch.fail(runElsewhere(id, actor, owner)),
    observe: (fact) => watch.take(fact),
    fail: (error) => watch.fail(error),
    warn: (message) => {
      logger.warn(message);
      view.line(printable(message));
    },
  });
  metrics?.follow(connection, id, steering);
  if (options.inspect !== null) {
    const warn = (message: string): void => view.line(printable(message));
    const inspection = await inspectCampaign(connection, id, plans, { port: options.inspect, warn });
    closers.push(() => inspection.close());
    view.line(`inspector: ${inspection.link}`);
  }
  await untilAllRun(steering, record, plans);
  // The files are ours to write only now that the campaign is; what an earlier life summed up is no longer true.
  await rm(folder.summary, { force: true });
  const recorder = new Recorder(folder.results);
  closers.push(() => recorder.close());
  watch.begin(await steering.request({ type: 'run.requested' }), recorder);
  interruption.onFirst(() => {
    // What stands paused has nothing to drain.
    if (watch.leave()) return;
    view.line('draining: what runs may finish; Ctrl-C again ends at once, and nothing is lost');
    steering.request({ type: 'drain.requested', reason: 'interrupted' }).catch((error: unknown) => watch.fail(error));
  });

  const outcome = await Promise.race([watch.outcome, worker.failed, ended]);
  const wallSeconds = (performance.now() - startedAt) / 1_000 - watch.stoodSeconds;
  await steering.close();
  await worker.drain();
  const flag = outFlag(options);
  const how = outcome.state === 'ended' ? 'ended' : 'stopped';
  const onward = outcome.state === 'ended' ? '' : `; go on with: cox run --resume ${id}${flag}`;
  await dashboard?.close(`the run has ${how}: ${outcome.reason}${onward}; see it with: cox dashboard ${id}${flag}`);
  logger.info(outcome, 'run ended');
  view.close();
  await report(options, folder, watch, outcome, wallSeconds);
  if (outcome.state === 'ended') return exitCodes.done;
  sayHowToResume(options);
  return interruption.requested ? exitCodes.interrupted : exitCodes.failed;
}

/**
 * A dead predecessor's actors fall free within two seconds; one that lives keeps them.
 * @throws LeaseError that names who runs the campaign.
 */
async function untilAllRun(steering: Steering, { id }: RunRecord, plans: readonly ActorPlan[]): Promise<void> {
  const deadline = Date.now() + predecessorMs;
  for (;;) {
    const missing = plans.find(({ actor }) => !steering.running.includes(actor.name))?.actor.name;
    if (missing === undefined) return;
    const owner = steering.ownerOf(missing);
    if (Date.now() > deadline) throw runElsewhere(id, missing, owner ?? 'another process');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function runElsewhere(id: string, actor: string, owner: string): LeaseError {
  return new LeaseError(`${actor} of campaign ${id} is run by ${owner}; stop that one first`, {
    code: 'lease.held',
    details: { id, actor, owner },
  });
}

async function connect(address: NatsAddress, id: string, closers: Closer[]): Promise<NatsConnection> {
  const connection = await connectNats(address, { name: `cox run ${id}` });
  closers.push(() => connection.close());
  return connection;
}

async function findPrograms(
  { definition, nats }: RunOptions,
  view: RunView,
): Promise<{ natsServer: string | null; xtb: string | null }> {
  const onProgress = (line: string): void => view.line(line);
  const [natsServer, xtb] = await Promise.all([
    nats === null ? ensureNatsServer({ onProgress }).then(({ path }) => path) : null,
    definition.needs.includes('xtb') ? ensureXtb({ onProgress }).then(({ path }) => path) : null,
  ]);
  return { natsServer, xtb };
}

function reportSpace(view: RunView, { id, settings, slots, resumed }: RunOptions, candidates: Candidates): void {
  const { duplicates, refused } = candidates.notes;
  view.line(
    `${resumed === null ? 'run' : 'resuming run'} ${id}: ${candidates.count.toLocaleString('en')} candidates, ` +
      `policy ${settings.policy}, ${slots} worker${slots === 1 ? '' : 's'}`,
  );
  if (typeof duplicates === 'number' && duplicates > 0)
    view.line(`${duplicates} duplicate${duplicates === 1 ? '' : 's'} in the space merged`);
  if (Array.isArray(refused) && refused.length > 0) {
    const lines = (refused as { line: number; smiles: string }[])
      .slice(0, 5)
      .map(({ line, smiles }) => `line ${line} (${smiles})`);
    const more = refused.length > 5 ? ` and ${refused.length - 5} more` : '';
    view.line(`${refused.length} SMILES in the space were refused and skipped: ${lines.join(', ')}${more}`);
  }
}

async function report(
  options: RunOptions,
  folder: RunFolder,
  watch: CampaignWatch,
  outcome: Outcome,
  wallSeconds: number,
): Promise<void> {
  const { id, settings, slots } = options;
  const summary = watch.summary.build({ id, settings, ...outcome, slots, updates: watch.updates, wallSeconds });
  await writeWhole(folder.summary, summary);
  print(options, summary);
}

function print({ output, out, id, definition }: RunOptions, summary: Summary): void {
  const text = summaryText(summary, definition.objective, runFolder(out, id).path);
  process.stdout.write(output === 'json' ? `${JSON.stringify(summary)}\n` : text);
}

/** The run's dashboard, with its link told; null where none is wanted, or there can be none. */
async function openDashboard(
  { output, dashboard }: RunOptions,
  view: RunView,
  where: Parameters<typeof RunDashboard.open>[0],
): Promise<RunDashboard | null> {
  if (!dashboard || output === 'quiet') return null;
  const say = (line: string): void => (output === 'json' ? void process.stderr.write(`${line}\n`) : view.line(line));
  try {
    const opened = await RunDashboard.open(where);
    say(`dashboard: ${opened.link}`);
    return opened;
  } catch (error) {
    say(`no dashboard: ${messageOf(error)}`);
    return null;
  }
}

const outFlag = ({ out }: RunOptions): string => (out === 'runs' ? '' : ` --out ${out}`);

/** Runs of which it was said: a second Ctrl-C may come while the first is heeded. */
const toldOf = new WeakSet<RunOptions>();

function sayHowToResume(options: RunOptions): void {
  if (toldOf.has(options)) return;
  toldOf.add(options);
  const { id, output } = options;
  const flags = `--resume ${id}${outFlag(options)}`;
  const here = process.env['npm_lifecycle_event'] === 'start' ? ` (here: npm start -- ${flags})` : '';
  const stream = output === 'json' ? process.stderr : process.stdout;
  stream.write(`go on from here with: cox run ${flags}${here}\n`);
}

function viewOf({ output, settings }: RunOptions): RunView {
  if (output !== 'full') return quietView;
  if (process.stdout.isTTY) return terminalView(process.stdout, settings.total);
  return plainView((text) => process.stdout.write(text), Date.now() - process.uptime() * 1_000);
}

/** Whether a file is not there, or has nothing in it. */
const isEmpty = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size === 0,
    () => true,
  );

/** Whether there is a run to resume. */
const exists = ({ out, id }: RunOptions): Promise<boolean> =>
  access(join(runFolder(out, id).path, 'campaign.json')).then(
    () => true,
    () => false,
  );

/** The same, at most once a second. */
function everySecond(say: (line: string) => void): (line: string) => void {
  let next = 0;
  return (line) => {
    if (Date.now() < next) return;
    next = Date.now() + 1_000;
    say(line);
  };
}
