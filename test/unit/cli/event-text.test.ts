import { expect, test } from 'vitest';
import { eventLine } from '../../../src/cli/event-text.ts';
import { printable } from '../../../src/cli/printable.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { eventText } from '../../../src/story/event-text.ts';
import { finished, granted, recorded, sampleTask } from '../actors/sample-facts.ts';

const fact = (source: string, event: { type: string }): StoredFact => ({
  v: 1,
  id: 'x',
  number: null,
  cause: null,
  heardAt: null,
  saidAt: 0,
  event,
  sequence: 7,
  source,
  storedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
});

test('an event is a line: when, who, what, and what tells most', () => {
  expect(eventLine(fact('resource-ledger', granted('submitter/1', 'grant-3')), false)).toBe(
    '2026-01-02T03:04:05.006Z  resource-ledger   slots.granted           grant-3 to submitter/1, pool simulate',
  );
  expect(eventLine(fact('campaign', { type: 'campaign.started' }), false)).toBe(
    '2026-01-02T03:04:05.006Z  campaign          campaign.started',
  );
  const styled = eventLine(fact('campaign', { type: 'campaign.started' }), true);
  expect(styled).toContain('\u001b[36mcampaign');
});

test.each([
  [
    { type: 'task.created', task: sampleTask({ choice: { by: 'ranking' } }) },
    'simulate-1, candidate 0 by ranking, pool simulate, grant-1',
  ],
  [
    { type: 'task.created', task: sampleTask({ grant: null }) },
    'simulate-1, candidate 0, pool simulate, ahead of a slot',
  ],
  [{ ...granted('ahead', 'grant-3'), task: 'simulate-1' }, 'grant-3 to simulate-1, pool simulate'],
  [
    finished({}, { failure: 'withdrawn by submitter: no', code: 'task.withdrawn' }),
    'simulate-1 withdrawn by submitter: no',
  ],
  [recorded({ success: false, withdrawn: true, value: null }), 'simulate-1 withdrawn, 1 successful'],
  [finished({}, { value: 1 }), 'simulate-1 on h in 0.00 s succeeded'],
  [finished({}, { failure: 'no' }), 'simulate-1 on h in 0.00 s failed, method.threw: no'],
  [recorded({ failures: 2, targetReached: true }), 'simulate-1 0.5000, 1 successful, 2 failed, the target is reached'],
  [{ type: 'slots.changed', capacity: 3, pools: { a: { allocated: 1, free: 2 } } }, 'capacity 3: a 1+2'],
  [
    { type: 'ranking.updated', update: 1, trainedOn: 8, scored: 90, ranking: [] },
    'update 1: 90 scored by a model of 8',
  ],
  [{ type: 'drain.requested', reason: 'enough', by: 'me@here' }, 'reason enough, by me@here'],
])('%o', (event, text) => {
  expect(eventText({ event })).toBe(text);
});

test('what a terminal would obey is spelt out', () => {
  const hostile = 'a\u001b[2Jb\nc\r\u0007\u009b31m\u202ed\u2066';
  expect(printable(hostile)).toBe('a\\u001b[2Jb\\nc\\r\\u0007\\u009b31m\\u202ed\\u2066');
  const line = eventLine(fact('operator', { type: 'drain.requested', reason: hostile } as never), false);

  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2066]/);
  expect(JSON.parse(printable(JSON.stringify({ hostile })))).toEqual({ hostile });
});

test('a long text is cut', () => {
  expect(eventText({ event: { type: 'drain.requested', reason: 'x'.repeat(500) } })).toHaveLength(160);
});
