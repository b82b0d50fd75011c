/** A campaign whose methods do what methods should not, to see that workers get over it. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineMethod, MethodError, objectRefSchema, ResourceError, schema } from 'coxswain';

const nothing = schema.object({});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Returns its argument. */
const echo = defineMethod({
  name: 'echo',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ value: schema.unknown() }),
  output: schema.unknown(),
  run: ({ value }) => value,
});

/** Adds a line to a file, then takes its time: what was run, and how often. */
const count = defineMethod({
  name: 'count',
  pool: 'simulate',
  timeoutMs: 60_000,
  input: schema.object({ file: schema.string(), line: schema.string(), ms: schema.number() }),
  output: schema.string(),
  run: async ({ file, line, ms }) => {
    appendFileSync(file, `${line}\n`);
    if (ms > 0) await pause(ms);
    return line;
  },
});

/** Fails as a calculation does. */
const fail = defineMethod({
  name: 'fail',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ why: schema.string() }),
  output: nothing,
  run: ({ why }) => {
    throw new MethodError(why, { code: 'odd.failed', details: { why } });
  },
});

/** Fails as a defect does. */
const crash = defineMethod({
  name: 'crash',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: nothing,
  output: nothing,
  run: () => {
    throw new TypeError('nobody expected this');
  },
});

/** Writes into its scratch folder, starts a program, says where, and kills its own process. */
const die = defineMethod({
  name: 'die',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ file: schema.string() }),
  output: nothing,
  run: async ({ file }, { scratchDir }) => {
    writeFileSync(join(scratchDir, 'left-over'), 'x');
    const program = spawn('sleep', ['613'], { stdio: 'ignore' });
    appendFileSync(file, `${JSON.stringify({ scratchDir, pids: [process.pid, program.pid] })}\n`);
    process.kill(process.pid, 'SIGKILL');
    await pause(10_000);
    return {};
  },
});

/** Runs a program, and that another; both sleep for so long. */
const linger = defineMethod({
  name: 'linger',
  pool: 'simulate',
  timeoutMs: 60_000,
  input: schema.object({ file: schema.string(), seconds: schema.number() }),
  output: nothing,
  run: async ({ file, seconds }, context) => {
    writeFileSync(file, JSON.stringify({ scratchDir: context.scratchDir, pid: process.pid }));
    await context.run('sh', ['-c', `sleep ${seconds} & sleep ${seconds}`]);
    return {};
  },
});

/** Computes without ever looking up; says where. */
const spin = defineMethod({
  name: 'spin',
  pool: 'simulate',
  timeoutMs: 300,
  input: schema.object({ file: schema.string().optional() }),
  output: nothing,
  run: ({ file }, { scratchDir }) => {
    if (file !== undefined) writeFileSync(file, JSON.stringify({ scratchDir, pid: process.pid }));
    for (;;);
  },
});

/** Runs a program that leaves another behind. */
const litter = defineMethod({
  name: 'litter',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: nothing,
  output: schema.object({ stdout: schema.string(), exitCode: schema.number().nullable() }),
  run: async (_given, context) => {
    const { stdout, exitCode } = await context.run('sh', [
      '-c',
      'sleep 615 > /dev/null 2>&1 & sleep 615 & echo done; exit 3',
    ]);
    return { stdout, exitCode };
  },
});

/** Asks for a program that is not there. */
const missing = defineMethod({
  name: 'missing',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: nothing,
  output: nothing,
  run: async (_given, context) => {
    await context.run('no-such-program', []);
    return {};
  },
});

/** Writes into its scratch folder, and says where that is. */
const scratch = defineMethod({
  name: 'scratch',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ thenFail: schema.boolean() }),
  output: schema.object({ scratchDir: schema.string() }),
  run: ({ thenFail }, { scratchDir }) => {
    writeFileSync(join(scratchDir, 'left-over'), 'x');
    if (thenFail) throw new MethodError(scratchDir);
    return { scratchDir };
  },
});

/** Leaves folders in its scratch folder whose path is longer than the system takes. */
const bury = defineMethod({
  name: 'bury',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ thenFail: schema.boolean() }),
  output: schema.object({ scratchDir: schema.string() }),
  run: async ({ thenFail }, context) => {
    const dig = `const name = 'x'.repeat(250); fs.mkdirSync(name); process.chdir(name)`;
    const { exitCode } = await context.run(process.execPath, ['-e', `for (let n = 0; n < 20; n++) { ${dig} }`]);
    if (exitCode !== 0 || thenFail) throw new MethodError(`ended with ${exitCode}`, { code: 'odd.buried' });
    return { scratchDir: context.scratchDir };
  },
});

/** Returns what its schema does not allow. */
const lie = defineMethod({
  name: 'lie',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: nothing,
  output: schema.object({ number: schema.number() }),
  run: () => ({ number: Number.NaN }),
});

/** Returns so many characters. */
const talk = defineMethod({
  name: 'talk',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ characters: schema.number() }),
  output: schema.string(),
  run: ({ characters }) => 'x'.repeat(characters),
});

/** Adds a line to a file, then burns so much CPU time without ever looking up. */
const toil = defineMethod({
  name: 'toil',
  pool: 'simulate',
  timeoutMs: 20_000,
  input: schema.object({ file: schema.string(), ms: schema.number() }),
  output: nothing,
  run: ({ file, ms }) => {
    appendFileSync(file, 'x\n');
    const used = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1_000;
    for (const until = used() + ms; used() < until;);
    return {};
  },
});

/** Burns CPU time: in this process and in a program. */
const burn = defineMethod({
  name: 'burn',
  pool: 'simulate',
  timeoutMs: 20_000,
  input: schema.object({ ownMs: schema.number(), programMs: schema.number() }),
  output: nothing,
  run: async ({ ownMs, programMs }, context) => {
    const burnCpu =
      'const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };';
    const used = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1_000;
    for (const until = used() + ownMs; used() < until;);
    const script = `${burnCpu} for (const until = cpu() + ${programMs}; cpu() < until;);`;
    if (programMs > 0) await context.run(process.execPath, ['-e', script]);
    return {};
  },
});

let made = 0;

/** Stores an object, reads it back, remembers something, says how far it is. */
const share = defineMethod({
  name: 'share',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ text: schema.string() }),
  output: schema.object({ ref: objectRefSchema, text: schema.string(), made: schema.number() }),
  run: async ({ text }, context) => {
    const { objects } = context;
    const ref = await objects.put(Buffer.from(text));
    context.progress({ stored: ref });
    const back = await objects.get(ref);
    const kept = await context.keep('made', () => Promise.resolve((made += 1)));
    return { ref, text: Buffer.from(back).toString(), made: kept };
  },
});

/** Reads an object. */
const fetchObject = defineMethod({
  name: 'fetch-object',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ ref: objectRefSchema }),
  output: schema.string(),
  run: async ({ ref }, { objects }) => Buffer.from(await objects.get(ref)).toString(),
});

/** Starts a program in a session of its own, which starts another in one of its own and ends; waits for neither. */
const escape = defineMethod({
  name: 'escape',
  pool: 'simulate',
  timeoutMs: 60_000,
  input: schema.object({ file: schema.string(), seconds: schema.number() }),
  output: nothing,
  run: async ({ file, seconds }, { scratchDir, signal }) => {
    const options = `{ detached: true, stdio: 'ignore' }`;
    const orphan = `require('child_process').spawn('sleep', ['${seconds}'], ${options}).unref()`;
    spawn('sleep', [String(seconds)], { detached: true, stdio: 'ignore' });
    spawn(process.execPath, ['-e', orphan], { detached: true, stdio: 'ignore' });
    writeFileSync(file, JSON.stringify({ scratchDir, pid: process.pid }));
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    return {};
  },
});

/** Has a program, in a session of its own, take so much memory and keep it. */
const grow = defineMethod({
  name: 'grow',
  pool: 'simulate',
  timeoutMs: 60_000,
  memoryMb: 400,
  retries: { memoryLimit: 1 },
  input: schema.object({ file: schema.string(), megabytes: schema.number() }),
  output: nothing,
  run: async ({ file, megabytes }, { scratchDir, signal }) => {
    const script = `const kept = Buffer.alloc(${megabytes} * 2 ** 20, 1); setInterval(() => kept.fill(2), 1_000)`;
    const program = spawn(process.execPath, ['-e', script], { detached: true, stdio: 'ignore' });
    appendFileSync(file, `${JSON.stringify({ scratchDir, pid: program.pid })}\n`);
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    return {};
  },
});

/** Fails for a reason that may pass, so many times, by the lines of a file; then says how often it was run. */
const stumble = defineMethod({
  name: 'stumble',
  pool: 'simulate',
  timeoutMs: 10_000,
  input: schema.object({ file: schema.string(), failures: schema.number() }),
  output: schema.number(),
  run: ({ file, failures }) => {
    appendFileSync(file, `${Date.now()}\n`);
    const runs = readFileSync(file, 'utf8').split('\n').length - 1;
    if (runs <= failures) throw new ResourceError(`the disk was full ${runs} times`);
    return runs;
  },
});

const methods = [
  echo,
  count,
  fail,
  crash,
  die,
  linger,
  spin,
  litter,
  missing,
  scratch,
  lie,
  talk,
  burn,
  share,
  fetchObject,
];

export default {
  name: 'odd',
  methods: [...methods, bury, escape, grow, stumble, toil],
};
