/** Whole small backbones against the published classes: tokens, features and every gradient. */
import { describe, expect, it } from 'vitest';
import {
  type Backbone,
  createBackbone,
  fitPositionEmbedding,
  MvHybrid,
  Vim,
  Vit,
} from '../../src/backbones/index.ts';
import {
  cat,
  clearGradient,
  mean,
  scope,
  type Tensor,
  tensorCount,
  toDtype,
} from '../../src/tensor/index.ts';
import { readGolden } from '../support/fixtures.ts';
import {
  backwardFromGolden,
  expectGoldenModule,
  expectGradients,
  expectOutputs,
  goldenTensor,
} from '../support/golden-module.ts';

/** Class token, patch tokens and evaluation feature of a stack, and all gradients. */
function checkFeatures(file: string, make: () => Backbone): void {
  const start = tensorCount();
  const model = make();
  const masked = readGolden(file).tensors.has('in.mask');
  expectGoldenModule(file, model, (input) => {
    const mask = masked ? { mask: toDtype(input('mask'), 'bool') } : {};
    const { cls, patches } = model.forward(input('img'), mask);
    const feat = cat([cls, mean(patches, [1])], { dim: 1 });
    return { cls, patch: patches, feat };
  });
  model.dispose();
  expect(tensorCount()).toBe(start);
}

describe('MV_Hybrid, width 32, 4 blocks', () => {
  it.each(['mvhybrid_tiny_64', 'mvhybrid_tiny_64_masked', 'mvhybrid_tiny_48'])('%s', (file) => {
    checkFeatures(file, () => new MvHybrid({ width: 32, depth: 4, heads: 2 }));
  });
});

describe('relatives of MV_Hybrid, width 32, 2 blocks', () => {
  const hydra = { states: 8, headWidth: 8 };
  it.each([
    ['vim_einfft_tiny', 'vim-einfft', {}],
    ['hydra_einfft_tiny', 'hydra-einfft', { hydra }],
    ['hydra_hybrid_tiny', 'hydra-hybrid', { hydra, heads: 2 }],
    [
      'hydra_hybrid_tiny',
      'custom',
      {
        hydra,
        heads: 2,
        blocks: [
          { mixer: 'hydra', channelMixer: 'einfft' },
          { mixer: 'attention', channelMixer: 'mlp' },
        ],
      },
    ],
  ])('%s as %s', (file, name, options) => {
    const depth = name === 'custom' ? {} : { depth: 2 };
    checkFeatures(file, () => createBackbone(name, { width: 32, ...depth, ...options }));
  });
});

describe('stock Vim, width 32, 2 layers', () => {
  it('vim_stock_tiny_64', () => {
    const start = tensorCount();
    const model = new Vim({ width: 32, depth: 2, imagePx: 64 });
    expectGoldenModule('vim_stock_tiny_64', model, (input) => ({ cls: model.forward(input('img')).cls }));
    model.dispose();
    expect(tensorCount()).toBe(start);
  });
});

describe('DINOv2 ViT, width 32, 2 blocks', () => {
  it.each(['vit_tiny_64', 'vit_tiny_48'])('%s', (file) => {
    const start = tensorCount();
    const model = new Vit({ width: 32, depth: 2, heads: 2, imagePx: 64, layerScale: 1 });
    const masked = readGolden(file).tensors.has('in.mask');
    expectGoldenModule(file, model, (input) => {
      const mask = masked ? { mask: toDtype(input('mask'), 'bool') } : {};
      const { cls, patches } = model.forward(input('img'), mask);
      return { cls, patch: patches };
    });
    model.dispose();
    expect(tensorCount()).toBe(start);
  });

  it('vit_posembed_16to7', () => {
    const start = tensorCount();
    scope(() => {
      const golden = readGolden('vit_posembed_16to7');
      const table = goldenTensor(golden.get('w.pos_embed'), true);
      const pos = fitPositionEmbedding(table, 7, 7);
      expectOutputs(golden, { pos });
      backwardFromGolden(golden, { pos });
      expectGradients(golden, new Map<string, Tensor>([['pos_embed', table]]));
      clearGradient(table);
    });
    expect(tensorCount()).toBe(start);
  });
});
