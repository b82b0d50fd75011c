/** Every NATS subject, stream and bucket of Coxswain is named here; the second token of a subject says its kind. */

export const streams = {
  /** Tasks that wait for a worker, of all campaigns: a work queue. */
  tasks: 'COX_TASKS',
  /** Results of tasks that belong to no campaign. */
  results: 'COX_RESULTS',
  /** The log of one campaign. */
  log: (campaign: string) => `COX_LOG_${campaign}`,
} as const;

export const buckets = {
  snapshots: 'cox-snapshots',
  leases: 'cox-leases',
  sessions: 'cox-sessions',
  campaigns: 'cox-campaigns',
  workers: 'cox-workers',
  objects: 'cox-objects',
  /** Attempts at tasks that failed and are tried again. */
  attempts: 'cox-attempts',
  /** Tasks that somebody wants ended. */
  cancelled: 'cox-cancelled',
} as const;

export const subjects = {
  /** A fact: what `source` (an actor, `worker`, `operator`, `host`) said. No ids. */
  log: (campaign: string, source: string, event: string) => `cox.log.${campaign}.${source}.${event}`,
  logOf: (campaign: string) => `cox.log.${campaign}.>`,
  /** Tasks of one method for workers of one class. No ids. */
  task: (workerClass: string, method: string) => `cox.task.${workerClass}.${method}`,
  tasksOf: (workerClass: string) => `cox.task.${workerClass}.>`,
  allTasks: 'cox.task.>',
  /** Stored results of a session of the task client, by topic. */
  result: (session: string, topic: string) => `cox.result.${session}.${topic}`,
  resultsOf: (session: string) => `cox.result.${session}.>`,
  allResults: 'cox.result.>',
  progress: (campaign: string, task: string) => `cox.progress.${campaign}.${task}`,
  inspect: (campaign: string, actor: string) => `cox.inspect.${campaign}.${actor}`,
  beat: (host: string, worker: string) => `cox.worker.${host}.${worker}.beat`,
  allBeats: 'cox.worker.*.*.beat',
  /** A key of a bucket, as the stream behind it knows it. */
  kv: (bucket: string, key: string) => `$KV.${bucket}.${key}`,
  /** Whoever listens here is there: see `PresenceWatch`. */
  here: (id: string) => `cox.here.${id}`,
  /** A question about a campaign, and one to a worker: answered as NATS micro services. */
  ask: (campaign: string, actor: string, question: string) => `cox.ask.${campaign}.${actor}.${question}`,
  askWorker: (worker: string) => `cox.ask.worker.${worker}.status`,
} as const;

/** The class of tasks that only workers with the same methods compute: their campaign's name, and which version they are. */
export const taskClass = (campaign: string, methods: string): string => `${campaign}-${methods.slice(0, 8)}`;

/** Source and event of a fact's subject, `cox.log.<c>.<source>.<event...>`; null for another subject. */
export function parseLogSubject(subject: string): { campaign: string; source: string; event: string } | null {
  const [cox, kind, campaign, source, ...event] = subject.split('.');
  if (cox !== 'cox' || kind !== 'log' || !campaign || !source || event.length === 0) return null;
  return { campaign, source, event: event.join('.') };
}

/** The key of a task in a bucket; what a key cannot hold is written as `=` and two hexadecimal digits a byte. */
export function taskKey(campaign: string, task: string): string {
  const safe = task.replaceAll(/[^A-Za-z0-9_-]/gu, (letter) =>
    [...new TextEncoder().encode(letter)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  return `${campaign}.${safe}`;
}
