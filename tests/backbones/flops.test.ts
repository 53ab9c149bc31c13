/** Operation counts against sums written out by hand, and the facts made from them. */
import { describe, expect, it } from 'vitest';
import {
  BACKBONE_NAMES,
  backboneFlops,
  blockCount,
  createBackbone,
  describeBackbone,
  layerFlops,
  totalFlops,
} from '../../src/backbones/index.ts';
import {
  Attention,
  EinFft,
  HydraMixer,
  LayerNorm,
  MambaVisionMixer,
  Mlp,
  SwiGlu,
  VimMixer,
} from '../../src/nn/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';

const L = 257;

describe('operations of a layer', () => {
  it.each([
    // qkv and output projection, then scores and mixing.
    [() => new Attention(384, 6), { products: 2 * L * 384 * (3 * 384 + 384) + 4 * L * L * 384 }],
    [() => new Mlp(384, 1536), { products: 4 * L * 384 * 1536 }],
    [() => new SwiGlu(384, 1024), { products: 6 * L * 384 * 1024 }],
    // Two real DFT products each way, two complex layers of 4 blocks of 96.
    [() => new EinFft(384), { products: 8 * L * L * 384 + 2 * 4 * 8 * L * 96 * 96 }],
    [
      () => new MambaVisionMixer(384),
      {
        products: 2 * L * (384 * 768 + 384 * 56 + 24 * 384 + 768 * 384),
        scans: 9 * L * 384 * 16,
        convolutions: 2 * L * 768 * 4,
      },
    ],
    [
      () => new VimMixer(384),
      {
        products: 2 * L * (384 * 1536 + 2 * (768 * 56 + 24 * 768) + 768 * 384),
        scans: 2 * 9 * L * 768 * 16,
        convolutions: 2 * 2 * L * 768 * 4,
      },
    ],
    [
      () => new HydraMixer(384),
      {
        // 6 chunks of 43 tokens: scores of both directions, matrices times values, states in and out.
        products:
          2 * L * (384 * 1816 + 768 * 12 + 768 * 384) +
          6 * (2 * 2 * 43 * 43 * 64 + 12 * 2 * 43 * 43 * 64 + 12 * 4 * 2 * 43 * 64 * 64),
        convolutions: 2 * L * 1024 * 7,
      },
    ],
  ])('%s', (make, expected) => {
    const layer = make();
    expect(layerFlops(layer, L)).toEqual({ scans: 0, convolutions: 0, ...expected });
    layer.dispose();
  });

  it('refuses a layer it cannot count', () => {
    const norm = new LayerNorm(4, 1e-5);
    expect(() => layerFlops(norm, 1)).toThrow('found LayerNorm');
    norm.dispose();
  });
});

describe('operations of a backbone', () => {
  it.each([
    ['mv-hybrid', 24],
    ['vit-12', 12],
    ['hydra-einfft', 24],
    ['vim', 24],
  ])('%s: patch projection and all layers', (name, blocks) => {
    const start = tensorCount();
    const model = createBackbone(name);
    expect(blockCount(model)).toBe(blocks);
    const facts = describeBackbone(model);
    expect(facts.parameters).toBe(model.parameterCount());
    expect(facts.gflops.px256).toBe(totalFlops(backboneFlops(model, 256)) / 1e9);
    expect(facts.gflops.px224).toBeLessThan(facts.gflops.px256);
    model.dispose();
    expect(tensorCount()).toBe(start);
  });

  it('of ViT-S at 256 px are 12.3 GFLOP, of MV_Hybrid 20.4 in products', () => {
    const [vit, hybrid] = ['vit-12', 'mv-hybrid'].map((name) => createBackbone(name));
    expect(totalFlops(backboneFlops(vit!, 256)) / 1e9).toBeCloseTo(12.3, 1);
    expect(backboneFlops(hybrid!, 256).products / 1e9).toBeCloseTo(20.4, 1);
    vit!.dispose();
    hybrid!.dispose();
  });

  it('know of every named backbone what is known and what is not', () => {
    for (const name of BACKBONE_NAMES) {
      const model = createBackbone(name, { depth: 2 });
      const { known, inferred } = describeBackbone(model);
      expect(known.length).toBeGreaterThan(20);
      expect(inferred).toContain('0.5 um per pixel');
      model.dispose();
    }
  });
});
