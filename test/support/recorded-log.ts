/** A campaign of as many tasks as a test wants, as if it had been run: its record, and the facts that its actors would have said. */
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { runRecordSchema, type RunRecord } from '../../src/campaign/run-folder.ts';
import { ensureCampaignLog, ensureTaskStreams, openCampaigns } from '../../src/nats/streams.ts';
import type { Says, Source } from '../../src/protocol/events.ts';
import { subjects } from '../../src/protocol/subjects.ts';
import type { Task, TaskResult } from '../../src/protocol/task.ts';
import { campaignFolder } from './scene.ts';

interface RecordedLog {
  readonly id: string;
  readonly tasks: number;
  /** Slots of its only worker. */
  readonly slots?: number;
  /** What people call a candidate. */
  readonly labelOf?: (candidate: number) => string;
  /** What the failed ones say: every 97th fails. */
  readonly failure?: string;
  /** Whether it has ended. */
  readonly isOver?: boolean;
}

const worker = { id: 'worker-recorded', host: 'host-1', child: 1 };
/** So many messages are on their way to the server at most: it drops what it cannot take. */
const mostAhead = 2_000;

/** Record a campaign of policy `random` of the campaign folder `quick`, as fast as the server stores it: some 60,000 facts a second. */
export async function recordLog(connection: NatsConnection, recorded: RecordedLog): Promise<RunRecord> {
  const { id, tasks, isOver = true } = recorded;
  await Promise.all([ensureTaskStreams(connection), ensureCampaignLog(connection, id)]);
  const record = runRecordSchema.parse({
    v: 1,
    id,
    instance: `${id}-recorded`,
    server: null,
    store: null,
    campaign: 'quick',
    folder: campaignFolder('quick'),
    methods: 'recorded',
    settings: { policy: 'random', total: isOver ? tasks : tasks + 1_000, space: tasks + 1_000 },
    candidates: { count: tasks + 1_000, digest: 'recorded', table: null, notes: {}, objects: {} },
    versions: { coxswain: '0.1.0', node: process.version },
    createdAt: new Date().toISOString(),
  });
  const writer = new LogWriter(connection, id);
  await write(writer, recorded);
  await writer.flush();
  await (await openCampaigns(connection)).put(id, JSON.stringify(record));
  return record;
}

async function write(writer: LogWriter, recorded: RecordedLog): Promise<void> {
  const { tasks, slots = 16, isOver = true } = recorded;
  const pools = (allocated: number) => ({
    simulate: { allocated, free: slots - allocated },
    train: { allocated: 0, free: 0 },
    infer: { allocated: 0, free: 0 },
  });
  writer.say('host', { type: 'workers.listed', workers: [], asOf: 0 });
  const asked = writer.say('operator', { type: 'run.requested', by: 'somebody@host-1' });
  const started = writer.say('campaign', { type: 'campaign.started' }, asked);
  writer.say(
    'submitter',
    { type: 'slots.requested', request: 'submitter/1', pool: 'simulate', slots: 1, count: null },
    started,
  );
  const place = { worker: worker.id, host: worker.host, slots };
  const seen = writer.say('host', { type: 'worker.seen', ...place, asOf: 1 });
  writer.say('fleet', { type: 'worker.joined', ...place }, seen);
  const capacity = writer.say('fleet', { type: 'capacity.changed', capacity: slots }, seen);
  const running: Task[] = [];
  const grant = (number: number, freedBy: number | null, cause: number): number =>
    writer.say(
      'resource-ledger',
      { type: 'slots.granted', grant: `grant-${number}`, request: 'submitter/1', pool: 'simulate', slots: 1, freedBy },
      cause,
    );
  const create = (number: number, cause: number): void => {
    const task = taskOf(recorded, number);
    running.push(task);
    writer.say('submitter', { type: 'task.created', task }, cause);
  };
  const grants = Array.from({ length: Math.min(slots, tasks) }, (_, i) => grant(i + 1, null, capacity));
  writer.say('resource-ledger', { type: 'slots.changed', capacity: slots, pools: pools(running.length) }, capacity);
  grants.forEach((cause, i) => create(i + 1, cause));
  let last = 0;
  let [successes, failures] = [0, 0];
  for (let ended = 1; ended <= tasks; ended += 1) {
    const task = running.shift();
    if (task === undefined) break;
    const result = resultOf(recorded, task);
    const finished = writer.say('worker', { type: 'task.finished', result }, null);
    const next = ended + slots;
    if (next <= tasks) grant(next, finished, finished);
    const allocated = Math.min(slots, tasks - ended);
    writer.say('resource-ledger', { type: 'slots.changed', capacity: slots, pools: pools(allocated) }, finished);
    if (result.success) successes += 1;
    else failures += 1;
    const value = result.success ? (result.value as { worth: number }).worth : null;
    last = writer.say(
      'result-processor',
      {
        type: 'result.recorded',
        task: task.id,
        topic: 'simulate',
        sequence: finished,
        success: result.success,
        candidate: task.candidate,
        value,
        successes,
        failures,
        updateDue: false,
        targetReached: isOver && ended === tasks,
      },
      finished,
    );
    if (next <= tasks) create(next, last);
    if (writer.ahead > mostAhead) await writer.flush();
  }
  if (!isOver) return;
  const reason = `${tasks} simulations were recorded`;
  writer.say('campaign', { type: 'drain.started', reason }, last);
  writer.say('campaign', { type: 'campaign.ended', reason }, last);
}

function taskOf(
  { id, labelOf = (candidate) => `C${'C'.repeat(candidate % 7)}O${candidate}` }: RecordedLog,
  number: number,
): Task {
  return {
    v: 1,
    id: `simulate-${number}`,
    campaign: id,
    method: 'measure',
    topic: 'simulate',
    source: 'submitter',
    number,
    arguments: { candidate: number - 1, smiles: labelOf(number - 1) },
    pool: 'simulate',
    slots: 1,
    grant: `grant-${number}`,
    candidate: number - 1,
    choice: { by: 'shuffle', place: number },
    timeoutMs: null,
    memoryMb: null,
    report: subjects.log(id, 'worker', 'task.finished'),
    createdAt: now(),
  };
}

function resultOf({ failure = 'it did not converge' }: RecordedLog, task: Task): TaskResult {
  const success = task.number % 97 !== 0;
  const started = task.createdAt + 0.01;
  const ended = Math.max(started, now());
  return {
    v: 1,
    task,
    success,
    value: success ? { worth: ((task.number * 2_654_435_761) % 4_294_967_296) / 4_294_967_296 } : null,
    failure: success ? null : { code: 'method.failed', message: failure, retry: 'never', details: {} },
    attempts: [],
    worker,
    resources: { wallMs: ended - started, cpuMs: ended - started },
    times: {
      created: task.createdAt,
      queued: task.createdAt,
      pickedUp: started,
      computeStarted: started,
      computeEnded: ended,
    },
    serialisationMs: { arguments: 0, value: 0 },
  };
}

const now = (): number => performance.timeOrigin + performance.now();

/** Writes facts in an order of its own: the sequence of each is known before it is stored. */
class LogWriter {
  readonly #connection: NatsConnection;
  readonly #campaign: string;
  readonly #numbers = new Map<string, number>();
  #sequence = 0;
  #flushed = 0;

  constructor(connection: NatsConnection, campaign: string) {
    this.#connection = connection;
    this.#campaign = campaign;
  }

  /** How many facts were written that the server may not have taken yet. */
  get ahead(): number {
    return this.#sequence - this.#flushed;
  }

  /** Write a fact of somebody, and which fact led to it; its sequence comes back. */
  say<S extends Source>(source: S, event: Says<S>, cause: number | null = null): number {
    this.#sequence += 1;
    const isActor = source !== 'operator' && source !== 'host' && source !== 'worker';
    const number = isActor ? (this.#numbers.get(source) ?? 0) + 1 : null;
    if (number !== null) this.#numbers.set(source, number);
    const at = now();
    const id = `${source}/${cause ?? 0}/${this.#sequence}`;
    const fact = { v: 1, id, number, cause: isActor ? cause : null, heardAt: isActor ? at : null, saidAt: at, event };
    this.#connection.publish(subjects.log(this.#campaign, source, event.type), JSON.stringify(fact));
    return this.#sequence;
  }

  /** Resolves when the server has stored everything so far. */
  async flush(): Promise<void> {
    this.#flushed = this.#sequence;
    const event = { type: 'worker.refused', worker: 'other', host: 'host-2', reason: 'of another version' } as const;
    const fact = { v: 1, id: `host/${this.#sequence}`, number: null, cause: null, heardAt: null, saidAt: now(), event };
    const subject = subjects.log(this.#campaign, 'host', event.type);
    this.#sequence += 1;
    const { seq } = await jetstream(this.#connection).publish(subject, JSON.stringify(fact));
    if (seq !== this.#sequence)
      throw new Error(`the log holds ${seq} facts and not ${this.#sequence}: some were dropped`);
  }
}
