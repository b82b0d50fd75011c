import { randomUUID } from 'node:crypto';
import { relative } from 'node:path';
import type { Candidates } from '../campaign/definition.ts';
import { createRunFolder, runFolder, writeRunRecord, type RunFolder, type RunRecord } from '../campaign/run-folder.ts';
import { candidateTable, objectRefs } from '../campaign/creation.ts';
import { methodsDigest, refuseOtherMethods } from '../campaign/digest.ts';
import { ConfigError } from '../protocol/errors.ts';
import { stateFolder } from './private-server.ts';
import type { RunOptions } from './run-options.ts';
import { version } from './version.ts';

/** What a new campaign is. On a server that others reach, other hosts may run its actors, and need the table of candidates. */
export function newRecord(
  { id, definition, settings, nats, folder }: Pick<RunOptions, 'id' | 'definition' | 'settings' | 'nats' | 'folder'>,
  candidates: Candidates,
): RunRecord {
  return {
    v: 1,
    id,
    instance: randomUUID(),
    server: nats,
    store: nats === null ? stateFolder(id) : null,
    campaign: definition.name,
    folder: relative(process.cwd(), folder) || '.',
    methods: methodsDigest(folder),
    settings,
    candidates: {
      count: candidates.count,
      digest: candidates.digest,
      table: nats === null ? null : candidateTable(candidates).ref,
      notes: { ...candidates.notes },
      objects: objectRefs(candidates),
    },
    versions: { coxswain: version(), node: process.version },
    createdAt: new Date().toISOString(),
  };
}

/** The run's folder and record: made for a new run, checked against the space for an old one. */
export async function openRun(
  options: RunOptions,
  candidates: Candidates,
): Promise<{ folder: RunFolder; record: RunRecord }> {
  const { id, out, resumed } = options;
  if (resumed !== null) {
    if (resumed.candidates.digest !== candidates.digest) {
      throw new ConfigError(
        `the search space of run ${id} has changed since it was started; put the old file back, or start a new run`,
        { code: 'config.contradiction' },
      );
    }
    refuseOtherMethods(resumed, options.folder);
    return { folder: runFolder(out, id), record: resumed };
  }
  const record = newRecord(options, candidates);
  const folder = await createRunFolder(out, id);
  await writeRunRecord(folder, record);
  return { folder, record };
}
