import type { CountView } from '../feature-table.ts';
import { fingerprintBits, fingerprintBytes } from '../fingerprint-index.ts';
import type { MoleculeRows } from '../rows.ts';

/** Fragments share this many inputs: their keys are folded onto them. */
const foldedInputs = 128;
/** Beside descriptors of variance 1: a molecule has some fifteen fragments, and each tells little. */
const fragmentScale = 0.5;
/** Descriptors farther from their mean than this many deviations are taken to be there. */
const farthest = 4;
/** The view that is folded, where a space has it. */
const preferredView = 'paths-3';

/** How many inputs the networks have: descriptors, folded fragments, and a 1 for the constant. */
export const inputWidth = ({ features }: MoleculeRows): number => features.width + foldedInputs + 1;

/**
 * Molecules [n] -> what networks see of them, [n x {@link inputWidth}]: descriptors standardised over the whole space, logarithms of the counts
 * of fragments that share a folded place, and 1. Fragments are those of the view `paths-3`, of another one where the space
 * has no such view, or the bits of the packed fingerprints where it has none.
 */
export function inputsOf(rows: MoleculeRows): Float32Array<ArrayBuffer> {
  const { features, length } = rows;
  const width = inputWidth(rows);
  const inputs = new Float32Array(length * width);
  const descriptors = features.standardised();
  for (let row = 0; row < length; row++) {
    for (let column = 0; column < features.width; column++) {
      const value = descriptors[row * features.width + column] as number;
      inputs[row * width + column] = Math.max(-farthest, Math.min(farthest, value));
    }
    inputs[(row + 1) * width - 1] = 1;
  }
  const view = features.views.find(({ name }) => name === preferredView) ?? features.views.at(-1);
  if (view === undefined) addBits(rows, inputs, width);
  else addFragments(view, length, inputs, width, features.width);
  return inputs;
}

function addFragments(view: CountView, length: number, inputs: Float32Array, width: number, first: number): void {
  for (let row = 0; row < length; row++) {
    for (let at = view.offsets[row] as number; at < (view.offsets[row + 1] as number); at++) {
      // Knuth's multiplicative hash: neighbouring keys fall apart.
      const folded = (Math.imul(view.keys[at] as number, 0x9e3779b1) >>> 0) % foldedInputs;
      const place = row * width + first + folded;
      inputs[place] = (inputs[place] as number) + fragmentScale * Math.log1p(view.counts[at] as number);
    }
  }
}

function addBits({ fingerprints, features, length }: MoleculeRows, inputs: Float32Array, width: number): void {
  for (let row = 0; row < length; row++) {
    for (let bit = 0; bit < fingerprintBits; bit++) {
      const byte = fingerprints.bytes[row * fingerprintBytes + (bit >> 3)] as number;
      if (((byte >> (bit & 7)) & 1) === 0) continue;
      const place = row * width + features.width + (bit % foldedInputs);
      inputs[place] = (inputs[place] as number) + fragmentScale * Math.LN2;
    }
  }
}
