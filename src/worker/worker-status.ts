import { loadavg } from 'node:os';
import type { NatsConnection } from '@nats-io/nats-core';
import { answerAsService } from '../nats/micro-service.ts';
import type { Registration } from '../protocol/registration.ts';
import { subjects } from '../protocol/subjects.ts';
import type { HeldTasks } from './held-tasks.ts';
import type { Outcome } from './wire.ts';

/** What a worker answers when it is asked for its status, and what its metrics are made of. Times are ms since 1970 by its clock. */
export interface WorkerStatus extends Omit<Registration, 'v'> {
  readonly running: number;
  /** Tasks that it has taken and that have not ended, and since when those that run compute. */
  readonly held: readonly { readonly campaign: string; readonly task: string; readonly runningSince: number | null }[];
  readonly done: number;
  readonly failed: number;
  /** Of all that ended here: from the start of the method to its end, and CPU time of its processes. */
  readonly computeSeconds: number;
  readonly cpuSeconds: number;
  /** Load of the machine over 1, 5 and 15 minutes. */
  readonly load: readonly number[];
}

/** Counts what has ended at a worker. */
export class WorkerTally {
  done = 0;
  failed = 0;
  wallMs = 0;
  cpuMs = 0;

  /** A run has ended; what is tried again counts as a failure each time. */
  count({ failure, wallMs, cpuMs }: Outcome): void {
    if (failure === null) this.done += 1;
    else this.failed += 1;
    this.wallMs += wallMs;
    this.cpuMs += cpuMs;
  }
}

/** What a worker says of itself now. */
export function statusOf(
  { v: _version, ...registration }: Registration,
  running: readonly { run: number; since: number }[],
  held: HeldTasks,
  tally: WorkerTally,
): WorkerStatus {
  return {
    ...registration,
    running: running.length,
    held: held.holdings(running).map(({ campaign, task, runningSince }) => ({
      campaign,
      task,
      runningSince: runningSince && Math.round(runningSince),
    })),
    done: tally.done,
    failed: tally.failed,
    computeSeconds: tally.wallMs / 1_000,
    cpuSeconds: tally.cpuMs / 1_000,
    load: loadavg(),
  };
}

/** Answer `cox.ask.worker.<id>.status` until closed. */
export function answerForWorker(
  connection: NatsConnection,
  { id, host, version }: Registration,
  status: () => WorkerStatus | null,
): Promise<{ close(): Promise<unknown> }> {
  return answerAsService(
    connection,
    { name: 'cox-worker', version, description: `worker ${id}`, metadata: { worker: id, host } },
    [
      {
        name: 'status',
        subject: subjects.askWorker(id),
        about: 'what it holds and computes, what it has done, the load of its machine, its version and classes',
        takes: 'nothing',
        answer: status,
      },
    ],
  );
}
