import { listRuns } from '../campaign/run-folder.ts';
import { ConfigError } from '../protocol/errors.ts';

/** The run that a command means when it names none. @throws ConfigError when there is none here. */
export async function newestRun(out: string, command: string): Promise<string> {
  const newest = (await listRuns(out)).at(-1);
  if (newest !== undefined) return newest;
  throw new ConfigError(
    `there are no runs in ${out}; name a campaign and its server: cox ${command} ID --nats nats://host:4222`,
  );
}
