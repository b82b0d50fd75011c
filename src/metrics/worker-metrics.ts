import type { Registry } from 'prom-client';
import { residentMb } from '../worker/process-tree.ts';
import type { WorkerStatus } from '../worker/worker-status.ts';
import { counter, gauge, type Sample } from './tallies.ts';

/** Metrics of the worker of this process, which says nothing before it is registered. Scrapes tell workers of one host apart by their address. */
export function addWorkerMetrics(registry: Registry, status: () => WorkerStatus | null): void {
  const one = (value: (of: WorkerStatus) => number) => (): Sample<'host'>[] => {
    const now = status();
    return now === null ? [] : [{ labels: { host: now.host }, value: value(now) }];
  };
  const labels = ['host'] as const;
  gauge(registry, {
    name: 'cox_worker_slots',
    help: 'Tasks that this worker computes at a time.',
    labels,
    look: one(({ slots }) => slots),
  });
  gauge(registry, {
    name: 'cox_worker_running',
    help: 'Tasks that compute now.',
    labels,
    look: one(({ running }) => running),
  });
  gauge(registry, {
    name: 'cox_worker_held',
    help: 'Tasks that were taken from the queue and have not ended.',
    labels,
    look: one(({ held }) => held.length),
  });
  gauge(registry, {
    name: 'cox_worker_draining',
    help: '1 while the worker takes no more tasks.',
    labels,
    look: one(({ draining }) => Number(draining)),
  });
  counter(registry, {
    name: 'cox_worker_tasks_total',
    help: 'Runs that ended here, by how; one that is tried again counts each time.',
    labels: ['host', 'outcome'],
    look: () => {
      const now = status();
      if (now === null) return [];
      return (['done', 'failed'] as const).map((outcome) => ({
        labels: { host: now.host, outcome },
        value: now[outcome],
      }));
    },
  });
  counter(registry, {
    name: 'cox_worker_compute_seconds_total',
    help: 'Time that methods took, of all that ended here.',
    labels,
    look: one(({ computeSeconds }) => computeSeconds),
  });
  counter(registry, {
    name: 'cox_worker_cpu_seconds_total',
    help: 'CPU time of the processes of all that ended here.',
    labels,
    look: one(({ cpuSeconds }) => cpuSeconds),
  });
  gauge(registry, {
    name: 'cox_worker_memory_bytes',
    help: 'Resident memory of the worker and of everything that it started; shared pages count for each.',
    labels,
    look: one(() => Math.round(residentMb(process.pid) * 1_048_576)),
  });
  gauge(registry, {
    name: 'cox_worker_load1',
    help: 'Load of the machine over one minute.',
    labels,
    look: one(({ load }) => load[0] ?? 0),
  });
}
