/** Plain JSON compared, and told apart by a number: no order of fields counts, and a field that is undefined is none. */

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where two values differ first, as `path: what was found, expected what`; null when they are the same. */
export function firstDifference(found: unknown, expected: unknown, path = ''): string | null {
  if (Object.is(found, expected) || found === expected) return null;
  if (Array.isArray(found) && Array.isArray(expected)) {
    if (found.length !== expected.length) return `${path} has ${found.length} entries, expected ${expected.length}`;
    for (let i = 0; i < found.length; i += 1) {
      const difference = firstDifference(found[i], expected[i], `${path}[${i}]`);
      if (difference !== null) return difference;
    }
    return null;
  }
  if (isFields(found) && isFields(expected)) return differentField(found, expected, path);
  return `${path === '' ? 'it' : path} is ${short(found)}, expected ${short(expected)}`;
}

function differentField(found: Fields, expected: Fields, path: string): string | null {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const difference = firstDifference(found[name], expected[name], path === '' ? name : `${path}.${name}`);
    if (difference !== null) return difference;
  }
  return null;
}

/** A value as a message shows it. */
export function short(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

function ofText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 13);
}

/**
 * A number from 1 to 2^32 - 1 that two values which say the same share: four bytes in place of what was said, so that a log
 * of millions of facts is checked in bounded memory.
 */
export function fingerprint(value: unknown): number {
  return hashOf(value) >>> 0 || 1;
}

function hashOf(value: unknown): number {
  if (typeof value === 'string') return mix(3, ofText(value));
  if (typeof value === 'number') {
    double[0] = value === 0 ? 0 : value;
    return mix(mix(5, words[0] ?? 0), words[1] ?? 0);
  }
  if (typeof value === 'boolean') return value ? 7 : 11;
  if (Array.isArray(value)) {
    let hash = 13;
    for (const one of value) hash = mix(hash, hashOf(one));
    return hash;
  }
  if (!isFields(value)) return 17;
  let sum = 0;
  for (const name in value) {
    const field = value[name];
    // Added up: the order of the fields does not count.
    if (field !== undefined) sum = (sum + mix(mix(19, ofText(name)), hashOf(field))) | 0;
  }
  return mix(23, sum);
}
