/** One run of a campaign on this machine: server, worker, actors, and what is written and shown meanwhile. */
import { createReadStream } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pino, type Logger } from 'pino';
import type { CampaignDefinition, Candidates, CommonSettings } from '../campaign/definition.ts';
import { Recorder, resultLineSchema } from '../campaign/recorder.ts';
import {
  createRunFolder,
  runFolder,
  writeRunRecord,
  writeWhole,
  type RunFolder,
  type RunRecord,
} from '../campaign/run-folder.ts';
import { objectRefs, Steering } from '../campaign/steering.ts';
import { connectNats, natsAddress, type NatsAddress } from '../nats/connection.ts';
import { startNatsServer } from '../nats/server.ts';
import { ConfigError, exitCodes, messageOf } from '../protocol/errors.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { ensureNatsServer, ensureXtb } from '../setup/programs.ts';
import { CampaignWatch, type Outcome } from './campaign-watch.ts';
import { Interruption } from './interruption.ts';
import { plainView, quietView, terminalView, type RunView } from './run-view.ts';
import { summaryText } from './summary-text.ts';
import { version } from './version.ts';
import { startWorkerProcess } from './worker-process.ts';

export interface RunOptions {
  readonly folder: string;
  readonly definition: CampaignDefinition;
  readonly settings: CommonSettings;
  readonly id: string;
  /** The record of the run that is resumed; null for a new one. */
  readonly resumed: RunRecord | null;
  readonly out: string;
  readonly slots: number;
  /** URL of a server that is there already; null for one of our own. */
  readonly nats: string | null;
  readonly output: 'full' | 'quiet' | 'json';
}

type Closer = () => unknown;

/** Where Coxswain keeps the state of runs. */
const coxHome = (): string => resolve(process.env['COX_HOME'] ?? '.cox');

/** Run a campaign to its end, pause or interruption; resolves with the exit code. */
export async function runCampaign(options: RunOptions): Promise<number> {
  const closers: Closer[] = [];
  const interruption = new Interruption();
  closers.push(() => interruption.close());
  const view = viewOf(options);
  closers.push(() => view.close());
  try {
    return await Promise.race([
      steer(options, view, interruption, closers),
      interruption.second.then(() => {
        view.close();
        sayHowToResume(options);
        return exitCodes.interrupted;
      }),
    ]);
  } catch (error) {
    view.close();
    if (await exists(runFolder(options.out, options.id).path)) sayHowToResume(options);
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
  const { natsServer, xtb } = await findPrograms(options, view);
  const candidates = await definition.loadCandidates(settings, {
    cacheDir: join(cacheDir(), 'spaces'),
    onProgress: everySecond((line) => view.line(line)),
  });
  const { folder, record } = await openRun(options, candidates);
  const logger = pino({ base: { run: id } }, pino.destination({ dest: folder.log, sync: true }));
  logger.info({ settings, candidates: candidates.notes, versions: record.versions, slots }, 'run started');
  reportSpace(view, options, candidates);

  const address = await openServer(options, natsServer, folder, { view, logger, closers });
  const worker = startWorkerProcess({
    folder: options.folder,
    url: address.url,
    slots,
    environment: { ...credentials(address), ...(xtb === null ? {} : { COX_XTB: xtb }) },
    logFile: join(folder.path, 'worker.log'),
    onRestart: (how) => {
      logger.warn({ how }, 'worker restarted');
      view.line(`the worker ended (${how}) and was started again`);
    },
  });
  closers.push(() => worker.kill());
  const connection = await connectNats(address, { name: `cox run ${id}` });
  closers.push(() => connection.close());

  const recorder = new Recorder(folder.results);
  closers.push(() => recorder.close());
  const watch = new CampaignWatch({ definition, candidates, total: settings.total, recorder, view, logger });
  await recount(folder.results, watch);
  const steering = await Steering.start({
    connection,
    definition,
    settings,
    record,
    candidates,
    cacheDir: cacheDir(),
    fail: (error) => watch.fail(error),
    refuse: (error) => logger.warn({ error: messageOf(error) }, 'a message was passed over'),
  });
  watch.begin(await steering.request({ type: 'run.requested' }));
  const observing = await steering.observe((fact) => watch.take(fact));
  closers.push(() => observing.close());
  interruption.onFirst(() => {
    view.line('draining: what runs may finish; Ctrl-C again ends at once. Either way nothing is lost.');
    steering.request({ type: 'drain.requested', reason: 'interrupted' }).catch((error: unknown) => watch.fail(error));
  });

  const outcome = await Promise.race([watch.outcome, worker.failed]);
  const wallSeconds = process.uptime();
  await steering.close();
  await worker.drain();
  logger.info(outcome, 'run ended');
  view.close();
  await report(options, folder, watch, outcome, wallSeconds);
  if (outcome.state === 'ended') return exitCodes.done;
  sayHowToResume(options);
  return interruption.requested ? exitCodes.interrupted : exitCodes.failed;
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

/** The run's folder and record: made for a new run, checked against the space for an old one. */
async function openRun(options: RunOptions, candidates: Candidates): Promise<{ folder: RunFolder; record: RunRecord }> {
  const { id, out, resumed, definition, settings } = options;
  if (resumed !== null) {
    if (resumed.candidates.digest !== candidates.digest) {
      throw new ConfigError(
        `the search space of run ${id} has changed since it was started; put the old file back, or start a new run`,
        { code: 'config.contradiction' },
      );
    }
    return { folder: runFolder(out, id), record: resumed };
  }
  const record: RunRecord = {
    v: 1,
    id,
    campaign: definition.name,
    folder: relative(process.cwd(), options.folder) || '.',
    settings,
    candidates: {
      count: candidates.count,
      digest: candidates.digest,
      notes: { ...candidates.notes },
      objects: objectRefs(candidates),
    },
    versions: { coxswain: version(), node: process.version },
    createdAt: new Date().toISOString(),
  };
  const folder = await createRunFolder(out, id);
  await writeRunRecord(folder, record);
  return { folder, record };
}

function reportSpace(view: RunView, { id, settings, slots, resumed }: RunOptions, candidates: Candidates): void {
  const { duplicates, refused } = candidates.notes;
  view.line(
    `${resumed === null ? 'run' : 'resuming run'} ${id}: ${candidates.count.toLocaleString('en')} candidates, ` +
      `policy ${settings.policy}, ${slots} worker${slots === 1 ? '' : 's'}`,
  );
  if (typeof duplicates === 'number' && duplicates > 0) view.line(`${duplicates} duplicates in the space were merged`);
  if (Array.isArray(refused) && refused.length > 0) {
    const lines = (refused as { line: number; smiles: string }[])
      .slice(0, 5)
      .map(({ line, smiles }) => `line ${line} (${smiles})`);
    const more = refused.length > 5 ? ` and ${refused.length - 5} more` : '';
    view.line(`${refused.length} SMILES in the space were refused and skipped: ${lines.join(', ')}${more}`);
  }
}

async function openServer(
  { nats, id }: RunOptions,
  program: string | null,
  folder: RunFolder,
  { view, logger, closers }: { view: RunView; logger: Logger; closers: Closer[] },
): Promise<NatsAddress> {
  if (nats !== null || program === null) return natsAddress(nats ?? '');
  const state = join(coxHome(), 'runs', id);
  await mkdir(state, { recursive: true });
  const server = await startNatsServer({
    program,
    storeDir: join(state, 'nats'),
    logFile: join(folder.path, 'nats-server.log'),
    onRestart: ({ how, downMs }) => {
      logger.warn({ how, downMs }, 'nats-server restarted');
      view.line(`nats-server ended (${how}) and is back after ${Math.round(downMs)} ms`);
    },
  });
  const note = join(state, 'server.json');
  await writeWhole(note, { url: server.url, token: server.token, pid: process.pid }, { secret: true });
  closers.push(async () => {
    await rm(note, { force: true });
    await server.stop();
  });
  return { url: server.url, token: server.token };
}

function credentials({ token, user, password, credentialsFile }: NatsAddress): NodeJS.ProcessEnv {
  const all = {
    COX_NATS_TOKEN: token,
    COX_NATS_USER: user,
    COX_NATS_PASSWORD: password,
    COX_NATS_CREDS: credentialsFile,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Count the results that an earlier life of the run has written. */
async function recount(path: string, watch: CampaignWatch): Promise<void> {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    watch.count(resultLineSchema.parse(JSON.parse(line)));
  }
}

async function report(
  { id, settings, slots, definition, output }: RunOptions,
  folder: RunFolder,
  watch: CampaignWatch,
  outcome: Outcome,
  wallSeconds: number,
): Promise<void> {
  const summary = watch.summary.build({ id, settings, ...outcome, slots, updates: watch.updates, wallSeconds });
  await writeWhole(folder.summary, summary);
  const text =
    output === 'json' ? `${JSON.stringify(summary)}\n` : summaryText(summary, definition.objective, folder.path);
  process.stdout.write(text);
}

function sayHowToResume({ id, out, output }: RunOptions): void {
  const flags = `--resume ${id}${out === 'runs' ? '' : ` --out ${out}`}`;
  const here = process.env['npm_lifecycle_event'] === 'start' ? ` (here: npm start -- ${flags})` : '';
  const stream = output === 'json' ? process.stderr : process.stdout;
  stream.write(`go on from here with: cox run ${flags}${here}\n`);
}

function viewOf({ output, settings }: RunOptions): RunView {
  if (output !== 'full') return quietView;
  if (process.stdout.isTTY) return terminalView(process.stdout, settings.total);
  return plainView((text) => process.stdout.write(text), Date.now() - process.uptime() * 1_000);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
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
