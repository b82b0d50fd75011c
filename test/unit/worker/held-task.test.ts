import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factSchema } from '../../../src/protocol/fact.ts';
import { taskResultSchema, taskSchema, type Task } from '../../../src/protocol/task.ts';
import { readTask, resultMessage, salvageTask } from '../../../src/worker/held-task.ts';
import { resultId, streamOfReport } from '../../../src/worker/result-index.ts';
import type { Delivery } from '../../../src/worker/task-source.ts';
import { outcomeWithout } from '../../../src/worker/wire.ts';

const task: Task = {
  v: 1,
  id: 'simulate-17',
  campaign: 'run-1',
  method: 'echo',
  topic: 'simulate',
  source: 'submitter',
  number: 17,
  arguments: { smiles: 'CO' },
  pool: 'simulate',
  slots: 1,
  grant: 'grant-17',
  candidate: 4,
  choice: { score: 0.6 },
  timeoutMs: null,
  memoryMb: null,
  report: 'cox.log.run-1.worker.task.finished',
  createdAt: 1_000.25,
};
const delivered = (text: string): Delivery => ({
  workerClass: 'odd',
  method: 'echo',
  data: new TextEncoder().encode(text),
  reply: 'reply',
  delivery: 2,
  sequence: 9,
  storedAt: 1_001,
});
const worker = { id: 'host-1', host: 'host', child: 2 };
const refused = { code: 'x', message: 'y', retry: 'never', details: {} } as const;

describe('resultMessage', () => {
  it('is a fact with a result that fits, for a campaign', () => {
    const held = readTask(delivered(JSON.stringify(task)), 1);
    const outcome = { ...outcomeWithout(1, refused), failure: null, value: '{"ie":0.5}' };
    const fact = factSchema.parse(JSON.parse(resultMessage(held, outcome, worker)));
    expect(fact).toMatchObject({ id: 'simulate-17/finished/host-1/2', number: null, cause: null, heardAt: null });
    expect(fact.event.type).toBe('task.finished');
    const result = taskResultSchema.parse(fact.event['result']);
    expect(result).toMatchObject({ task, success: true, value: { ie: 0.5 }, failure: null, worker });
    expect(result.times).toMatchObject({ created: 1_000.25, queued: 1_001 });
    expect(held.id).toBe(resultId('run-1', 'simulate-17'));
  });

  it('is the bare result for a task client, whatever the arguments and the value are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (given, value) => {
        const asked = { ...task, arguments: given, report: 'cox.result.run-1.simulate' };
        const held = readTask(delivered(JSON.stringify(asked, null, 2)), 1);
        const outcome = { ...outcomeWithout(1, refused), failure: null, value: JSON.stringify(value) };
        const result = taskResultSchema.parse(JSON.parse(resultMessage(held, outcome, worker)));
        expect(JSON.stringify(result.value)).toBe(JSON.stringify(value));
        expect(JSON.stringify(result.task.arguments)).toBe(JSON.stringify(given));
      }),
    );
  });

  it('has no value when the task failed', () => {
    const held = readTask(delivered(JSON.stringify(task)), 1);
    const fact = factSchema.parse(JSON.parse(resultMessage(held, outcomeWithout(1, refused), worker)));
    const result = taskResultSchema.parse(fact.event['result']);
    expect(result).toMatchObject({ success: false, value: null, failure: refused });
  });
});

describe('salvageTask', () => {
  it('keeps every field that fits, and never makes more of a message than a task', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(task)), fc.oneof(fc.jsonValue(), fc.constant('run-1'))),
        (damage) => {
          const held = salvageTask(delivered(JSON.stringify({ ...task, ...damage })), 1);
          if (held === null) return;
          expect(taskSchema.safeParse(held.task).success).toBe(true);
          expect(taskSchema.parse(JSON.parse(held.text))).toEqual(held.task);
          if (!('grant' in damage)) expect(held.task.grant).toBe('grant-17');
          expect(held.task.report.split('.')[2]).toBe(held.task.campaign);
        },
      ),
    );
  });

  it('gives up on what does not say who asked', () => {
    const texts = ['', '{', 'null', '[]', '7', '{}', JSON.stringify({ ...task, report: 'cox.task.odd.echo' })];
    for (const text of texts) expect(salvageTask(delivered(text), 1)).toBeNull();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(salvageTask(delivered(text), 1)).toBeNull();
      }),
    );
  });
});

describe('streamOfReport', () => {
  it('knows where results belong', () => {
    expect(streamOfReport('cox.log.run-1.worker.task.finished')).toBe('COX_LOG_run-1');
    expect(streamOfReport('cox.result.s.t')).toBe('COX_RESULTS');
    const others = [
      '',
      'cox.task.a.b',
      'cox.result.s',
      'cox.result.s.t.u',
      'cox.log.a',
      'cox.log.*.worker.x',
      'cox.log.a.>',
    ];
    for (const report of [...others, 'cox.log..b.c', '$KV.cox-leases.x']) expect(streamOfReport(report)).toBeNull();
  });
});
