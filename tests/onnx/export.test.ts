/** Exported models: what is in the file, and its numbers in ONNX Runtime where that is installed (`npm run peers`). */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type BackboneOptions, createBackbone } from '../../src/backbones/index.ts';
import { backboneToOnnx } from '../../src/onnx/index.ts';
import {
  Generator,
  noGrad,
  normalInto,
  scope,
  tensorCount,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';
import { runCli } from '../support/run-cli.ts';
import { readModel } from './read-model.ts';

afterEach(() => expect(tensorCount()).toBe(0));

const version = '0';
const TINY: [name: string, options: BackboneOptions, side: number, batch: number][] = [
  ['mv-hybrid', { width: 48, depth: 4, heads: 3 }, 64, 2],
  ['mv-hybrid', { width: 32, depth: 3, heads: 2, layerScale: 0.5 }, 80, 1],
  ['mv-hybrid', { width: 32, depth: 2, heads: 2, einfft: false }, 32, 3],
  ['vit-12', { width: 48, depth: 2, heads: 3 }, 256, 1],
  // Positions fitted to another size, SwiGLU.
  ['vit-12', { width: 48, depth: 1, heads: 3, ffn: 'swiglu' }, 96, 2],
];

/** A tiny model, freed after use. */
function withModel<T>(
  name: string,
  options: BackboneOptions,
  work: (model: ReturnType<typeof createBackbone>) => T,
): T {
  const model = createBackbone(name, options).initialize(3);
  try {
    return work(model);
  } finally {
    model.dispose();
  }
}

describe('an exported model', () => {
  it('keeps parameters under their checkpoint names and says what it is', () => {
    withModel('mv-hybrid', TINY[0]![1], (model) => {
      const parts = readModel(
        backboneToOnnx(model, { imagePx: 64, version, metadata: { weights: 'seed 3' } }),
      );
      expect(parts.opset).toBe(17);
      expect(parts.metadata.weights).toBe('seed 3');
      expect(JSON.parse(parts.metadata.card!)).toMatchObject({
        name: 'mv-hybrid',
        imagePx: 64,
        patchPx: 16,
        mpp: 0.5,
      });
      for (const [name, tensor] of model.namedParameters()) {
        // Only pretraining masks tokens.
        if (name === 'mask_token') expect(parts.weights.has(name)).toBe(false);
        else expect(parts.weights.get(name), name).toEqual([...tensor.shape]);
      }
      expect(parts.operators.filter((op) => op === 'Scan')).toHaveLength(2);
      expect(parts.operators).not.toContain('DFT');
    });
  });

  it('is refused for other layers and sides', () => {
    withModel('hydra-einfft', { width: 64, depth: 1 }, (model) =>
      expect(() => backboneToOnnx(model, { imagePx: 64, version })).toThrow(
        'export: needed layers of MV_Hybrid and ViT: MambaVision mixers, attention, EinFFT, MLP, SwiGLU, found HydraMixer',
      ),
    );
    withModel('vim', { width: 16, depth: 1 }, (model) =>
      expect(() => backboneToOnnx(model, { imagePx: 64, version })).toThrow(
        'export: needed MV_Hybrid or a ViT, found vim',
      ),
    );
    withModel('vit-12', { width: 16, depth: 1, heads: 1 }, (model) =>
      expect(() => backboneToOnnx(model, { imagePx: 100, version })).toThrow('a multiple of 16, found 100'),
    );
  });
});

interface Runtime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: number[]) => unknown;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, { data: Float32Array; dims: number[] }>> }>;
  };
}

/** ONNX Runtime from the peers' folder, or undefined. */
function onnxRuntime(): Runtime | undefined {
  const home = new URL('../../peers/package.json', import.meta.url);
  if (!existsSync(new URL('node_modules/onnxruntime-node', home))) return undefined;
  return createRequire(home)('onnxruntime-node') as Runtime;
}

describe.skipIf(onnxRuntime() === undefined)('in ONNX Runtime', () => {
  it.each(TINY)('%s %o at %i px, batch %i: the same numbers', async (name, options, side, batch) => {
    const { Tensor, InferenceSession } = onnxRuntime()!;
    const { file, images, ours } = withModel(name, options, (model) =>
      noGrad(() =>
        scope(() => {
          const x = zeros([batch, 3, side, side], { dtype: 'float32' });
          const generator = new Generator(5);
          normalInto(x, { generator });
          generator.dispose();
          const { cls, patches } = model.forward(x);
          return {
            file: backboneToOnnx(model, { imagePx: side, version }),
            images: toFloat32Array(x),
            ours: { cls: toFloat32Array(cls), patches: toFloat32Array(patches) },
          };
        }),
      ),
    );
    const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
    const theirs = await session.run({ images: new Tensor('float32', images, [batch, 3, side, side]) });
    for (const key of ['cls', 'patches'] as const) {
      const worst = ours[key].reduce((most, v, i) => Math.max(most, Math.abs(v - theirs[key]!.data[i]!)), 0);
      expect(worst, key).toBeLessThan(1e-4);
      expect(theirs[key]!.data).toHaveLength(ours[key].length);
    }
    const width = options.width as number;
    const n = (side / 16) ** 2;
    const mean = Array.from({ length: width }, (_, c) => {
      let sum = 0;
      for (let t = 0; t < n; t++) sum += ours.patches[t * width + c]!;
      return sum / n;
    });
    const expected = [...ours.cls.subarray(0, width), ...mean];
    for (const [i, v] of expected.entries()) expect(theirs.embedding!.data[i]).toBeCloseTo(v, 4);
    expect([...theirs.embedding!.dims]).toEqual([batch, 2 * width]);
  });
});

describe('mvhybrid export', () => {
  it('writes the file whole, or nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mvhybrid-export-'));
    try {
      const file = join(folder, 'model.onnx');
      const run = await runCli(
        'export',
        '--backbone',
        'vit-12',
        '--random-init',
        '0',
        '--size',
        '64',
        '--onnx',
        file,
        '--json',
      );
      expect([run.code, run.err]).toEqual([0, '']);
      const result = JSON.parse(run.out) as { bytes: number; imagePx: number };
      const bytes = await readFile(file);
      expect(result).toMatchObject({
        bytes: bytes.length,
        imagePx: 64,
        weights: 'random initialisation, seed 0',
      });
      expect(readModel(bytes).metadata.backbone).toBe('vit-12');
      const bad = join(folder, 'bad.onnx');
      const refused = await runCli('export', '--backbone', 'vim', '--random-init', '0', '--onnx', bad);
      expect([refused.code, existsSync(bad)]).toEqual([2, false]);
      expect(refused.err.trim().split('\n')).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
