/** Two threads that predict the chunks of a space, as two warm children of a worker do. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ChunkStates } from '../src/ml/chunk-states.ts';
import {
  acquisitionSchema,
  FeatureTable,
  FingerprintIndex,
  modelKinds,
  MoleculeRows,
  ourModels,
  rankChunk,
  type FeatureParts,
  type Ranked,
  type TrainedModel,
} from '../src/ml/index.ts';

/** Arrays of a space in memory that threads share. */
export interface SharedSpace {
  readonly length: number;
  readonly fingerprints: Uint8Array;
  readonly features: FeatureParts;
}

/** What a thread is to do: predict these chunks with this model, from where the last one left them unless that is to be forgotten. */
interface Order {
  readonly blob: Uint8Array;
  readonly chunks: readonly (readonly [from: number, to: number])[];
  readonly keep: number;
  readonly forget: boolean;
}

/** The space in these arrays, without copying them. */
export const openSpace = ({ length, fingerprints, features }: SharedSpace): MoleculeRows =>
  MoleculeRows.from(FingerprintIndex.from(fingerprints), FeatureTable.from(length, features));

/** As a child of a worker has it. */
const budget = 256_000_000;

/** Threads of this file's own, each with the space open. */
export class ScoringThreads {
  readonly #workers: Worker[];

  private constructor(workers: Worker[]) {
    this.#workers = workers;
  }

  static async start(space: SharedSpace, threads: number): Promise<ScoringThreads> {
    const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url), { workerData: space }));
    await Promise.all(workers.map((worker) => answerOf(worker)));
    return new ScoringThreads(workers);
  }

  /** The best of each chunk; a chunk is always the same thread's. */
  async score(chunks: Order['chunks'], order: Omit<Order, 'chunks'>): Promise<Ranked[]> {
    const answers = this.#workers.map((worker, own) => {
      const answer = answerOf(worker);
      const mine = chunks.filter((_, place) => place % this.#workers.length === own);
      worker.postMessage({ ...order, chunks: mine } satisfies Order);
      return answer;
    });
    return (await Promise.all(answers)).flat() as Ranked[];
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** What a thread says next. @throws what ended it. */
async function answerOf(worker: Worker): Promise<unknown> {
  const [answer] = (await once(worker, 'message')) as [unknown];
  return answer;
}

function serve(space: MoleculeRows): void {
  const kinds = modelKinds(ourModels);
  const acquisition = acquisitionSchema.parse({ kind: 'ucb' });
  let states = new ChunkStates(budget);
  let warm: TrainedModel[] = [];
  const scoreAll = async ({ blob, chunks, keep, forget }: Order): Promise<Ranked[]> => {
    if (forget) {
      states = new ChunkStates(budget);
      warm = [];
    }
    const trained = await kinds.load(blob, space, warm);
    warm = [trained];
    const lists: Ranked[] = [];
    for (const [from, to] of chunks) {
      const place = { space: 'space', from, spaceLength: space.length };
      const prediction = await states.predict(trained, space.slice(from, to), place);
      lists.push(
        rankChunk(prediction, acquisition, { values: trained.values, update: 1 }, { from, keep, exclude: [] }),
      );
    }
    return lists;
  };
  parentPort?.on('message', (order: Order) => void scoreAll(order).then((lists) => parentPort?.postMessage(lists)));
  parentPort?.postMessage('ready');
}

if (!isMainThread) serve(openSpace(workerData as SharedSpace));
