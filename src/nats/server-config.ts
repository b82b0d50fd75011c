/** What the configuration of the embedded server is made from. */
export interface ServerSettings {
  /** Tells our server from any other that may answer on the same port. */
  name: string;
  host: string;
  port: number;
  token: string;
  storeDir: string;
  logFile: string;
  /** When written messages are flushed to disk: see {@link serverConfig}. */
  sync: 'always' | 'default';
  memoryStoreBytes: number;
  fileStoreBytes: number;
}

const logFileBytes = 4_000_000;

/**
 * The configuration file of the embedded nats-server.
 *
 * `sync: 'always'` flushes every write to the disk, for a log that must survive a power cut; the server's default is to flush
 * every two minutes, which survives a kill of every process, since what was written is the kernel's by then.
 *
 * `max_payload` stays at the server's own 1 MB: messages are small and big things are objects in chunks. A message that is too
 * large then fails where it is made, here as on any other NATS, and none can hold up the others for long.
 */
export function serverConfig(settings: ServerSettings): string {
  const text = JSON.stringify;
  return [
    '# Written by Coxswain at each start.',
    `server_name: ${text(settings.name)}`,
    `host: ${text(settings.host)}`,
    `port: ${settings.port}`,
    `authorization { token: ${text(settings.token)} }`,
    'max_payload: 1MB',
    'jetstream {',
    `  store_dir: ${text(settings.storeDir)}`,
    `  max_memory_store: ${settings.memoryStoreBytes}`,
    `  max_file_store: ${settings.fileStoreBytes}`,
    ...(settings.sync === 'always' ? ['  sync_interval: always'] : []),
    '}',
    `log_file: ${text(settings.logFile)}`,
    `logfile_size_limit: ${logFileBytes}`,
    'logfile_max_num: 2',
    '',
  ].join('\n');
}
