import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { TaskResult } from '../../../src/protocol/task.ts';
import { TopicMailboxes } from '../../../src/tasks/topic-mailboxes.ts';

const resultOf = (n: number): TaskResult => ({ value: n }) as TaskResult;

describe('TopicMailboxes', () => {
  it('gives every result of a topic to one caller, in order, whatever came first', async () => {
    const moves = fc.array(fc.record({ topic: fc.constantFrom('a', 'b'), put: fc.boolean() }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(moves, async (script) => {
        const mailboxes = new TopicMailboxes();
        const asked: Record<string, Promise<TaskResult | null>[]> = { a: [], b: [] };
        const sent: Record<string, number[]> = { a: [], b: [] };
        for (const [n, { topic, put }] of script.entries()) {
          if (put) {
            sent[topic]?.push(n);
            mailboxes.put(topic, resultOf(n));
          } else asked[topic]?.push(mailboxes.next(topic, Infinity));
        }
        mailboxes.close();
        for (const topic of ['a', 'b']) {
          const got = await Promise.all(asked[topic] ?? []);
          const values = got.filter((one) => one !== null).map(({ value }) => value);
          expect(values).toEqual(sent[topic]?.slice(0, got.length));
        }
      }),
    );
  });

  it('gives null after the time, and the result to who comes after', async () => {
    vi.useFakeTimers();
    try {
      const mailboxes = new TopicMailboxes();
      const late = mailboxes.next('a', 1_000);
      vi.advanceTimersByTime(999);
      const patient = mailboxes.next('a', 1_000);
      vi.advanceTimersByTime(1);
      expect(await late).toBeNull();
      mailboxes.put('a', resultOf(1));
      expect(await patient).toEqual(resultOf(1));
      expect(await mailboxes.next('a', 0)).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  it('says nothing comes any more once it is closed, but hands out what is there', async () => {
    const mailboxes = new TopicMailboxes();
    const waiting = mailboxes.next('a', Infinity);
    mailboxes.put('b', resultOf(2));
    mailboxes.close();
    expect(await waiting).toBeNull();
    expect(await mailboxes.next('b', Infinity)).toEqual(resultOf(2));
    expect(await mailboxes.next('b', Infinity)).toBeNull();
  });
});
