/** The folder that a run leaves: `runs/<id>/` with its definition, results, log and summary. */
import { access, mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, messageOf, ResourceError } from '../protocol/errors.ts';
import { objectRefSchema } from '../protocol/object-ref.ts';
import { tokenSchema } from '../protocol/task.ts';
import { makeFolder } from './make-folder.ts';
import type { Summary } from './summary.ts';

/** What `campaign.json` and the bucket of campaigns hold. */
export const runRecordSchema = z.object({
  v: z.literal(1),
  id: tokenSchema,
  /** Tells this run from every other, also from one of the same name. */
  instance: z.string().min(1),
  /** Where its log is: the URL of a server that was there already, or the folder of a private one's store. */
  server: z.string().nullable(),
  store: z.string().nullable(),
  /** The campaign's name, and the folder that it was loaded from. */
  campaign: z.string(),
  folder: z.string(),
  /** Digest of that folder's code: only workers with the same compute its tasks. */
  methods: z.string(),
  settings: z.record(z.string(), z.unknown()),
  candidates: z.object({
    count: z.number(),
    digest: z.string(),
    /** The object that holds every candidate's arguments; null where nobody but the run itself needs them. */
    table: objectRefSchema.nullable(),
    notes: z.record(z.string(), z.unknown()),
    objects: z.record(z.string(), z.string()),
  }),
  versions: z.record(z.string(), z.string()),
  createdAt: z.string(),
});
/** What a run is: everything that its results follow from; `campaign.json`. */
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Paths of a run's files. */
export interface RunFolder {
  readonly path: string;
  readonly results: string;
  readonly log: string;
  readonly summary: string;
}

/** The paths of a run. @throws ConfigError when the id cannot name a run. */
export function runFolder(out: string, id: string): RunFolder {
  if (!tokenSchema.safeParse(id).success) {
    throw new ConfigError(`"${id}" cannot name a run: at most 64 letters, digits, "-" and "_"`);
  }
  const path = join(out, id);
  return {
    path,
    results: join(path, 'results.jsonl'),
    log: join(path, 'cox.log'),
    summary: join(path, 'summary.json'),
  };
}

const taken = (out: string, id: string, cause?: unknown): ConfigError =>
  new ConfigError(`run ${id} exists in ${out}; go on with it by --resume ${id}, or choose another --id`, {
    code: 'run.exists',
    cause,
  });

/** Look before anything is spent. @throws ConfigError when a run of this id exists. */
export async function refuseExistingRun(out: string, id: string): Promise<void> {
  const exists = await access(runFolder(out, id).path).then(
    () => true,
    () => false,
  );
  if (exists) throw taken(out, id);
}

/**
 * Make the folder of a new run.
 * @throws ConfigError when a run of this id exists; ResourceError when the folder cannot be made.
 */
export async function createRunFolder(out: string, id: string): Promise<RunFolder> {
  const folder = runFolder(out, id);
  try {
    await makeFolder(out);
  } catch (cause) {
    // Also when there is a file of that name, which is no run.
    throw unwritable(out, cause);
  }
  try {
    await mkdir(folder.path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(folder.path, cause);
    throw taken(out, id, cause);
  }
  return folder;
}

/** Write down what the run is; complete or not at all. @throws ResourceError when the disk does not take it. */
export async function writeRunRecord({ path }: RunFolder, record: RunRecord): Promise<void> {
  await writeWhole(join(path, 'campaign.json'), record);
}

/** Write a JSON file so that a reader sees all of it or nothing; a secret one is its owner's only. @throws ResourceError when the disk does not take it. */
export async function writeWhole(path: string, value: unknown, { secret = false } = {}): Promise<void> {
  const partial = `${path}.part`;
  try {
    const file = await open(partial, 'w', secret ? 0o600 : 0o666);
    try {
      await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * What an existing run is.
 * @throws ConfigError when there is no such run, or its record is damaged.
 */
export async function readRunRecord(out: string, id: string): Promise<RunRecord> {
  const path = join(runFolder(out, id).path, 'campaign.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new ConfigError(`${path}: ${messageOf(cause)}`, { cause });
    const runs = await listRuns(out);
    const known = runs.length === 0 ? `there are no runs in ${out}` : `runs in ${out}: ${runs.slice(-8).join(', ')}`;
    throw new ConfigError(`there is no run ${id}; ${known}`, { code: 'run.unknown', cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${path} is damaged: ${messageOf(cause)}`, { cause });
  }
  const record = runRecordSchema.safeParse(json);
  if (!record.success) throw new ConfigError(`${path} is damaged: ${z.prettifyError(record.error)}`);
  return record.data;
}

/** What a run has summed up at its end or pause; null if it has not come to one. */
export async function readSummary({ summary }: RunFolder): Promise<Summary | null> {
  try {
    return JSON.parse(await readFile(summary, 'utf8')) as Summary;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ConfigError(`${summary} is damaged: ${messageOf(error)}; remove it and resume the run`, { cause: error });
  }
}

/** Ids of the runs in a folder, oldest first; none if there is no such folder. */
export async function listRuns(out: string): Promise<string[]> {
  const runs: { id: string; createdAt: string }[] = [];
  for (const entry of await readdir(out, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) continue;
    try {
      const text = await readFile(join(out, entry.name, 'campaign.json'), 'utf8');
      const { id, createdAt } = runRecordSchema.parse(JSON.parse(text));
      runs.push({ id, createdAt });
    } catch {
      // No run: a folder of something else.
    }
  }
  return runs.sort((a, b) => a.createdAt.localeCompare(b.createdAt)).map(({ id }) => id);
}

/** The error for a file or folder that cannot be written: a full disk, a missing permission. */
export function unwritable(path: string, cause: unknown): ResourceError {
  const isFull = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '');
  const what = isFull ? 'the disk is full; make room' : `${messageOf(cause)}; make it writable`;
  return new ResourceError(`${path} cannot be written: ${what}, then go on with --resume`, {
    code: isFull ? 'disk.full' : 'disk.unwritable',
    cause,
  });
}
