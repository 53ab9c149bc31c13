import { describe, expect, it } from 'vitest';
import { type Backbone, createBackbone, MvHybrid, Vit } from '../../src/backbones/index.ts';
import {
  bucketsOf,
  conventionalNoDecay,
  layerOf,
  type ParameterGroup,
  parameterGroups,
  publishedNoDecay,
} from '../../src/optim/index.ts';
import { scope, type Tensor, zeros } from '../../src/tensor/index.ts';

function find(groups: readonly ParameterGroup[], name: string): ParameterGroup {
  const group = groups.find(({ parameters }) => parameters.has(name));
  if (group === undefined) throw new Error(`no group holds ${name}`);
  return group;
}

function groupsOf(backbone: Backbone): ParameterGroup[] {
  const options = { layerDecay: 0.5, patchEmbedMultiplier: 0.2 };
  const groups = parameterGroups(backbone.namedParameters(), options);
  backbone.dispose();
  return groups;
}

describe('layerOf', () => {
  it.each([
    ['cls_token', 0],
    ['pos_embed', 0],
    ['mask_token', 0],
    ['patch_embed.proj.weight', 0],
    ['blocks.0.norm1.weight', 1],
    ['blocks.11.attn.qkv.weight', 12],
    ['blocks.blocks.7.mixer.A_log', 8],
    ['layers.7.mixer.A_b_log', 8],
    ['norm_f.weight', 25],
    ['norm.weight', 25],
    ['mlp.0.weight', 25],
  ])('%s is layer %i of a backbone with 24 blocks', (name, layer) => {
    expect(layerOf(name, 24)).toBe(layer);
  });
});

describe('decay', () => {
  it.each([
    ['blocks.blocks.0.mixer.dt_proj.bias', true],
    ['norm.weight', true],
    ['blocks.0.ls1.gamma', true],
    ['blocks.blocks.0.gamma_1', true],
    ['blocks.blocks.0.mixer.A_log', false],
    ['blocks.blocks.0.mixer.D', false],
    ['cls_token', false],
    ['pos_embed', false],
    ['blocks.blocks.0.channel_mixer.complex_bias_1', false],
    ['blocks.blocks.0.mixer.conv1d_x.weight', false],
    ['last_layer.weight_g', false],
    ['blocks.blocks.0.mixer.A_b_log', false],
    ['blocks.blocks.0.mixer.D_b', false],
    ['blocks.blocks.0.mixer.dt_bias', false],
    ['blocks.blocks.0.mixer.dt_proj_b.bias', true],
    ['blocks.blocks.0.mixer.conv1d_b.bias', true],
    ['blocks.blocks.0.mixer.fc_D.weight', false],
    ['blocks.blocks.0.mixer.norm.weight', true],
    ['layers.0.norm.weight', true],
    ['norm_f.weight', true],
  ])('published: %s is exempt: %s', (name, exempt) => {
    expect(publishedNoDecay(name)).toBe(exempt);
  });

  it.each([
    ['blocks.blocks.0.mixer.A_log', true],
    ['blocks.blocks.0.mixer.D', true],
    ['cls_token', true],
    ['norm.weight', true],
    ['blocks.blocks.0.channel_mixer.complex_bias_1', true],
    ['blocks.blocks.0.channel_mixer.complex_weight_1', false],
    ['last_layer.weight_g', true],
    ['last_layer.weight_v', false],
    ['layers.0.mixer.A_b_log', true],
    ['layers.0.mixer.D_b', true],
    ['blocks.blocks.0.mixer.dt_bias', true],
    ['blocks.blocks.0.mixer.fc_D.weight', false],
  ])('conventional: %s is exempt: %s', (name, exempt) => {
    expect(conventionalNoDecay(name)).toBe(exempt);
  });
});

describe('parameterGroups', () => {
  it('reads the block number in MV_Hybrid and in ViT alike', () => {
    const hybrid = groupsOf(new MvHybrid({ width: 32, depth: 4, heads: 2 }));
    const vit = groupsOf(new Vit({ width: 32, depth: 4, heads: 2, imagePx: 64 }));
    for (const [groups, blocks] of [
      [hybrid, 'blocks.blocks'],
      [vit, 'blocks'],
    ] as const) {
      expect(find(groups, 'norm.weight')).toMatchObject({ lrMultiplier: 1, decayMultiplier: 0 });
      expect(find(groups, `${blocks}.3.norm1.bias`)).toMatchObject({ lrMultiplier: 0.5, decayMultiplier: 0 });
      expect(find(groups, `${blocks}.0.norm1.bias`).lrMultiplier).toBe(0.5 ** 4);
      expect(find(groups, 'mask_token')).toMatchObject({ lrMultiplier: 0.5 ** 5, decayMultiplier: 1 });
      expect(find(groups, 'patch_embed.proj.bias')).toMatchObject({ decayMultiplier: 0 });
      expect(find(groups, 'patch_embed.proj.weight').lrMultiplier).toBeCloseTo(0.2 * 0.5 ** 5, 12);
    }
  });

  it.each([
    ['vim-einfft', { width: 32, depth: 2 }, 'blocks.blocks.0.mixer.A_b_log', 1],
    ['hydra-einfft', { width: 32, depth: 2 }, 'blocks.blocks.0.mixer.dt_bias', 1],
    ['hydra-hybrid', { width: 32, depth: 2, heads: 2 }, 'blocks.blocks.0.mixer.norm.weight', 0],
    ['vim', { width: 32, depth: 2, imagePx: 32 }, 'layers.0.norm.weight', 0],
  ])('sorts %s: all parameters once, two blocks', (name, options, first, decayMultiplier) => {
    const backbone = createBackbone(name, options);
    const names = [...backbone.namedParameters().keys()].sort();
    const groups = groupsOf(backbone);
    expect(groups.flatMap(({ parameters }) => [...parameters.keys()]).sort()).toEqual(names);
    expect(find(groups, first)).toMatchObject({ lrMultiplier: 0.25, decayMultiplier });
    expect(find(groups, 'cls_token').lrMultiplier).toBe(0.125);
  });

  it('puts every parameter into exactly one group and marks the last layer', () => {
    scope(() => {
      const names = ['mlp.0.weight', 'mlp.0.bias', 'last_layer.weight_g', 'last_layer.weight_v'];
      const groups = parameterGroups(new Map(names.map((name) => [name, zeros([1])])), {}, 'dino_head.');
      expect(groups.flatMap(({ parameters }) => [...parameters.keys()]).sort()).toEqual(
        names.map((name) => `dino_head.${name}`).sort(),
      );
      expect(groups.map(({ lastLayer, parameters }) => [lastLayer, parameters.size])).toEqual([
        [false, 1],
        [false, 1],
        [true, 2],
      ]);
    });
  });
});

describe('bucketsOf', () => {
  it('keeps order, fills up to the limit and lets a large tensor stand alone', () => {
    scope(() => {
      const sizes = [10, 20, 300_000, 5, 262_000, 200];
      const tensors: Tensor[] = sizes.map((size) => zeros([size]));
      const buckets = [...bucketsOf(tensors, (t) => t)].map((bucket) => bucket.map((t) => t.elementCount));
      expect(buckets).toEqual([[10, 20], [300_000], [5, 262_000], [200]]);
    });
  });
});
