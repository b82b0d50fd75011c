/** What each event of a campaign's log says, in one line: its few telling fields. */
import type { StoredFact } from '../protocol/fact.ts';
import { printable } from '../protocol/printable.ts';
import type { TaskFailure } from '../protocol/task.ts';

type Fields = Readonly<Record<string, unknown>>;

const mostCharacters = 160;

/** What an event says, without a line's beginning; hostile characters are spelt out. */
export function eventText({ event }: Pick<StoredFact, 'event'>): string {
  const text = textOf(event);
  return printable(text.length > mostCharacters ? `${text.slice(0, mostCharacters - 3)}...` : text);
}

function textOf(event: Fields): string {
  switch (event['type']) {
    case 'task.created':
      return createdText(event['task'] as Fields);
    case 'task.finished':
      return finishedText(event['result'] as Fields);
    case 'result.recorded':
      return recordedText(event);
    case 'slots.changed':
      return `capacity ${String(event['capacity'])}: ${poolsText(event['pools'] as Fields)}`;
    case 'slots.granted':
      return `${String(event['grant'])} to ${String(event['task'] ?? event['request'])}, pool ${String(event['pool'])}`;
    case 'ranking.updated':
      return rankingText(event);
    case 'workers.listed':
      return `${(event['workers'] as unknown[]).length} workers`;
    default:
      return fieldsText(event);
  }
}

function rankingText(event: Fields): string {
  const scored = String(event['scored']);
  if (event['update'] === 0) return `${scored} first candidates`;
  const rest = event['older'] === undefined ? '' : ', the others to follow';
  return `update ${String(event['update'])}: ${scored} scored by a model of ${String(event['trainedOn'])}${rest}`;
}

function createdText({ id, candidate, choice, pool, grant }: Fields): string {
  const { by } = (choice ?? {}) as { by?: unknown };
  const about =
    candidate === null ? '' : `, candidate ${Number(candidate)}${typeof by === 'string' ? ` by ${by}` : ''}`;
  return `${String(id)}${about}, pool ${String(pool)}, ${typeof grant === 'string' ? grant : 'ahead of a slot'}`;
}

function finishedText({ task, success, failure, worker, resources }: Fields): string {
  const { code, message } = (failure ?? { code: '', message: '' }) as Pick<TaskFailure, 'code' | 'message'>;
  const { host } = worker as { host: string };
  const seconds = ((resources as { wallMs: number }).wallMs / 1_000).toFixed(2);
  if (code === 'task.withdrawn') return `${(task as { id: string }).id} ${message}`;
  const how = success === true ? 'succeeded' : `failed, ${code}: ${message}`;
  return `${(task as { id: string }).id} on ${host} in ${seconds} s ${how}`;
}

function recordedText(event: Fields): string {
  const value = typeof event['value'] === 'number' ? ` ${event['value'].toFixed(4)}` : '';
  const failed = Number(event['failures']) > 0 ? `, ${String(event['failures'])} failed` : '';
  const due =
    event['targetReached'] === true
      ? ', the target is reached'
      : event['updateDue'] === true
        ? ', an update is due'
        : '';
  const success = event['success'] === true ? value : event['withdrawn'] === true ? ' withdrawn' : ' failed';
  return `${String(event['task'])}${success}, ${String(event['successes'])} successful${failed}${due}`;
}

const poolsText = (pools: Fields): string =>
  Object.entries(pools as Readonly<Record<string, { allocated: number; free: number }>>)
    .map(([pool, { allocated, free }]) => `${pool} ${allocated}+${free}`)
    .join(', ');

/** The plain fields of an event, as they are named. */
function fieldsText(event: Fields): string {
  return Object.entries(event)
    .filter(
      ([name, value]) => name !== 'type' && value !== null && ['string', 'number', 'boolean'].includes(typeof value),
    )
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}
