import { expect, it } from 'vitest';
import { within } from '../../../src/worker/within.ts';

it('waits also for longer than a timer of the system can', async () => {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let isOver = false;
  const waiting = within(90 * 24 * 3_600_000, ended).then(() => (isOver = true));
  await within(100, new Promise(() => undefined));
  expect(isOver).toBe(false);
  end();
  await waiting;
});
