import type { NatsConnection } from '@nats-io/nats-core';
import { readLog } from '../nats/log-reader.ts';
import { openLapsing } from '../nats/streams.ts';
import { decode } from '../protocol/fact.ts';
import { buckets } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';
import type { Says } from '../protocol/events.ts';
import type { CampaignLog } from '../runtime/contracts.ts';
import { registrationSchema, type Registration } from '../protocol/registration.ts';

/**
 * Tell a campaign's log which workers of its class live, from their registrations: first the list of all, so that those that
 * vanished while nobody watched are missed, then each that appears, changes or lapses.
 */
export async function watchFleet(
  connection: NatsConnection,
  options: { log: CampaignLog; workerClass: string; fail: (error: unknown) => void; refuse: (error: unknown) => void },
): Promise<{ close(): Promise<void> }> {
  const { log, workerClass, fail, refuse } = options;
  await openLapsing(connection, 'workers');
  const prefix = `$KV.${buckets.workers}.`;
  const known = new Map<string, Registration>();
  const watchStarted = Date.now();
  let listed = false;
  let position = 0;

  const tell = (id: string, event: Says<'host'>): void => {
    const fact = {
      v: protocolVersion,
      id,
      number: null,
      cause: null,
      heardAt: null,
      saidAt: Date.now(),
      event,
    } as const;
    log.append('host', fact).catch(fail);
  };
  const place = ({ id, host, slots }: Registration): { worker: string; host: string; slots: number } => ({
    worker: id,
    host,
    slots,
  });
  /** Whether the worker takes tasks of this campaign. */
  const counts = (worker: Registration): boolean => Object.hasOwn(worker.classes, workerClass) && !worker.draining;

  const reader = await readLog(connection, {
    stream: `KV_${buckets.workers}`,
    filters: [`${prefix}>`],
    from: 1,
    onMessage: ({ subject, data, headers, sequence }) => {
      position = sequence;
      const id = subject.slice(prefix.length);
      const before = known.get(id);
      const isRemoved = headers?.has('KV-Operation') === true || headers?.has('Nats-Marker-Reason') === true;
      if (isRemoved || data.length === 0) {
        known.delete(id);
        const reason = headers?.get('KV-Operation') === 'DEL' ? 'left' : 'lost';
        if (listed && before !== undefined) tell(`${id}/${sequence}`, { type: 'worker.gone', worker: id, reason, asOf: sequence });
        return;
      }
      let worker: Registration;
      try {
        worker = decode(registrationSchema, data, subject);
      } catch (error) {
        refuse(error);
        return;
      }
      if (!counts(worker)) {
        if (!known.delete(id) || !listed) return;
        tell(`${id}/${sequence}`, { type: 'worker.gone', worker: id, reason: 'left', asOf: sequence });
        return;
      }
      known.set(id, worker);
      if (!listed || (before !== undefined && before.slots === worker.slots)) return;
      tell(`${id}/${sequence}`, { type: 'worker.seen', ...place(worker), asOf: sequence });
    },
  });
  await reader.caughtUp;
  listed = true;
  const workers = [...known.values()].map((worker) => ({ ...place(worker), asOf: position }));
  tell(`listed/${process.pid}/${watchStarted}`, { type: 'workers.listed', workers, asOf: position });
  return reader;
}
