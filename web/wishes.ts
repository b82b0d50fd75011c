/** What may be asked of the campaign by hand: how each is explained, and what is wrong with what somebody has filled in. */
import type { SteerRequest } from '../src/dashboard/api.ts';
import type { CampaignState, Overview, PoolRow } from '../src/story/views.ts';

export type Action = SteerRequest['action'];

/** What the fields of a form hold, as text. */
export type Filled = Readonly<Record<'candidate' | 'candidates' | 'from' | 'to' | 'slots' | 'task' | 'reason', string>>;
export type Field = keyof Filled;

export interface Wish {
  /** Its name in the list, and what its button says. */
  readonly name: string;
  readonly verb: string;
  /** What comes of it, in a sentence. */
  readonly means: string;
  readonly fields: readonly Field[];
  /** What has to be confirmed, since it cannot be taken back. */
  readonly confirm?: string;
  /** States of the campaign in which it makes sense. */
  readonly when: readonly CampaignState[];
}

const alive = ['created', 'running', 'draining', 'paused'] as const;

export const wishes: Readonly<Record<Action, Wish>> = {
  pause: {
    name: 'Pause',
    verb: 'Pause',
    means: 'What runs may finish; nothing new starts until somebody resumes it.',
    fields: [],
    when: ['created', 'running'],
  },
  resume: {
    name: 'Resume',
    verb: 'Resume',
    means: 'Slots are granted again, and the best candidates are simulated.',
    fields: [],
    when: ['paused', 'draining'],
  },
  pin: {
    name: 'Pin a molecule first',
    verb: 'Pin it',
    means: 'It is simulated before all others, as soon as a slot is free.',
    fields: ['candidate'],
    when: alive,
  },
  unpin: {
    name: 'Take a pin away',
    verb: 'Unpin it',
    means: 'It is chosen in its turn again.',
    fields: ['candidate'],
    when: alive,
  },
  veto: {
    name: 'Veto a molecule',
    verb: 'Veto it',
    means: 'It is never chosen. If it runs already, it runs on.',
    fields: ['candidate'],
    when: alive,
  },
  allow: {
    name: 'Take a veto away',
    verb: 'Allow it',
    means: 'It may be chosen again.',
    fields: ['candidate'],
    when: alive,
  },
  add: {
    name: 'Add candidates',
    verb: 'Add them',
    means: 'They join the candidates that may be chosen. What was added stays; a veto keeps it from being simulated.',
    fields: ['candidates'],
    when: alive,
  },
  move: {
    name: 'Move slots',
    verb: 'Move them',
    means: 'Slots go from one pool to another as they fall free.',
    fields: ['from', 'to', 'slots'],
    when: ['running'],
  },
  cancel: {
    name: 'Cancel a task',
    verb: 'Cancel it',
    means: 'It ends where it is and counts as failed.',
    fields: ['task'],
    confirm: 'Yes, end it: what it has computed is lost.',
    when: alive,
  },
  stop: {
    name: 'Drain and end',
    verb: 'End the campaign',
    means: 'What runs may finish; then the campaign is over for good.',
    fields: [],
    confirm: 'Yes, end it for good: it cannot be resumed.',
    when: ['created', 'running', 'draining', 'paused'],
  },
};

/** The fields of an empty form. */
export const blank: Filled = { candidate: '', candidates: '', from: '', to: '', slots: '1', task: '', reason: '' };

const longestReason = 1_000;
const longestLabel = 1_000;
/** As many as the server takes at a time. */
const mostAdded = 500;

/** What is wrong with each field of a form, in words; nothing when it may be sent. */
export function faultsOf(action: Action, filled: Filled, pools: readonly PoolRow[]): Partial<Record<Field, string>> {
  const asked = new Set<Field>([...wishes[action].fields, 'reason']);
  const faults = { ...rules(filled, pools) };
  return Object.fromEntries(
    Object.entries(faults).filter(([field, fault]) => asked.has(field as Field) && fault !== ''),
  );
}

function rules(filled: Filled, pools: readonly PoolRow[]): Record<Field, string> {
  const { candidate, from, to, task, reason } = filled;
  return {
    candidate: candidateFault(candidate.trim()),
    candidates: candidatesFault(linesOf(filled.candidates)),
    from: from === '' ? 'Choose the pool that gives.' : '',
    to: to === '' ? 'Choose the pool that gets.' : to === from ? 'Choose another pool than the one that gives.' : '',
    slots: slotsFault(filled, pools),
    task: task.trim() === '' ? 'Say which task, such as simulate-17.' : '',
    reason: reason.length > longestReason ? `At most ${longestReason} characters.` : '',
  };
}

function candidateFault(text: string): string {
  if (text === '') return 'Say which: its number, or its SMILES as it is listed.';
  if (/\s/.test(text)) return 'One molecule, without blanks.';
  return text.length > longestLabel ? `At most ${longestLabel} characters.` : '';
}

function candidatesFault(lines: readonly string[]): string {
  if (lines.length === 0) return 'One SMILES a line.';
  if (lines.length > mostAdded) return `${lines.length} lines: at most ${mostAdded} at a time.`;
  const seen = new Set<string>();
  for (const [i, line] of lines.entries()) {
    if (/\s/.test(line)) return `Line ${i + 1} has blanks: one SMILES a line, and nothing else.`;
    if (line.length > longestLabel) return `Line ${i + 1} is longer than ${longestLabel} characters.`;
    if (seen.has(line)) return `Line ${i + 1} is there already: ${line.slice(0, 40)}.`;
    seen.add(line);
  }
  return '';
}

function slotsFault({ from, slots }: Filled, pools: readonly PoolRow[]): string {
  if (slots.trim() === 'all') return '';
  const wanted = Number(slots);
  if (slots.trim() === '' || !Number.isInteger(wanted) || wanted < 1) return 'A whole number from 1 on, or all.';
  const pool = pools.find((one) => one.pool === from);
  if (pool === undefined) return '';
  const there = pool.allocated + pool.free;
  return wanted > there ? `${from} has ${there} slot${there === 1 ? '' : 's'}.` : '';
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** A form without faults as what the server takes. */
export function requestOf(action: Action, filled: Filled): SteerRequest {
  const why = filled.reason.trim();
  const reason = why === '' ? {} : { reason: why };
  switch (action) {
    case 'pause':
    case 'resume':
    case 'stop':
      return { action, ...reason };
    case 'pin':
    case 'unpin':
    case 'veto':
    case 'allow': {
      const candidate = filled.candidate.trim();
      return { action, candidate: /^\d+$/.test(candidate) ? Number(candidate) : candidate, ...reason };
    }
    case 'add':
      return { action, candidates: linesOf(filled.candidates), ...reason };
    case 'move':
      return {
        action,
        from: filled.from,
        to: filled.to,
        slots: filled.slots.trim() === 'all' ? 'all' : Number(filled.slots),
        ...reason,
      };
    case 'cancel':
      return { action, task: filled.task.trim(), ...reason };
  }
}

/** The one thing to do that matters most in a state; null where there is none. */
export function mainWish({ state }: Overview): Action | null {
  if (state === 'running') return 'pause';
  return state === 'paused' || state === 'draining' ? 'resume' : null;
}
