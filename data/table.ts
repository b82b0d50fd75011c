/**
 * Prints a table of known answers (TSV) from the `results.jsonl` of one or several runs, in the order of the SMILES:
 * npx tsx data/table.ts runs/ID/results.jsonl > data/ionization-energies.tsv
 */
import { readFileSync } from 'node:fs';
import { resultLineSchema } from '../src/campaign/result-line.ts';

const columns = ['ionizationEnergyHa', 'homoLumoGapHa', 'neutralEnergyHa', 'cationEnergyHa'] as const;

const rows = new Map<string, string>();
for (const file of process.argv.slice(2)) {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const { success, topic, arguments: given, value } = resultLineSchema.parse(JSON.parse(line));
    if (!success || topic !== 'simulate') continue;
    const { smiles } = given as { smiles: string };
    const numbers = columns.map((column) => (value as Record<string, number | null>)[column]?.toFixed(9) ?? '');
    rows.set(smiles, [smiles, ...numbers].join('\t'));
  }
}
const sorted = [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
process.stdout.write(`${['smiles', ...columns].join('\t')}\n${sorted.join('\n')}\n`);
