/** What methods keep in the warm child between tasks: the space, the last models, and where predictions of its chunks stand. */
import type { MethodContext } from '../protocol/method.ts';
import type { ObjectRef } from '../protocol/object-ref.ts';
import { ChunkStates } from './chunk-states.ts';
import { FeatureTable } from './feature-table.ts';
import { FingerprintIndex } from './fingerprint-index.ts';
import type { Prediction } from './model.ts';
import type { ModelKinds } from './model-kinds.ts';
import { MoleculeRows } from './rows.ts';
import type { TrainedModel } from './trained-model.ts';

type Warm = Pick<MethodContext, 'keep' | 'objects'>;

/** Models that are kept: that of the update under way, the one before, which it goes on from, and a few of other campaigns. */
const keptModels = 4;
/** What a child remembers of chunks, bytes. */
const chunkBudget = 256_000_000;

/** The objects of a space: its fingerprint matrix, and its features unless its models need none. */
export interface SpaceRefs {
  readonly fingerprints: ObjectRef;
  readonly features?: ObjectRef | undefined;
}

const nameOf = ({ fingerprints, features = 'none' }: SpaceRefs): string => `${fingerprints}/${features}`;

/**
 * The molecules of a space, kept in the warm child between tasks: those of the space asked about last.
 * @throws InputError when an object is something else, or they are not of equally many molecules.
 */
export async function warmSpace(context: Warm, refs: SpaceRefs): Promise<MoleculeRows> {
  const kept = await context.keep('ml/space', () =>
    Promise.resolve<{ last: { name: string; rows: MoleculeRows } | null }>({ last: null }),
  );
  const name = nameOf(refs);
  if (kept.last?.name === name) return kept.last.rows;
  const fingerprints = FingerprintIndex.from(await context.objects.get(refs.fingerprints));
  const features =
    refs.features === undefined
      ? withoutFeatures(fingerprints.length)
      : FeatureTable.decode(await context.objects.get(refs.features));
  const rows = MoleculeRows.from(fingerprints, features);
  kept.last = { name, rows };
  return rows;
}

/** Features of molecules of which nothing but the fingerprints is known: no views, no descriptors. */
export function withoutFeatures(length: number): FeatureTable {
  const none = new Float64Array();
  return FeatureTable.from(length, {
    views: [],
    names: [],
    descriptors: new Float32Array(),
    centre: none,
    scale: none,
  });
}

/**
 * The model stored under `ref`, fitted to molecules of that space, kept in the warm child between tasks, as the last few are.
 * @throws InputError when the object is no model, a damaged one, of a kind that is not known, or of another space.
 */
export async function warmModel(
  context: Warm,
  kinds: ModelKinds,
  ref: ObjectRef,
  refs: SpaceRefs,
): Promise<TrainedModel> {
  const kept = await context.keep('ml/models', () => Promise.resolve(new Map<string, TrainedModel>()));
  const key = `${ref}/${nameOf(refs)}`;
  const space = await warmSpace(context, refs);
  const trained = kept.get(key) ?? (await kinds.load(await context.objects.get(ref), space, [...kept.values()]));
  kept.delete(key);
  kept.set(key, trained);
  const [oldest] = kept.keys();
  if (kept.size > keptModels && oldest !== undefined) kept.delete(oldest);
  return trained;
}

/**
 * What a model predicts of the candidates `from` up to, not including, `to`: from where it, or an older model that knew less, left
 * this chunk in the warm child, if one did.
 * @throws InputError when they are not candidates of the space.
 */
export async function warmPrediction(
  context: Warm,
  trained: TrainedModel,
  refs: SpaceRefs,
  { from, to }: { from: number; to: number },
): Promise<Prediction> {
  const space = await warmSpace(context, refs);
  const states = await context.keep('ml/chunk-states', () => Promise.resolve(new ChunkStates(chunkBudget)));
  const chunk = space.slice(from, to);
  return states.predict(trained, chunk, { space: nameOf(refs), from, spaceLength: space.length });
}
