import { describe, expect, it } from 'vitest';
import { fitted, painter } from '../../../src/cli/terminal-text.ts';
import { topLines, type TopView } from '../../../src/cli/top-screen.ts';
import type { SlotRow, TaskRow, WorkerRow } from '../../../src/story/views.ts';

const slot = (lane: number, task: SlotRow['task'], idle: SlotRow['idle']): SlotRow => ({
  lane,
  worker: `node-${lane % 3}-abcdefgh`,
  host: `node-${lane % 3}`,
  task,
  since: 900_000,
  idle,
});
const worker = (index: number, more: Partial<WorkerRow> = {}): WorkerRow => ({
  worker: `node-${index}-abcdefgh`,
  host: `node-${index}`,
  slots: 16,
  running: 15,
  state: 'there',
  joinedAt: 0,
  goneAt: null,
  done: 1_234,
  failed: 0,
  load: 15.9,
  heardAt: 1_000_000,
  ...more,
});
const result = (value: number, label: string): TaskRow => ({ value, label }) as TaskRow;

const view: TopView = {
  id: 'batched-20260101-120000',
  policy: 'batched',
  overview: {
    position: 5_000,
    at: 1_000_000,
    state: 'draining',
    reason: 'seen enough\u001b[31m of these\u202e',
    doing: ['Nothing new starts, since somebody has seen enough.', '2 tasks still run to the end.'],
    startedAt: 0,
    endedAt: null,
    elapsedSeconds: 1_000,
    counts: { total: 3_000, succeeded: 750, failed: 12, running: 2, queued: 1, withdrawn: 0, retried: 3 },
    found: {
      count: 700,
      share: 0.93,
      shareOfLast25: 0.8,
      simulationsPerMinute: 45,
      findsPerMinute: 36,
      secondsToNextFind: 1.7,
    },
    best: Array.from({ length: 10 }, (_, i) => result(0.7 - i / 100, `C${'(F)(Cl)C'.repeat(i * 3)}`)),
    recent: [],
    next: [],
    pinned: [],
    vetoed: [],
    capacity: 48,
    pools: [
      { pool: 'simulate', allocated: 46, free: 0 },
      { pool: 'train', allocated: 1, free: 1 },
    ],
    slots: Array.from({ length: 48 }, (_, i) =>
      i % 8 === 0
        ? slot(i, null, 'no work in pool')
        : slot(i, { task: `t-${i}`, topic: 'simulate', label: 'CCO' }, null),
    ),
    workers: [
      worker(0),
      worker(1, { failed: 3 }),
      worker(2, { state: 'draining', load: null }),
      worker(3, { state: 'lost' }),
    ],
    model: {
      update: 9,
      trainedOn: 740,
      model: 'ab',
      isUpdating: true,
      staleResults: 10,
      recentError: 0.0123,
      updates: 9,
      failedUpdates: 0,
    },
  },
  actors: [
    { actor: 'campaign', state: 'draining.toEnd', runBy: 'process 12 on head' },
    { actor: 'inference-runner', state: 'idle', runBy: null },
  ],
  objective: { label: 'IE', unit: 'hartree', also: { unit: 'eV', factor: 27.2114 } },
  threshold: 0.55,
  seek: 'highest',
  lostSince: 988_000,
  now: 1_000_000,
};
const plain = (line: string): string => line.replaceAll(/\u001b\[[\d;]*m/g, '');

describe('the screen of cox top', () => {
  it.each([
    [64, 24],
    [80, 24],
    [80, 12],
    [132, 60],
  ])('fits %i columns and %i rows', (columns, rows) => {
    const lines = topLines(view, { columns, rows }, painter(true));
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(plain(line).length, plain(line)).toBeLessThanOrEqual(columns);
    const text = lines.map(plain).join('\n');
    expect(text).toContain('750 of 3,000 successful, 12 failed, 2 running, 1 queued');
    expect(text).toContain('the NATS server does not answer; what is shown is 12 s old');
    // Of every list something, and how much is missing.
    if (rows >= 24) expect(text).toMatch(/… \d+ more/);
  });

  it('has no colours and nothing hostile where none are wanted, and shows everything where there is room', () => {
    const lines = topLines(view, { columns: 80, rows: null }, painter(false));
    const text = lines.join('\n');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(lines.filter((line) => line.includes('no work in pool'))).toHaveLength(6);
    expect(text).toContain('node-2-abcdefgh');
    expect(text).toContain('nobody');
    expect(text).toContain('1 worker has left or was lost');
    expect(text).not.toMatch(/… \d+ more/);
  });

  it('says of a campaign that nobody runs just that, and not what was going on', () => {
    const actors = view.actors.map((one) => ({ ...one, runBy: null }));
    const text = topLines({ ...view, actors }, { columns: 80, rows: 24 }, painter(false)).join('\n');
    expect(text).toContain('No process runs its actors');
    expect(text).not.toContain('2 tasks still run');
  });
});

describe('fitted text', () => {
  it.each([
    ['CCO', 5, 'CCO  '],
    ['C(F)(F)F', 5, 'C(F)…'],
    ['分子', 5, '分子 '],
    ['分子分子', 5, '分子…'],
    ['a\nb', 4, 'a\\nb'],
  ])('%j in %i columns', (text, columns, expected) => {
    expect(fitted(text, columns)).toBe(expected);
  });
});
