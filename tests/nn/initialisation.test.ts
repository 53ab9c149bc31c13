/** Initial distributions against the published ones, and what they depend on. */
import { describe, expect, it } from 'vitest';
import { createBackbone, MvHybrid, Vit } from '../../src/backbones/index.ts';
import {
  HydraMixer,
  Linear,
  type Module,
  normalInit,
  onesInit,
  truncatedNormalInit,
  uniformInit,
  VimMixer,
  valuesInit,
  zerosInit,
} from '../../src/nn/index.ts';
import { noGrad, scope, tensorCount, toFloat32Array, zeros } from '../../src/tensor/index.ts';

type Expected =
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'exactly'; readonly value: (i: number) => number };

const normal = (std: number): Expected => ({ kind: 'normal', std });
const uniform = (bound: number): Expected => ({ kind: 'uniform', bound });
const constant = (value: number): Expected => ({ kind: 'exactly', value: () => value });

/** First rule that fits a name. */
const RULES: readonly (readonly [RegExp, Expected])[] = [
  [/norm\d?\.weight$/, constant(1)],
  [/norm\d?\.bias$/, constant(0)],
  [/mask_token$/, constant(0)],
  [/patch_embed\.proj\.(weight|bias)$/, uniform(1 / Math.sqrt(768))],
  [/conv1d_[xz]\.weight$/, uniform(0.5)],
  [/A_log$/, { kind: 'exactly', value: (i) => Math.fround(Math.log((i % 16) + 1)) }],
  [/mixer\.D$/, constant(1)],
  [/complex_(weight|bias)_\d$/, normal(0.02)],
  [/(proj|qkv|fc1|fc2|w12|w3)\.bias$/, constant(0)],
  [/(proj|qkv|fc1|fc2|w12|w3)\.weight$/, normal(0.02)],
  [/pos_embed$/, normal(0.02)],
  [/gamma$/, constant(Math.fround(1e-5))],
];

function statistics(values: Float32Array): { mean: number; std: number; largest: number } {
  let sum = 0;
  let squares = 0;
  let largest = 0;
  for (const v of values) {
    sum += v;
    squares += v * v;
    largest = Math.max(largest, Math.abs(v));
  }
  const mean = sum / values.length;
  return { mean, std: Math.sqrt(squares / values.length - mean * mean), largest };
}

/** Mean and spread within five standard errors, extremes within what the distribution allows. */
function expectDistribution(name: string, values: Float32Array, expected: Expected): void {
  if (expected.kind === 'exactly') {
    const wrong = values.findIndex((v, i) => v !== expected.value(i));
    expect(wrong, `${name}: first entry that differs`).toBe(-1);
    return;
  }
  const n = values.length;
  const std = expected.kind === 'normal' ? expected.std : expected.bound / Math.sqrt(3);
  const { mean, std: spread, largest } = statistics(values);
  expect(Math.abs(mean), `${name}: mean`).toBeLessThan((5 * std) / Math.sqrt(n));
  expect(Math.abs(spread / std - 1), `${name}: spread ${spread}`).toBeLessThan(5 / Math.sqrt(2 * n));
  if (expected.kind === 'uniform') {
    expect(largest, name).toBeLessThanOrEqual(expected.bound);
    if (n > 1000) expect(largest, name).toBeGreaterThan(0.98 * expected.bound);
  } else {
    // A bound that a normal exceeds once in 10^7 draws, and that a uniform of the same spread never reaches.
    expect(largest, name).toBeLessThan(6 * std);
    if (n > 1000) expect(largest, name).toBeGreaterThan(2.5 * std);
  }
}

function expectPublished(model: Module, clsToken: Expected): void {
  for (const [name, parameter] of model.namedParameters()) {
    const rule: Expected | undefined =
      name === 'cls_token' ? clsToken : RULES.find(([pattern]) => pattern.test(name))?.[1];
    expect(rule, `a rule for ${name}`).toBeDefined();
    expectDistribution(name, toFloat32Array(parameter), rule!);
  }
}

describe('published initialisation', () => {
  it('of MV_Hybrid: dt_proj starts like every Linear, convolutions like PyTorch', () => {
    const model = new MvHybrid({ depth: 2 }).initialize(1);
    expectPublished(model, normal(0.02));
    model.dispose();
  });

  it('of the ViT: cls token 1e-6, LayerScale 1e-5', () => {
    const model = new Vit({ depth: 1 }).initialize(1);
    expectPublished(model, normal(1e-6));
    model.dispose();
    const gated = new Vit({ depth: 1, ffn: 'swiglu' }).initialize(1);
    expectPublished(gated, normal(1e-6));
    gated.dispose();
  });

  it('of layerScale in MV_Hybrid is the given value', () => {
    const model = new MvHybrid({ width: 32, heads: 2, depth: 1, layerScale: 0.25 }).initialize(3);
    const gammas = [...model.namedParameters()].filter(([name]) => name.includes('gamma'));
    expect(gammas).toHaveLength(2);
    for (const [, gamma] of gammas) expect(new Set(toFloat32Array(gamma))).toEqual(new Set([0.25]));
    model.dispose();
  });
});

/** The time steps that biases stand for: softplus. */
function stepsOf(biases: Float32Array): number[] {
  return [...biases].map((b) => Math.log1p(Math.exp(b)));
}

/** Log-uniform in [1e-3, 0.1]: the logarithm's mean and spread within five standard errors, and its ends. */
function expectLogUniform(biases: Float32Array): void {
  const shares = stepsOf(biases).map((step) => Math.log(step / 1e-3) / Math.log(100));
  expect(Math.min(...shares)).toBeGreaterThan(-1e-4);
  expect(Math.max(...shares)).toBeLessThan(1 + 1e-4);
  const { mean, std } = statistics(Float32Array.from(shares));
  const standard = 1 / Math.sqrt(12);
  expect(Math.abs(mean - 0.5)).toBeLessThan((5 * standard) / Math.sqrt(biases.length));
  expect(Math.abs(std / standard - 1)).toBeLessThan(5 / Math.sqrt(2 * biases.length));
}

describe('initialisation of other mixers', () => {
  const within = (inputs: number): Expected => uniform(1 / Math.sqrt(inputs));

  it('of Vim: time steps spread in the forward direction only, output smaller by sqrt(layers)', () => {
    const mixer = new VimMixer(384, { layers: 24 }).initialize(5);
    const rules: Record<string, Expected> = {
      A_log: { kind: 'exactly', value: (i) => Math.fround(Math.log((i % 16) + 1)) },
      A_b_log: { kind: 'exactly', value: (i) => Math.fround(Math.log((i % 16) + 1)) },
      D: constant(1),
      D_b: constant(1),
      'in_proj.weight': within(384),
      'conv1d.weight': within(4),
      'conv1d.bias': within(4),
      'x_proj.weight': within(768),
      'dt_proj.weight': within(24),
      'conv1d_b.weight': within(4),
      'conv1d_b.bias': within(4),
      'x_proj_b.weight': within(768),
      'dt_proj_b.weight': within(24),
      'dt_proj_b.bias': constant(0),
      'out_proj.weight': within(768 * 24),
    };
    for (const [name, parameter] of mixer.namedParameters()) {
      if (name === 'dt_proj.bias') expectLogUniform(toFloat32Array(parameter));
      else expectDistribution(name, toFloat32Array(parameter), rules[name]!);
    }
    mixer.dispose();
  });

  it('of Hydra: A = -1, D = 1, layers like PyTorch', () => {
    const mixer = new HydraMixer(384, { headWidth: 2 }).initialize(5);
    const rules: Record<string, Expected> = {
      A_log: constant(0),
      D: constant(1),
      'in_proj.weight': within(384),
      'conv1d.weight': within(7),
      'conv1d.bias': within(7),
      'fc_D.weight': within(768),
      'norm.weight': constant(1),
      'out_proj.weight': within(768),
    };
    for (const [name, parameter] of mixer.namedParameters()) {
      if (name === 'dt_bias') expectLogUniform(toFloat32Array(parameter));
      else expectDistribution(name, toFloat32Array(parameter), rules[name]!);
    }
    mixer.dispose();
  });

  it('passes the number of blocks on to Vim', () => {
    const model = createBackbone('vim-einfft', { width: 64, depth: 4 }).initialize(2);
    const weight = model.namedParameters().get('blocks.blocks.1.mixer.out_proj.weight')!;
    expectDistribution('out_proj', toFloat32Array(weight), within(128 * 4));
    model.dispose();
  });
});

describe('seeds', () => {
  const small = (): MvHybrid => new MvHybrid({ width: 32, heads: 2, depth: 2 });
  const values = (model: Module): Map<string, Float32Array> =>
    new Map([...model.namedParameters()].map(([name, p]) => [name, toFloat32Array(p)]));

  it('give the same numbers again, and others for another seed', () => {
    const models = [small().initialize(7), small().initialize(7), small().initialize(8)];
    const [a, b, c] = models.map(values) as [
      Map<string, Float32Array>,
      Map<string, Float32Array>,
      Map<string, Float32Array>,
    ];
    expect(a).toEqual(b);
    expect(a.get('blocks.blocks.0.mixer.in_proj.weight')).not.toEqual(
      c.get('blocks.blocks.0.mixer.in_proj.weight'),
    );
    for (const model of models) model.dispose();
  });

  it('give a parameter numbers that depend on its name, not on what else there is', () => {
    const [two, four] = [small(), new MvHybrid({ width: 32, heads: 2, depth: 4 })];
    two.initialize(7);
    four.initialize(7);
    const name = 'blocks.blocks.0.mixer.out_proj.weight';
    expect(values(two).get(name)).toEqual(values(four).get(name));
    expect(values(four).get(name)).not.toEqual(values(four).get('blocks.blocks.1.mixer.out_proj.weight'));
    two.dispose();
    four.dispose();
  });
});

describe('initialisers', () => {
  it('fill in place', () => {
    const start = tensorCount();
    noGrad(() =>
      scope(() => {
        const t = zeros([2, 2000], { dtype: 'float32' });
        onesInit(t, 's');
        expect(new Set(toFloat32Array(t))).toEqual(new Set([1]));
        zerosInit(t, 's');
        expect(new Set(toFloat32Array(t))).toEqual(new Set([0]));
        valuesInit((i) => i / 2)(t, 's');
        expect([...toFloat32Array(t).subarray(0, 3)]).toEqual([0, 0.5, 1]);
        uniformInit(3)(t, 's');
        expectDistribution('uniform', toFloat32Array(t), uniform(3));
        normalInit(2)(t, 's');
        expectDistribution('normal', toFloat32Array(t), normal(2));
      }),
    );
    expect(tensorCount()).toBe(start);
  });

  it('cut the truncated normal at +-2, an absolute bound', () => {
    noGrad(() =>
      scope(() => {
        const t = zeros([4000], { dtype: 'float32' });
        truncatedNormalInit(1.5)(t, 's');
        expect(statistics(toFloat32Array(t)).largest).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('may be chosen for a Linear', () => {
    const layer = new Linear(3, 2, { bias: false, weightInit: onesInit }).initialize(0);
    expect([...toFloat32Array(layer.weight)]).toEqual([1, 1, 1, 1, 1, 1]);
    expect(layer.bias).toBeUndefined();
    layer.dispose();
  });
});
