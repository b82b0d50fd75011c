import { describe, expect, it } from 'vitest';
import { steerRequestSchema } from '../../../src/campaign/hands-on.ts';
import { blank, faultsOf, requestOf, wishes, type Action, type Filled } from '../../../web/wishes.ts';

const pools = [
  { pool: 'simulate', allocated: 3, free: 1 },
  { pool: 'train', allocated: 0, free: 0 },
];
const filled = (change: Partial<Filled>): Filled => ({ ...blank, ...change });
const good: Filled = filled({
  candidate: 'CCO',
  candidates: 'CCO\n\n  CCN \n',
  from: 'simulate',
  to: 'train',
  slots: '4',
  task: 'simulate-17',
  reason: ' to see ',
});

describe('a form of the page', () => {
  it.each(Object.keys(wishes) as Action[])('asks for nothing that the server does not know: %s', (action) => {
    expect(faultsOf(action, good, pools)).toEqual({});
    expect(steerRequestSchema.parse(requestOf(action, good))).toMatchObject({ action, reason: 'to see' });
    expect(requestOf(action, filled({ ...good, reason: ' ' }))).not.toHaveProperty('reason');
  });

  it('tells a number from a label, and lines from blanks', () => {
    expect(requestOf('pin', filled({ candidate: ' 12 ' }))).toEqual({ action: 'pin', candidate: 12 });
    expect(requestOf('pin', filled({ candidate: 'C12' }))).toEqual({ action: 'pin', candidate: 'C12' });
    expect(requestOf('add', good)).toMatchObject({ candidates: ['CCO', 'CCN'] });
    expect(requestOf('move', filled({ ...good, slots: 'all' }))).toMatchObject({ slots: 'all' });
  });

  it('says beside the field what is wrong with it', () => {
    const fault = (action: Action, change: Partial<Filled>): object => faultsOf(action, filled(change), pools);
    expect(fault('pin', { candidate: ' ' })).toEqual({
      candidate: expect.stringMatching(/number, or its SMILES/) as string,
    });
    expect(fault('pin', { candidate: 'C C' })).toEqual({ candidate: expect.stringMatching(/blanks/) as string });
    expect(fault('add', { candidates: 'CCO\nCC\nCCO' })).toEqual({
      candidates: expect.stringMatching(/^Line 3/) as string,
    });
    expect(fault('move', { from: 'simulate', to: 'simulate', slots: '5' })).toEqual({
      to: expect.stringMatching(/another pool/) as string,
      slots: 'simulate has 4 slots.',
    });
    expect(fault('move', { from: 'simulate', to: 'train', slots: '1.5' })).toHaveProperty('slots');
    expect(fault('cancel', {})).toHaveProperty('task');
    expect(fault('pause', { reason: 'x'.repeat(1_001) })).toHaveProperty('reason');
  });

  it('has everything confirmed that cannot be taken back', () => {
    const confirmed = (Object.keys(wishes) as Action[]).filter((action) => wishes[action].confirm !== undefined);
    expect(confirmed.sort()).toEqual(['cancel', 'stop']);
  });
});
