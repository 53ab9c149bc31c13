/** ONNX Runtime on the model that this package exports. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backbone } from '../../backbones/index.ts';
import { backboneToOnnx } from '../../onnx/index.ts';
import type { Absent, Peer } from './peer.ts';
import { peerProcess } from './peer-process.ts';

/** A session on `batch` images, the same every time. */
export async function onnxRuntimePeer(
  backbone: Backbone,
  { batch, px, threads }: { batch: number; px: number; threads: number },
): Promise<Peer | Absent> {
  const folder = await mkdtemp(join(tmpdir(), 'mvhybrid-peer-'));
  try {
    const model = join(folder, 'model.onnx');
    await writeFile(model, backboneToOnnx(backbone, { imagePx: px, version: 'bench' }));
    // In a process of its own: its threads, which wait busily, must not take ours.
    const args = ['onnxruntime.mjs', model, batch, px, threads];
    return await peerProcess(process.execPath, args, 'ONNX Runtime: npm run peers');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
