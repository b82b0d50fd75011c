import type { MethodContext } from '../protocol/method.ts';
import type { ObjectRef } from '../protocol/object-ref.ts';
import { FingerprintIndex } from './fingerprint-index.ts';
import type { Model } from './model.ts';
import { loadModel } from './model-kinds.ts';

type Warm = Pick<MethodContext, 'keep' | 'objects'>;

/**
 * The fingerprint matrix stored under `ref`, kept in the warm child between tasks. One matrix is kept, that of the space
 * asked about last: a space of a million molecules takes 34 MB.
 * @throws InputError when the object is no fingerprint matrix.
 */
export async function warmFingerprints(context: Warm, ref: ObjectRef): Promise<FingerprintIndex> {
  const kept = await context.keep('ml/fingerprints', () =>
    Promise.resolve<{ last: { ref: ObjectRef; index: FingerprintIndex } | null }>({ last: null }),
  );
  if (kept.last?.ref === ref) return kept.last.index;
  const index = FingerprintIndex.from(await context.objects.get(ref));
  kept.last = { ref, index };
  return index;
}

/**
 * The model stored under `ref`, ready to predict and kept in the warm child between tasks, as the last few are.
 * @throws InputError when the object is no model, or a damaged one.
 */
export function warmModel(context: Warm, ref: ObjectRef): Promise<Model> {
  return context.keep(`ml/model/${ref}`, async () => loadModel(await context.objects.get(ref)));
}
