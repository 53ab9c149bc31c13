/** ONNX Runtime on the model that this package exports. */
import { createRequire } from 'node:module';
import type { Backbone } from '../../backbones/index.ts';
import { backboneToOnnx } from '../../onnx/index.ts';
import { type Tensor, toFloat32Array } from '../../tensor/index.ts';
import type { Absent, Peer } from './peer.ts';

interface Session {
  run(feeds: Record<string, unknown>): Promise<unknown>;
  release(): Promise<void>;
}

interface Runtime {
  readonly Tensor: new (type: 'float32', data: Float32Array, sizes: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

const PEERS = new URL('../../../peers/package.json', import.meta.url);

function load(): { runtime: Runtime; version: string } | undefined {
  const require = createRequire(PEERS);
  try {
    const { version } = require('onnxruntime-node/package.json') as { version: string };
    return { runtime: require('onnxruntime-node') as Runtime, version };
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A session on `images`, the same batch every time. */
export async function onnxRuntimePeer(
  backbone: Backbone,
  images: Tensor,
  threads: number,
): Promise<Peer | Absent> {
  const found = load();
  if (found === undefined) return { absent: 'ONNX Runtime: npm run peers' };
  const { runtime, version } = found;
  const model = backboneToOnnx(backbone, { imagePx: images.size(2), version: 'bench' });
  const session = await runtime.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const feeds = { images: new runtime.Tensor('float32', toFloat32Array(images), images.shape) };
  return {
    name: `ONNX Runtime ${version}, ${threads} threads`,
    run: async () => {
      const start = performance.now();
      await session.run(feeds);
      return performance.now() - start;
    },
    close: () => session.release(),
  };
}
