import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { describe, expect, it } from 'vitest';
import { readStored, type StoredMessage } from '../../src/nats/log-reader.ts';
import { openCampaigns } from '../../src/nats/streams.ts';
import { streams, subjects } from '../../src/protocol/subjects.ts';
import { Scene, type CoxProcess } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

const space = 'id,SMILES\n1,C\n2,CO\n3,CC\n4,CCO\n5,CCC\n6,CN\n7,CCN\n8,CC=O\n9,CCCO\n';
const flags = [
  '--id',
  'one',
  '--space',
  'small.csv',
  '--total',
  '8',
  '--initial',
  '4',
  '--batch',
  '2',
  '--workers',
  '2',
];

async function messagesOf(connection: NatsConnection): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  const range = { stream: streams.log('one'), filters: [subjects.logOf('one')], from: 1 };
  await readStored(connection, { ...range, onMessage: (message) => messages.push(message) });
  return messages;
}

/** What an audit says, and its exit code. */
async function outcome(audit: CoxProcess): Promise<{ code: unknown; said: string }> {
  const code = await audit.exit;
  return { code, said: audit.stdout() + audit.stderr() };
}

describe('cox audit', () => {
  it('proves a run of this folder from its store, and knows no other', { timeout: 90_000 }, async () => {
    await using place = await Workplace.open();
    await writeFile(join(place.path, 'small.csv'), space);
    const run = place.cox(['run', ...flags, '--quiet']);
    expect(await run.exit, run.stderr()).toBe(0);
    const { code, said } = await outcome(place.cox(['audit', 'one']));
    expect(said).toMatch(/^one: everything is accounted for\n {2}facts +\d+, none missing; the campaign is over\n/);
    expect(code).toBe(0);
    const json = place.cox(['audit', 'one', '--json']);
    expect(await json.exit).toBe(0);
    const lines = await place.results('one');
    expect(JSON.parse(json.stdout())).toMatchObject({
      isClean: true,
      isOver: true,
      violations: [],
      tasks: { created: lines.length, finished: lines.length, recorded: lines.length },
      slots: { held: [], capacity: { max: 2 } },
      effects: { unsaid: 0 },
    });
    expect(await outcome(place.cox(['audit', 'other']))).toMatchObject({ code: 2 });
  });

  it('names what was slipped into a log, and what is missing of it', { timeout: 90_000 }, async () => {
    await using scene = await Scene.open();
    await using place = await Workplace.open();
    await writeFile(join(place.path, 'small.csv'), space);
    const audit = (server: Scene): Promise<{ code: unknown; said: string }> =>
      outcome(place.cox(['audit', 'one', '--nats', server.server.url], server.environment));
    const run = place.cox(['run', ...flags, '--quiet', '--nats', scene.server.url], scene.environment);
    expect(await run.exit, run.stderr()).toBe(0);
    expect(await audit(scene)).toMatchObject({ code: 0 });

    const connection = await scene.connect();
    const messages = await messagesOf(connection);
    const middle = messages[Math.floor(messages.length / 2)];
    if (middle === undefined) throw new Error('the log is empty');

    // A copy of the log on another server, which one message was deleted of.
    await using copy = await Scene.open();
    const theirs = await copy.connect();
    const manager = await jetstreamManager(theirs);
    await manager.streams.add({ name: streams.log('one'), subjects: [subjects.logOf('one')] });
    for (const { subject, data, id } of messages) {
      const header = headers();
      header.set('Nats-Msg-Id', id);
      await jetstream(theirs).publish(subject, data, { headers: header });
    }
    const record = await (await openCampaigns(connection)).get('one');
    await (await openCampaigns(theirs)).create('one', record?.value ?? '');
    expect(await audit(copy)).toMatchObject({ code: 0 });
    await manager.streams.deleteMessage(streams.log('one'), middle.sequence);
    expect(await audit(copy)).toMatchObject({
      code: 1,
      said: expect.stringContaining(
        `one: the log does not fit at ${middle.sequence}\n  there is no message ${middle.sequence};`,
      ) as string,
    });

    // A fact that no actor has said, and something that is none.
    const created = messages.find(({ subject }) => subject.endsWith('submitter.task.created'));
    const fact = JSON.parse(new TextDecoder().decode(created?.data)) as Record<string, unknown>;
    const forged = { ...fact, id: 'submitter/7/9', number: 999 };
    const subject = subjects.log('one', 'submitter', 'task.created');
    const { seq } = await jetstream(connection).publish(subject, JSON.stringify(forged));
    await jetstream(connection).publish(subject, 'no fact');
    const { code, said } = await audit(scene);
    expect(said).toMatch(
      new RegExp(
        `^one: the log does not fit at ${seq}\\n  submitter said task.created: the replay says only \\d+ facts`,
      ),
    );
    expect(said).toMatch(/and \d+ more, which may follow from it/);
    expect(code).toBe(1);
  });
});
