import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBackend } from '../../../../src/ml/neural/backend.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cox-backend-'));
});
afterEach(() => rm(home, { recursive: true }));

const open = (wish: string): ReturnType<typeof openBackend> => openBackend({ HOME: home, COX_TENSORFLOW: wish });

describe('the backend', () => {
  it('is WebAssembly with SIMD where there is no native library, and computes', async () => {
    for (const wish of ['wasm', '']) {
      const backend = await open(wish);
      expect(backend).toMatchObject({ kind: 'wasm', description: 'WebAssembly with SIMD, TensorFlow.js 4.22.0' });
      const product = backend.run((tf) => [
        tf.getBackend(),
        ...tf.matMul(tf.ones([1, 3]), tf.fill([3, 2], 2)).dataSync(),
      ]);
      expect(product).toEqual(['wasm', 6, 6]);
    }
  });

  it('is refused with exit code 3 where the one that was asked for is not there or does not load', async () => {
    await expect(open('native')).rejects.toMatchObject({ code: 'setup.tensorflow', exitCode: 3 });
    await expect(open(join(home, 'nowhere'))).rejects.toThrow('no folder of tfjs-node');
    const binding = join(home, 'tfjs-node', 'lib', 'napi-v8');
    await mkdir(binding, { recursive: true });
    await writeFile(join(binding, 'tfjs_binding.node'), 'not a library');
    await expect(open(join(home, 'tfjs-node'))).rejects.toThrow(/does not load.*cox doctor --install tensorflow/);
  });
});
