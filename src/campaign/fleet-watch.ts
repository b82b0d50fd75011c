/** What a campaign is told of its workers: who came, who left, who died, and whose methods are others. */
import { randomUUID } from 'node:crypto';
import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import { recordAttempt } from '../nats/attempts.ts';
import { onReconnect } from '../nats/connection.ts';
import { readLog, type LogReader, type StoredMessage } from '../nats/log-reader.ts';
import { PresenceWatch } from '../nats/presence.ts';
import { openLapsing } from '../nats/streams.ts';
import type { Says } from '../protocol/events.ts';
import { decode } from '../protocol/fact.ts';
import { beatSchema, registrationSchema, type Beat, type Registration } from '../protocol/registration.ts';
import { buckets, subjects, taskClass } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';
import type { CampaignLog } from '../runtime/contracts.ts';
import { FreezeWatch } from '../worker/freeze-watch.ts';
import { acknowledge } from '../worker/task-source.ts';
import { within } from '../worker/within.ts';
import { otherMethods } from './digest.ts';
import type { RunRecord } from './run-folder.ts';

export interface FleetWatchOptions {
  readonly log: CampaignLog;
  readonly record: Pick<RunRecord, 'id' | 'campaign' | 'methods'>;
  /** Called when the campaign cannot be told. */
  readonly fail: (error: unknown) => void;
  /** Told of messages that are none of ours, and are passed over. */
  readonly refuse: (error: unknown) => void;
}

interface Known {
  readonly registration: Registration;
  /** Place of its newest entry in the bucket. */
  readonly asOf: number;
  /** Whether the campaign was told that it is there. */
  readonly counts: boolean;
}

/** A worker that said for longer what it holds may hold something else: to give that back would give it out twice. */
const freshMs = 1_500;
/** A task that ran for longer when its worker died is not suspected of it. */
const suspectMs = 10_000;
/** How long the note of such a death may take before the task is given out again all the same. */
const noteMs = 500;
/** After a server was away every entry has lapsed; those that live have that long to say so. */
const graceMs = 1_000;

const prefix = subjects.kv(buckets.workers, '');

/**
 * Tell a campaign's log which workers of its class live: first the list of all, so that those that vanished while nobody watched
 * are missed, then each that appears, changes, leaves, lapses or dies.
 *
 * What the campaign's tasks were that a dead worker held is known from the worker's last words, and they are given back to the
 * queue at once. Those of a frozen one, or one that was cut off, the queue misses by itself.
 */
export async function watchFleet(
  connection: NatsConnection,
  options: FleetWatchOptions,
): Promise<{ close(): Promise<void> }> {
  await openLapsing(connection, 'workers');
  const watch = new FleetWatch(connection, options);
  await watch.open();
  return watch;
}

class FleetWatch {
  readonly #connection: NatsConnection;
  readonly #options: FleetWatchOptions;
  readonly #workerClass: string;
  readonly #known = new Map<string, Known>();
  /** What each said last, and when we heard it, ms of `performance.now()`. */
  readonly #beats = new Map<string, { beat: Beat; heardAt: number }>();
  /** Lapsed just after the server came back: told as lost only if they do not appear again. */
  readonly #missing = new Map<string, { before: Known; asOf: number }>();
  readonly #refused = new Set<string>();
  readonly #freezes = new FreezeWatch();
  readonly #presence: PresenceWatch;
  readonly #beating: Subscription;
  readonly #stopWatching: () => void;
  #reader: LogReader | null = null;
  #position = 0;
  #isListed = false;
  #isClosed = false;
  #graceUntil = 0;
  #graceTimer: NodeJS.Timeout | null = null;

  constructor(connection: NatsConnection, options: FleetWatchOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#workerClass = taskClass(options.record.campaign, options.record.methods);
    this.#presence = new PresenceWatch(connection, (id) => this.#died(id));
    this.#beating = connection.subscribe(subjects.allBeats, {
      callback: (error, { subject, data }) => {
        if (error === null && this.#known.has(subject.split('.')[3] ?? '')) this.#heard(subject, data);
      },
    });
    this.#stopWatching = onReconnect(connection, () => this.#grace());
  }

  async open(): Promise<void> {
    this.#reader = await readLog(this.#connection, {
      stream: `KV_${buckets.workers}`,
      filters: [`${prefix}>`],
      from: 1,
      onMessage: (message) => this.#take(message),
    });
    await this.#reader.caughtUp;
    await this.#passOverDead();
    this.#isListed = true;
    const living = [...this.#known.values()].filter(({ counts }) => counts);
    const workers = living.map(({ registration, asOf }) => ({ ...place(registration), asOf }));
    this.#tell(`listed/${randomUUID()}`, { type: 'workers.listed', workers, asOf: this.#position });
  }

  /** An entry outlives its worker by up to two seconds: who is not there does not count, until it renews its entry. */
  async #passOverDead(): Promise<void> {
    for (const id of await this.#presence.unheardNow()) {
      const known = this.#known.get(id);
      if (known !== undefined) this.#known.set(id, { ...known, counts: false });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#graceTimer !== null) clearTimeout(this.#graceTimer);
    this.#stopWatching();
    this.#freezes.close();
    this.#presence.close();
    this.#beating.unsubscribe();
    await this.#reader?.close();
  }

  #take({ subject, data, headers, sequence }: StoredMessage): void {
    this.#position = sequence;
    const id = subject.slice(prefix.length);
    if (data.length === 0) {
      this.#removed(id, headers?.get('KV-Operation') === 'DEL' ? 'left' : 'lost', sequence);
      return;
    }
    let registration: Registration;
    try {
      registration = decode(registrationSchema, data, subject);
    } catch (error) {
      this.#options.refuse(error);
      return;
    }
    if (Object.hasOwn(registration.classes, this.#workerClass)) this.#registered(registration, sequence);
    else this.#refuseIfOther(registration);
  }

  #registered(registration: Registration, asOf: number): void {
    const { id, slots, draining } = registration;
    const before = this.#known.get(id) ?? this.#missing.get(id)?.before;
    this.#missing.delete(id);
    this.#known.set(id, { registration, asOf, counts: !draining });
    this.#presence.watch(id);
    const wasThere = before?.counts === true;
    if (draining && wasThere) this.#tellGone(id, 'left', asOf);
    if (!draining && !(wasThere && before.registration.slots === slots)) {
      this.#tell(`${id}/${asOf}`, { type: 'worker.seen', ...place(registration), asOf });
    }
  }

  #removed(id: string, reason: 'left' | 'lost', asOf: number): void {
    const before = this.#known.get(id);
    this.#known.delete(id);
    this.#beats.delete(id);
    this.#refused.delete(id);
    this.#presence.unwatch(id);
    if (before?.counts !== true) return;
    if (reason === 'lost' && performance.now() < this.#graceUntil) this.#missing.set(id, { before, asOf });
    else this.#tellGone(id, reason, asOf);
  }

  /** Its process has gone, and its entry will lapse: until then it is known, and counts again should it renew it. */
  #died(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.set(id, { ...known, counts: false });
    if (known.counts) this.#tellGone(id, 'lost', known.asOf);
    void this.#giveOutAgain(known.registration).catch(this.#options.refuse);
  }

  async #giveOutAgain({ id, host }: Registration): Promise<void> {
    const last = this.#beats.get(id);
    if (last === undefined || performance.now() - last.heardAt > freshMs) return;
    const { beat, heardAt } = last;
    this.#beats.delete(id);
    const { id: campaign } = this.#options.record;
    const held = beat.held.filter((one) => one.campaign === campaign);
    const death = { at: Date.now(), worker: id, host, code: 'worker.died-with' };
    await Promise.all(
      held.map(async ({ task, reply, runningSince }) => {
        const ranMs = runningSince === null ? Infinity : beat.at - runningSince + performance.now() - heardAt;
        if (ranMs < suspectMs) {
          const message = `worker ${id} died ${(ranMs / 1_000).toFixed(1)} s after it had started the task`;
          const note = recordAttempt(this.#connection, { campaign, task }, { ...death, message });
          await within(
            noteMs,
            note.then(() => undefined, this.#options.refuse),
          );
        }
        if (!this.#isClosed) acknowledge(this.#connection, reply, 'giveBack');
      }),
    );
  }

  #heard(subject: string, data: Uint8Array): void {
    try {
      // What lay in our buffers while we were frozen says what was, and a task that is given back for it is given out twice.
      if (this.#freezes.wasFrozen) return;
      const beat = decode(beatSchema, data, subject);
      this.#beats.set(beat.id, { beat, heardAt: performance.now() });
    } catch (error) {
      this.#options.refuse(error);
    }
  }

  #refuseIfOther(registration: Registration): void {
    const { id, host, classes } = registration;
    const { campaign } = this.#options.record;
    const other = Object.values(classes).find(({ name }) => name === campaign);
    if (other === undefined || this.#refused.has(id)) return;
    this.#refused.add(id);
    const reason = otherMethods(this.#options.record, other.digest, `worker ${id}`);
    this.#append(`${id}/refused`, { type: 'worker.refused', worker: id, host, reason });
  }

  #grace(): void {
    this.#graceUntil = performance.now() + graceMs;
    if (this.#graceTimer !== null) clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => {
      for (const [id, { asOf }] of this.#missing) this.#tellGone(id, 'lost', asOf);
      this.#missing.clear();
    }, graceMs);
  }

  #tellGone(worker: string, reason: 'left' | 'lost', asOf: number): void {
    this.#tell(`${worker}/${asOf}/gone`, { type: 'worker.gone', worker, reason, asOf });
  }

  /** What happens before the list is in it. */
  #tell(id: string, event: Says<'host'>): void {
    if (this.#isListed) this.#append(id, event);
  }

  #append(id: string, event: Says<'host'>): void {
    const fact = {
      v: protocolVersion,
      id,
      number: null,
      cause: null,
      heardAt: null,
      saidAt: Date.now(),
      event,
    } as const;
    this.#options.log.append('host', fact).catch((error: unknown) => {
      if (!this.#isClosed) this.#options.fail(error);
    });
  }
}

const place = ({ id, host, slots }: Registration): { worker: string; host: string; slots: number } => ({
  worker: id,
  host,
  slots,
});
