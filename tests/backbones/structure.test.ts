/** Parameter counts, names and shapes against the published classes; construction errors. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  attends,
  BACKBONE_NAMES,
  type Backbone,
  createBackbone,
  hydraEinFft,
  hydraHybrid,
  MvHybrid,
  Vim,
  Vit,
  vimEinFft,
} from '../../src/backbones/index.ts';
import { ShapeError, UsageError } from '../../src/errors.ts';
import {
  Attention,
  EinFft,
  HydraMixer,
  MambaVisionMixer,
  Mlp,
  type Module,
  PatchEmbed,
  VimMixer,
} from '../../src/nn/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';
import { goldenPath } from '../support/paths.ts';

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(goldenPath(`model/${name}.json`), 'utf8')) as T;
}

const published = readJson<Record<string, number>>('parameter_counts');
describe('parameter counts', () => {
  const start = tensorCount();
  afterEach(() => expect(tensorCount()).toBe(start));

  it.each<[string, () => Module]>([
    ['MV_Hybrid-S (official code)', () => new MvHybrid()],
    ['mamba_vision_S_MLP (12 MV+MLP, 12 attn+MLP)', () => new MvHybrid({ einfft: false })],
    ['MV + EinFFT everywhere (einfft_mamba_only False)', () => new MvHybrid({ einfftMambaOnly: false })],
    ['ViT_12 img 256 layerscale None', () => new Vit({ layerScale: null })],
    ['ViT_12 img 256 layerscale 1e-05', () => new Vit()],
    ['ViT_24 img 256 layerscale None', () => new Vit({ depth: 24, layerScale: null })],
    ['ViT_24 img 256 layerscale 1e-05', () => new Vit({ depth: 24 })],
    ['ViT_12 swiglufused layerscale', () => new Vit({ ffn: 'swiglu' })],
    ['ViM_EinFFT inferred depth 24', () => vimEinFft()],
    ['Hydra_EinFFT inferred depth 24, d_state 64, headdim 64', () => hydraEinFft()],
    [
      'Hydra_EinFFT inferred depth 24, d_state 16, headdim 64',
      () => createBackbone('hydra-einfft', { hydra: { states: 16 } }),
    ],
    ['Hydra_Hybrid inferred depth 24, d_state 64, headdim 64', () => hydraHybrid()],
    [
      'Hydra_Hybrid inferred depth 24, d_state 16, headdim 64',
      () => createBackbone('hydra-hybrid', { hydra: { states: 16 } }),
    ],
    ['piece: Vim v2 mixer(384)', () => new VimMixer(384)],
    ['piece: Hydra mixer(384,d_state 64)', () => new HydraMixer(384)],
    ['piece: Hydra mixer(384,d_state 16)', () => new HydraMixer(384, { states: 16 })],
    ['piece: MambaVisionMixer(384)', () => new MambaVisionMixer(384)],
    ['piece: EinFFT(384)', () => new EinFft(384)],
    ['piece: MLP(384,x4)', () => new Mlp(384, 4 * 384)],
    ['piece: Attention(384)', () => new Attention(384, 6)],
    ['piece: patch_embed', () => new PatchEmbed(384)],
  ])('%s', (name, make) => {
    const module = make();
    expect(module.parameterCount()).toBe(published[name]);
    module.dispose();
  });

  it('of the named backbones are the paper ones', () => {
    const counts = BACKBONE_NAMES.map((name) => {
      const model = createBackbone(name);
      const count = model.parameterCount();
      model.dispose();
      return [name, count];
    });
    expect(Object.fromEntries(counts)).toMatchObject({
      'mv-hybrid': 30_963_072,
      'vit-12': 21_698_304,
      'vit-24': 43_001_088,
      'vim-einfft': 28_940_160,
      'hydra-einfft': 28_160_736,
      'hydra-hybrid': 35_522_352,
    });
  });
});

describe('state dict', () => {
  it('of MV_Hybrid-S has the published names, shapes and order', () => {
    const model = new MvHybrid();
    const mine = [...model.namedParameters()].map(([name, { shape }]) => [name, [...shape]]);
    expect(mine).toEqual(Object.entries(readJson<Record<string, number[]>>('mvhybrid_s_state_dict_shapes')));
    model.dispose();
  });

  it('of the ViT has the published names', () => {
    const model = new Vit({ depth: 1 });
    const names = [...model.namedParameters().keys()];
    expect(names).toEqual([
      'cls_token',
      'pos_embed',
      'mask_token',
      'patch_embed.proj.weight',
      'patch_embed.proj.bias',
      ...['norm1.weight', 'norm1.bias', 'attn.qkv.weight', 'attn.qkv.bias', 'attn.proj.weight'].map(block0),
      ...['attn.proj.bias', 'ls1.gamma', 'norm2.weight', 'norm2.bias'].map(block0),
      ...['mlp.fc1.weight', 'mlp.fc1.bias', 'mlp.fc2.weight', 'mlp.fc2.bias', 'ls2.gamma'].map(block0),
      'norm.weight',
      'norm.bias',
    ]);
    expect(model.positions.shape).toEqual([1, 257, 384]);
    model.dispose();
  });
});

function block0(name: string): string {
  return `blocks.0.${name}`;
}

describe('block order', () => {
  const start = tensorCount();
  afterEach(() => expect(tensorCount()).toBe(start));

  const kinds = (model: MvHybrid): string[] =>
    model.blocks.map(({ mixer, channelMixer }) =>
      [mixer instanceof Attention ? 'A' : 'M', channelMixer instanceof EinFft ? 'e' : 'm'].join(''),
    );

  it.each([
    [4, {}, ['Me', 'Me', 'Am', 'Am']],
    [5, {}, ['Me', 'Me', 'Me', 'Am', 'Am']],
    [1, {}, ['Me']],
    [4, { einfft: false }, ['Mm', 'Mm', 'Am', 'Am']],
    [3, { einfftMambaOnly: false }, ['Me', 'Me', 'Ae']],
    [2, { einfft: false, einfftMambaOnly: false }, ['Mm', 'Am']],
  ] as const)('depth %i with %o', (depth, options, expected) => {
    const model = new MvHybrid({ width: 32, heads: 2, depth, ...options });
    expect(kinds(model)).toEqual(expected);
    expect(model.blocks.map((_, i) => attends(i, depth))).toEqual(expected.map((kind) => kind[0] === 'A'));
    model.dispose();
  });

  it('scales stochastic depth linearly in MV_Hybrid and equally in the ViT', () => {
    const model = new MvHybrid({ width: 32, heads: 2, depth: 5, dropPath: 0.2 });
    const rates = [0, 0.05, 0.1, 0.15, 0.2];
    for (const [i, block] of model.blocks.entries()) expect(block.dropRate).toBeCloseTo(rates[i]!, 12);
    model.dispose();
    const vit = new Vit({ width: 32, heads: 2, depth: 3, dropPath: 0.3 });
    expect(vit.blocks.map(({ dropRate }) => dropRate)).toEqual([0.3, 0.3, 0.3]);
    vit.dispose();
  });

  it('adds one learned factor per channel and branch with layerScale', () => {
    const model = new MvHybrid({ width: 32, heads: 2, depth: 2, layerScale: 0.1 });
    const gammas = [...model.namedParameters().keys()].filter((name) => name.includes('gamma'));
    expect(gammas).toEqual([0, 1].flatMap((i) => [1, 2].map((j) => `blocks.blocks.${i}.gamma_${j}`)));
    model.dispose();
  });
});

describe('construction refuses', () => {
  it.each<[string, () => Backbone]>([
    ['mv-hybrid: needed dropPath in [0, 1), found 1', () => new MvHybrid({ dropPath: 1, depth: 1 })],
    ['vim: needed dropPath in [0, 1), found 2', () => new Vim({ dropPath: 2, depth: 1 })],
    ['vim: needed imagePx as a multiple of 16, found 100', () => new Vim({ imagePx: 100, depth: 1 })],
    [
      'Hydra: needed an inner width of whole heads, heads in equal groups, an odd number of taps, ' +
        'found inner width 64, heads of 24, 1 groups, 7 taps',
      () => hydraEinFft({ width: 32, depth: 1, hydra: { headWidth: 24 } }),
    ],
    ['ViT: needed dropPath in [0, 1), found -0.1', () => new Vit({ dropPath: -0.1, depth: 1 })],
    ['ViT: needed imagePx as a multiple of 16, found 100', () => new Vit({ imagePx: 100, depth: 1 })],
    [
      'attention: needed a width that is a multiple of the number of heads, found width 32, 5 heads',
      () => new Vit({ width: 32, heads: 5, depth: 1 }),
    ],
    [
      'EinFFT: needed a width that is a multiple of 4, found width 30',
      () => new MvHybrid({ width: 30, heads: 2, depth: 1 }),
    ],
  ])('%s', (message, make) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });

  it('an unknown name, listing the known ones', () => {
    expect(() => createBackbone('resnet')).toThrow(UsageError);
    expect(() => createBackbone('resnet')).toThrow(BACKBONE_NAMES.join(', '));
  });
});
