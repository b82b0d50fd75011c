/**
 * Prints one half of a table of known answers, always the same: `npx tsx data/half.ts choose|report FILE`. Defaults were chosen on
 * the one and are reported on the other; which half a molecule belongs to follows from its SMILES alone.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [half = '', file = ''] = process.argv.slice(2);
if (half !== 'choose' && half !== 'report') throw new Error('say which half: choose or report, then the file');
const [header = '', ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
/** The lowest bit of the first 32 of the SHA-256 of the SMILES. */
const bitOf = (row: string): number =>
  createHash('sha256').update(row.split('\t')[0] ?? '').digest().readUInt32BE(0) & 1; // prettier-ignore
const kept = rows.filter((row) => bitOf(row) === (half === 'choose' ? 0 : 1));
process.stdout.write(`${[header, ...kept].join('\n')}\n`);
