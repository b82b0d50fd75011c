import type { ChunkState, Prediction } from './model.ts';
import type { MoleculeRows } from './rows.ts';
import type { TrainedModel } from './trained-model.ts';

interface Kept {
  /** How much the model that left it had learnt, and its chain's entry for that. */
  readonly points: number;
  readonly digest: string;
  readonly state: ChunkState;
}

/**
 * What a process remembers of the chunks that it predicted, up to so many bytes; beyond, the one used least recently goes. A model
 * that learnt the same as the one that left a chunk, and then perhaps more, goes on from there; any other begins anew. Either way it
 * predicts the same, to the last bit.
 */
export class ChunkStates {
  readonly #budget: number;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(budgetBytes: number) {
    this.#budget = budgetBytes;
  }

  /** Bytes that are remembered. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * What a model predicts of a chunk: row i of it is row `from + i` of the space named `space`, which has `spaceLength` rows.
   */
  async predict(
    trained: TrainedModel,
    chunk: MoleculeRows,
    { space, from, spaceLength }: { space: string; from: number; spaceLength: number },
  ): Promise<Prediction> {
    const { model, kind, chain } = trained;
    if (model.again === undefined) return model.predict(chunk);
    const key = `${kind.name}/${space}/${from}-${from + chunk.length}`;
    const kept = this.#kept.get(key);
    // Taken out first: should the model fail halfway, what it left is no state of anything.
    this.#drop(key);
    const fits = kept !== undefined && chain[kept.points] === kept.digest;
    const { prediction, state } = model.again(chunk, fits ? kept.state : null, spaceLength);
    const points = chain.length - 1;
    this.#kept.set(key, { points, digest: chain[points] as string, state });
    this.#bytes += state.bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#budget) break;
      this.#drop(oldest);
    }
    return prediction;
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#bytes -= kept.state.bytes;
    this.#kept.delete(key);
  }
}
