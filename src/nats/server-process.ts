import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ResourceError } from '../protocol/errors.ts';
import type { ServerSettings } from './server-config.ts';

/**
 * Runs "$@" for as long as our end of its standard input is open. However we end, kill -9 included, the kernel closes that pipe
 * and the server is told to end, so that none is ever left over. It stands in a session of its own, out of reach of Ctrl-C.
 */
const keeper = `
exec 3<&0
"$@" </dev/null 3<&- >&2 &
server=$!
echo "$server"
( read -r _ <&3; kill -TERM "$server"; sleep 5; kill -KILL "$server" ) 2>/dev/null &
watch=$!
exec 3<&-
wait "$server"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
`;

/** A nats-server that answers. */
export interface ServerProcess {
  pid: number;
  version: string;
  /** How it ended, in words, once it has. */
  ended: Promise<string>;
  /** Asks it to end, and ends it when it does not within six seconds. */
  stop: () => Promise<void>;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 6_000;
const pollMs = 5;

const infoSchema = z.object({ server_name: z.string(), version: z.string(), jetstream: z.boolean().default(false) });

/**
 * The server, started from `configFile` and ready: it answers with its name and JetStream is up.
 * @throws ResourceError `port.in-use`, `store.unusable` or `nats-server.failed`, with the last lines of its log.
 */
export async function startServerProcess(
  program: string,
  configFile: string,
  settings: ServerSettings,
): Promise<ServerProcess> {
  const logStart = (await stat(settings.logFile).catch(() => null))?.size ?? 0;
  const child = spawn('/bin/sh', ['-c', keeper, 'nats-server-keeper', program, '-c', configFile], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const state = { over: false };
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(howItEnded(code, signal)));
  }).then((how) => {
    state.over = true;
    endGroup(child);
    return how;
  });
  // Writing is never done, and a pipe that breaks is told by the end of the process.
  child.stdin.on('error', () => undefined);

  const pid = serverPid(child);
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    // Whoever else has the port may accept and say nothing; by then our server has ended.
    const info = await Promise.race([askForInfo(settings.host, settings.port), ended.then(() => null)]);
    if (info?.server_name === settings.name && info.jetstream) {
      letGo(child);
      return { pid: await pid, version: info.version, ended, stop: () => stopChild(child, ended) };
    }
    if (state.over || performance.now() > deadline) {
      if (!state.over) await stopChild(child, ended);
      const log = await tailOf(settings.logFile, logStart);
      throw startError(settings, await ended, log === '' ? said : log);
    }
    await delay(pollMs);
  }
}

/** The keeper's first line is the process id of the server. */
function serverPid(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.stdout?.setEncoding('utf8').once('data', (text: string) => resolve(Number.parseInt(text, 10)));
    child.once('exit', () => resolve(0));
  });
}

/** What a server at this address says of itself, or null when nothing that speaks NATS answers. */
function askForInfo(host: string, port: number): Promise<z.infer<typeof infoSchema> | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port });
    const finish = (info: z.infer<typeof infoSchema> | null): void => {
      socket.destroy();
      resolve(info);
    };
    socket.setTimeout(250, () => finish(null));
    socket.on('error', () => finish(null));
    socket.on('close', () => finish(null));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const line = /^INFO (\{.*\})/.exec(text)?.[1];
      if (line !== undefined) finish(infoSchema.safeParse(JSON.parse(line)).data ?? null);
      else if (!'INFO '.startsWith(text.slice(0, 5))) finish(null);
    });
  });
}

/** A running server must not keep this process alive: when everything else is done, it ends, and the server with it. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) (stream as unknown as { unref?: () => void } | null)?.unref?.();
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.ref();
  child.stdin?.destroy();
  const tooLate = new AbortController();
  await Promise.race([
    ended,
    delay(stopTimeoutMs, undefined, { signal: tooLate.signal }).then(
      () => endGroup(child),
      () => undefined,
    ),
  ]);
  await ended;
  tooLate.abort();
}

/** Ends whatever is left of the keeper, the server and the watch. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing is left, which is what was wanted.
  }
}

/** A shell passes on the end by signal n as 128 + n. */
function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `its keeper was ended by ${signal}`;
  if (code !== null && code > 128) return code === 137 ? 'it was killed' : `it was ended by signal ${code - 128}`;
  return `it ended with exit code ${String(code)}`;
}

async function tailOf(file: string, from: number): Promise<string> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return '';
  await using log = handle;
  const { size } = await log.stat();
  const start = Math.max(size >= from ? from : 0, size - 4_000);
  const { buffer, bytesRead } = await log.read(Buffer.alloc(Math.max(size - start, 0)), 0, size - start, start);
  return buffer.toString('utf8', 0, bytesRead);
}

function startError(settings: ServerSettings, how: string, log: string): ResourceError {
  const lines = log.trim().split('\n').slice(-5).join('\n');
  const details = { port: settings.port, storeDir: settings.storeDir, logFile: settings.logFile };
  if (/address already in use/i.test(log)) {
    return new ResourceError(
      `Port ${settings.port} of ${settings.host} is in use by another program. Name another port, or none for a free one.`,
      { code: 'port.in-use', details },
    );
  }
  const tail = lines === '' ? '' : ` The last lines of its log (${settings.logFile}):\n${lines}`;
  if (/storage directory|store dir|permission denied|no space left|read-only file system/i.test(log)) {
    return new ResourceError(`nats-server cannot use its store ${settings.storeDir}: ${how}.${tail}`, {
      code: 'store.unusable',
      details,
    });
  }
  return new ResourceError(`nats-server did not start: ${how}.${tail}`, { code: 'nats-server.failed', details });
}
