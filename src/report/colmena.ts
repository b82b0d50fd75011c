/**
 * Results as Colmena writes them: JSON that its class `colmena.models.Result` (0.7) parses, so that scripts that read its logs read
 * ours. Times are seconds since 1970, spans are seconds; what we do not measure is left out, which is NaN there.
 */
import type { ResultLine } from '../campaign/result-line.ts';

/** What a `Result` holds; fields that it would fill with its defaults are not named. */
export interface ColmenaResult {
  readonly task_id: string;
  /** Positional arguments, and those with names. */
  readonly inputs: readonly [readonly unknown[], Readonly<Record<string, unknown>>];
  readonly value: unknown;
  readonly method: string;
  readonly topic: string;
  readonly success: boolean;
  readonly complete: true;
  readonly task_info: Readonly<Record<string, unknown>>;
  readonly resources: { readonly node_count: 1; readonly cpu_processes: 1; readonly cpu_threads: number };
  readonly failure_info: { readonly exception: string; readonly traceback: string | null } | null;
  readonly worker_info: { readonly hostname: string; readonly worker: string; readonly child: number };
  readonly timestamp: {
    readonly created: number;
    /** Stored in the work queue; fetched by a worker's host. */
    readonly input_received: number;
    readonly start_task_submission: number;
    readonly compute_started: number;
    readonly compute_ended: number;
    /** Stored in the log. */
    readonly task_received: number;
    readonly result_sent: number;
    /** By the actor that counts it. */
    readonly result_received: number;
  };
  readonly time: {
    readonly running: number;
    readonly deserialize_inputs: number;
    readonly serialize_results: number;
    readonly additional: { readonly cpu: number };
  };
  readonly retries: number;
}

const seconds = (ms: number): number => ms / 1_000;

/** A task as a `Result`. @param campaign goes into its `task_info`, with why it was chosen and when it was decided on. */
export function colmenaResult(line: ResultLine, campaign: string): ColmenaResult {
  const { times, failure, worker, arguments: given } = line;
  const isNamed = typeof given === 'object' && given !== null && !Array.isArray(given);
  const { stack } = failure?.details ?? {};
  return {
    task_id: line.id,
    inputs: isNamed ? [[], given as Record<string, unknown>] : [[given], {}],
    value: line.success ? line.value : null,
    method: line.method,
    topic: line.topic,
    success: line.success,
    complete: true,
    task_info: {
      campaign,
      candidate: line.candidate,
      choice: line.choice,
      pool: line.pool,
      decided: seconds(times.decided),
      attempts: line.attempts,
    },
    resources: { node_count: 1, cpu_processes: 1, cpu_threads: line.slots },
    failure_info:
      failure === null
        ? null
        : { exception: `${failure.code}: ${failure.message}`, traceback: typeof stack === 'string' ? stack : null },
    worker_info: { hostname: worker.host, worker: worker.id, child: worker.child },
    timestamp: {
      created: seconds(times.created),
      input_received: seconds(times.queued),
      start_task_submission: seconds(times.pickedUp),
      compute_started: seconds(times.computeStarted),
      compute_ended: seconds(times.computeEnded),
      task_received: seconds(times.stored),
      result_sent: seconds(times.stored),
      result_received: seconds(times.received ?? times.decided),
    },
    time: {
      running: seconds(line.resources.wallMs),
      deserialize_inputs: seconds(line.serialisationMs.arguments),
      serialize_results: seconds(line.serialisationMs.value),
      additional: { cpu: seconds(line.resources.cpuMs) },
    },
    retries: line.attempts.length,
  };
}
