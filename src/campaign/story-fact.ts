/**
 * Facts as a story reads them, of which a long log has a million: what is frequent is checked by hand for the fields that a story
 * uses, in a tenth of the time that its schema takes; what is rare goes through its schema like everywhere.
 */
import { toStoredFact } from '../nats/campaign-log.ts';
import type { StoredMessage } from '../nats/log-reader.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { parseLogSubject } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';

type Fields = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder();

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === 'number';
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const isTask = (task: unknown): boolean =>
  isFields(task) &&
  isText(task['id']) &&
  isText(task['method']) &&
  isText(task['topic']) &&
  isText(task['pool']) &&
  isNumber(task['slots']) &&
  isNumberOrNull(task['candidate']) &&
  (task['grant'] === null || isText(task['grant'])) &&
  (task['choice'] === null || isFields(task['choice']));

function isResult(result: unknown): boolean {
  if (!isFields(result) || !isTask(result['task']) || typeof result['success'] !== 'boolean') return false;
  const { worker, times, failure, attempts } = result;
  if (!isFields(worker) || !isText(worker['id']) || !isText(worker['host']) || !isFields(times)) return false;
  if (failure !== null && !(isFields(failure) && isText(failure['code']) && isText(failure['message']))) return false;
  const { queued, pickedUp, computeStarted, computeEnded } = times;
  return [queued, pickedUp, computeStarted, computeEnded].every(isNumber) && Array.isArray(attempts);
}

const areBooks = (event: Fields): boolean =>
  isNumber(event['capacity']) &&
  isFields(event['pools']) &&
  Object.values(event['pools']).every(
    (pool) => isFields(pool) && isNumber(pool['allocated']) && isNumber(pool['free']),
  );

/** What a story needs of an event, by its source and type. */
const checks: Readonly<Record<string, (event: Fields) => boolean>> = {
  'worker.task.finished': (event) => isResult(event['result']),
  'submitter.task.created': (event) => isTask(event['task']),
  'inference-runner.task.created': (event) => isTask(event['task']),
  'resource-ledger.slots.changed': areBooks,
  'resource-ledger.slots.granted': (event) =>
    isText(event['grant']) && isText(event['pool']) && isNumber(event['slots']) && isNumberOrNull(event['freedBy']),
  'result-processor.result.recorded': (event) =>
    isText(event['task']) &&
    isText(event['topic']) &&
    isNumber(event['successes']) &&
    isNumberOrNull(event['candidate']) &&
    isNumberOrNull(event['value']) &&
    typeof event['success'] === 'boolean',
};

/**
 * A fact as it was stored, with an event that fits as far as a story looks.
 * @throws ProtocolError when the message is none.
 */
export function storyFact(message: StoredMessage): StoredFact {
  const { subject, data, sequence, storedAt } = message;
  const { source = '', event: type = '' } = parseLogSubject(subject) ?? {};
  const check = checks[`${source}.${type}`];
  if (check === undefined) return toStoredFact(message);
  const fact: unknown = parse(data, `${subject} (${sequence})`);
  const isGood =
    isFields(fact) &&
    fact['v'] === protocolVersion &&
    isText(fact['id']) &&
    isNumberOrNull(fact['number']) &&
    isNumberOrNull(fact['cause']) &&
    isNumber(fact['saidAt']) &&
    isFields(fact['event']) &&
    fact['event']['type'] === type &&
    check(fact['event']);
  // Its schema says what does not fit, or sets what an older version left out.
  if (!isGood) return toStoredFact(message);
  // What was just parsed is nobody else's: a copy of it would take as long as all the checks.
  return Object.assign(fact, { sequence, source, storedAt }) as unknown as StoredFact;
}

function parse(data: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(decoder.decode(data));
  } catch (cause) {
    throw new ProtocolError(`${where}: not JSON`, { cause });
  }
}
