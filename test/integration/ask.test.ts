/** The questions of docs/nats.md, asked by a client of a real campaign; and its metrics, scraped from the processes that serve them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/nats-core';
import { Svcm } from '@nats-io/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot, packageVersion } from '../../src/campaign/load.ts';
import { campaignFolder, eventually, Scene, type CoxProcess } from '../support/scene.ts';

const page = readFileSync(join(packageRoot, 'docs/nats.md'), 'utf8');
const board = readFileSync(join(packageRoot, 'deploy/grafana/coxswain.json'), 'utf8');
/** Every question of the page, with what is sent along. */
const asked = [...page.matchAll(/^\$ nats req (?:--raw )?(cox\.ask\.\S+) '?([^'\n]*)'?$/gm)].map(
  ([, subject = '', payload = '']) => ({ subject, payload }),
);
const actors = ['campaign', 'fleet', 'inference-runner', 'resource-ledger', 'result-processor', 'submitter', 'trainer'];

let scene: Scene;
let connection: NatsConnection;
let hosting: CoxProcess;
let worker: CoxProcess;
let workerId: string;

interface Answer {
  readonly value: unknown;
  readonly error: string | null;
  readonly code: number | null;
}

async function ask(subject: string, payload = ''): Promise<Answer> {
  const { headers, data } = await connection.request(subject, payload, { timeout: 10_000 });
  const error = headers?.get('Nats-Service-Error') ?? '';
  if (error !== '') return { value: null, error, code: Number(headers?.get('Nats-Service-Error-Code')) };
  return { value: JSON.parse(new TextDecoder().decode(data)) as unknown, error: null, code: null };
}

const urlIn = (text: string): string => /metrics: (http:\/\/[\d.:]+\/metrics)/.exec(text)?.[1] ?? '';

beforeAll(async () => {
  scene = await Scene.open();
  connection = await scene.connect();
  const start = scene.cox('start', campaignFolder('quick'), '--id', 'demo', '--total', '5000', '--ms', '40');
  expect(await start.exit, start.stderr()).toBe(0);
  hosting = scene.cox('actor', 'all', '--campaign', 'demo', '--folder', campaignFolder('quick'), '--metrics', '0');
  worker = await scene.worker({ folders: [campaignFolder('quick')], args: ['--metrics', '127.0.0.1:0'] });
  workerId = /worker (\S+) ready/.exec(worker.stderr())?.[1] ?? '';
  await eventually(async () => {
    const { value } = await ask('cox.ask.demo.trainer.model');
    expect(value).toMatchObject({ update: 1 });
  }, 30_000);
}, 60_000);

afterAll(() => scene[Symbol.asyncDispose]());

describe('questions over NATS', () => {
  it('are found by micro discovery, with what each of them takes', async () => {
    const client = new Svcm(connection as never).client({ strategy: 'stall', maxWait: 2_000 });
    const services = [];
    for await (const service of await client.info()) services.push(service);
    expect(services.map(({ name, version }) => [name, version]).sort()).toEqual([
      ['cox-actors', packageVersion()],
      ['cox-worker', packageVersion()],
    ]);
    const subjects = services.flatMap(({ endpoints }) => endpoints.map(({ subject }) => subject));
    for (const actor of actors) expect(subjects).toContain(`cox.ask.demo.${actor}.status`);
    for (const { endpoints } of services)
      for (const { metadata } of endpoints) expect(metadata).toMatchObject({ about: /./, takes: /./ });
    // The page shows every question that there is, and none that there is not.
    const onPage = asked.map(({ subject }) =>
      subject.replace(/^cox\.ask\.worker\..*/, `cox.ask.worker.${workerId}.status`),
    );
    const questions = subjects.filter((subject) => !subject.endsWith('.status'));
    expect(new Set(onPage)).toEqual(
      new Set([...questions, 'cox.ask.demo.resource-ledger.status', `cox.ask.worker.${workerId}.status`]),
    );
    const pings = [];
    for await (const ping of await client.ping('cox-worker')) pings.push(ping.metadata);
    expect(pings).toMatchObject([{ worker: workerId }]);
    await ask('cox.ask.demo.fleet.status');
    const stats = [];
    for await (const one of await client.stats('cox-actors')) stats.push(...(one.endpoints ?? []));
    expect(stats.find(({ name }) => name === 'fleet-status')?.num_requests).toBeGreaterThan(0);
  });

  it('are answered, every one that docs/nats.md shows', async () => {
    expect(asked.length).toBeGreaterThan(12);
    const { value: recent } = await ask('cox.ask.demo.campaign.best', '1');
    const [{ task = '' } = {}] = recent as { task?: string }[];
    for (const { subject, payload } of asked) {
      const here = subject.replace(/^cox\.ask\.worker\..*/, `cox.ask.worker.${workerId}.status`);
      const isWrong = payload === 'simulate-x';
      const { error, code } = await ask(here, subject.endsWith('.why') && !isWrong ? task : payload);
      if (isWrong) expect([subject, code, error]).toEqual([subject, 400, expect.stringContaining('simulate-x')]);
      else expect([subject, error]).toEqual([subject, null]);
    }
  });

  it('say what actors and workers are doing, from the same story as everything else', async () => {
    const { value: ledger } = await ask('cox.ask.demo.resource-ledger.status');
    expect(ledger).toMatchObject({
      campaign: 'demo',
      actor: 'resource-ledger',
      state: 'open',
      timers: [],
      runBy: expect.stringContaining(`process ${hosting.pid} on `) as string,
    });
    expect((ledger as { mailbox: number }).mailbox).toBeLessThan(100);
    expect((ledger as { position: number }).position).toBeGreaterThan(10);
    const { value: workers } = await ask('cox.ask.demo.fleet.workers');
    expect(workers).toMatchObject([{ worker: workerId, slots: 2, ask: `cox.ask.worker.${workerId}.status` }]);
    const { value: status } = await ask(`cox.ask.worker.${workerId}.status`);
    expect(status).toMatchObject({ id: workerId, slots: 2, failed: 0, version: packageVersion() });
    const { value: best } = await ask('cox.ask.demo.campaign.best', '3');
    const values = (best as { value: number }[]).map(({ value }) => value);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values).toHaveLength(3);
  });

  it.each([
    ['campaign.best', 'many', /takes how many, 1 to 1000/],
    ['campaign.why', '', /takes a task such as/],
    ['campaign.why', 'mol\u00e9cule\r\n\u202e', /no task is called "mol\u00e9cule/],
    ['campaign.why', '"no such"', /no task is called "no such"/],
    ['campaign.progress', '{"fast":true}', /campaign.progress takes nothing; it was sent "\{"fast":true\}"/],
    ['resource-ledger.idle', '-3', /of how many of the last seconds/],
  ])('refuse what they do not take: %s %s', async (question, payload, says) => {
    const { code, error } = await ask(`cox.ask.demo.${question}`, payload);
    expect([code, error]).toEqual([400, expect.stringMatching(says)]);
  });
});

describe('metrics', () => {
  it('are served by the processes, every one that the board shows', async () => {
    const texts = await Promise.all([hosting, worker].map(async ({ stderr }) => (await fetch(urlIn(stderr()))).text()));
    // A value that there is none of yet, such as an error of predictions, is announced without a sample.
    const served = new Set(
      texts
        .join('\n')
        .match(/^(?:# TYPE )?[a-z][a-z0-9_]+/gm)
        ?.map((name) => name.replace('# TYPE ', '')),
    );
    const shown = new Set(board.match(/\b(?:cox|nodejs|process)_[a-z0-9_]+/g));
    expect(shown.size).toBeGreaterThan(30);
    expect([...shown].filter((name) => !served.has(name))).toEqual([]);
    const [campaign = '', ofWorker = ''] = texts;
    expect(campaign).toMatch(/^cox_campaign_state\{campaign="demo",state="running"\} 1$/m);
    expect(campaign).toMatch(/^cox_ledger_capacity\{campaign="demo"\} 2$/m);
    expect(campaign).toMatch(/^cox_actor_decision_seconds_count\{campaign="demo",actor="submitter"\} [1-9]/m);
    expect(campaign).not.toContain('cox_worker_');
    expect(ofWorker).toMatch(/^cox_worker_tasks_total\{host="[^"]+",outcome="done"\} [1-9]/m);
  });

  it('answer at one path, to GET, and at an address that is free', async () => {
    const url = urlIn(hosting.stderr());
    expect(await fetch(url.replace('/metrics', '/')).then(({ status }) => status)).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
    const taken = scene.cox('actor', 'all', '--campaign', 'demo', '--metrics', new URL(url).host);
    expect(await taken.exit).toBe(2);
    expect(taken.stderr()).toMatch(
      /--metrics: 127\.0\.0\.1:\d+ cannot be listened at .*EADDRINUSE.*choose another port/,
    );
  });
});

describe('the terminal', () => {
  it('shows the campaign as the questions do, and a task from its first event on', async () => {
    const { value } = await ask('cox.ask.demo.campaign.best', '1');
    const [{ task = '' } = {}] = value as { task?: string }[];
    const folder = ['--folder', campaignFolder('quick')];
    const [block, json] = [
      scene.cox('top', 'demo', '--once', ...folder),
      scene.cox('top', 'demo', '--once', '--json', ...folder),
    ];
    const watch = scene.cox('watch', 'demo', '--task', task, '--json');
    expect(await block.exit, block.stderr()).toBe(0);
    expect(block.stdout()).toMatch(/^demo {2}batched {2}running/);
    expect(block.stdout()).toContain(`actors, all run by process ${hosting.pid} on`);
    expect(block.stdout()).not.toContain('\u001b');
    expect(await json.exit, json.stderr()).toBe(0);
    const shown = JSON.parse(json.stdout()) as {
      overview: { best: object[]; slots: object[] };
      actors: { actor: string }[];
    };
    expect(shown.overview.best).toHaveLength(10);
    expect(shown.overview.slots).toHaveLength(2);
    expect(shown.actors.map(({ actor }) => actor).sort()).toEqual(actors);
    await eventually(() => expect(watch.stdout()).toContain('result.recorded'));
    watch.child.kill('SIGINT');
    expect(await watch.exit).toBe(130);
    const types = watch
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: { type: string } }).event.type);
    expect(types).toEqual(['task.created', 'task.finished', 'result.recorded']);
  });
});
