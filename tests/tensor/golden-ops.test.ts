/** Custom operators against the reference functions: outputs and every gradient, kernel and composed form alike. */
import { describe, expect, it } from 'vitest';
import {
  attention,
  attentionComposed,
  blockLinear,
  blockLinearComposed,
  cat,
  clearGradient,
  depthwiseConv1d,
  depthwiseConv1dComposed,
  einfft,
  einfftComposed,
  linear,
  neg,
  permute,
  reshape,
  scope,
  select,
  selectiveScan,
  selectiveScanComposed,
  type Tensor,
  tensorCount,
  tokenBlockDft,
  tokenBlockDftAdjoint,
  tokenBlockDftAdjointComposed,
  tokenBlockDftComposed,
} from '../../src/tensor/index.ts';
import { readGolden } from '../support/fixtures.ts';
import {
  backwardFromGolden,
  expectGradients,
  expectOutputs,
  goldenTensor,
} from '../support/golden-module.ts';

/** Compares outputs and gradients of a function of `in.*` and `w.*`. */
function check(
  file: string,
  run: (get: (name: string) => Tensor | undefined) => Record<string, Tensor>,
): void {
  const start = tensorCount();
  scope(() => {
    const golden = readGolden(file);
    const leaves = new Map<string, Tensor>();
    for (const [name, stored] of golden.group('in.')) leaves.set(`in.${name}`, goldenTensor(stored, true));
    for (const [name, stored] of golden.group('w.')) leaves.set(name, goldenTensor(stored, true));
    const outputs = run((name) => leaves.get(name));
    expectOutputs(golden, outputs);
    const loss = backwardFromGolden(golden, outputs);
    const expected = golden.get('loss').data[0]!;
    expect(Math.abs(loss - expected)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(expected)));
    expectGradients(golden, leaves);
    for (const leaf of leaves.values()) clearGradient(leaf);
  });
  expect(tensorCount()).toBe(start);
}

/** The reference has (B, D, L), this package [B, L, D]. */
function swapped(x: Tensor | undefined): Tensor | undefined {
  return x === undefined ? undefined : permute(x, [0, 2, 1]);
}

const SCANS = [
  'sscan_L1',
  'sscan_L1b',
  'sscan_L2',
  'sscan_L50',
  'sscan_L257',
  'sscan_z_L17',
  'sscan_plain_L9',
];

describe.each([
  ['kernel', selectiveScan],
  ['composed', selectiveScanComposed],
] as const)('selective scan, %s', (_, scan) => {
  it.each(SCANS)('%s', (file) => {
    check(file, (get) => {
      const y = scan(
        swapped(get('in.u'))!,
        swapped(get('in.delta'))!,
        get('in.A')!,
        swapped(get('in.B'))!,
        swapped(get('in.C'))!,
        {
          D: get('in.D'),
          z: swapped(get('in.z')),
          deltaBias: get('in.delta_bias'),
          deltaSoftplus: readGolden(file).meta.delta_softplus as boolean,
        },
      );
      return { y: permute(y, [0, 2, 1]) };
    });
  });
});

describe.each([
  ['kernel', depthwiseConv1d],
  ['composed', depthwiseConv1dComposed],
] as const)('depthwise convolution, %s', (_, conv) => {
  it('conv1d_same_k4', () => {
    check('conv1d_same_k4', (get) => {
      const weight = get('weight')!;
      const y = conv(swapped(get('in.x'))!, reshape(weight, [weight.size(0), -1]), { padLeft: 1 });
      return { y: permute(y, [0, 2, 1]) };
    });
  });
});

describe.each([
  ['kernel', attention],
  ['composed', attentionComposed],
] as const)('attention, %s', (_, attend) => {
  it('attention_L17', () => {
    check('attention_L17', (get) => {
      const qkv = linear(get('in.x')!, get('qkv.weight')!, { bias: get('qkv.bias') });
      return { y: linear(attend(qkv, 2), get('proj.weight')!, { bias: get('proj.bias') }) };
    });
  });
});

/** Complex [2, K, w, w] as the real matrix that acts on [re | im]. */
function realMatrix(complex: Tensor): Tensor {
  const [re, im] = [select(complex, 0, 0), select(complex, 0, 1)];
  return cat([cat([re, im], { dim: 2 }), cat([neg(im), re], { dim: 2 })], { dim: 1 });
}

const realBias = (complex: Tensor): Tensor => cat([select(complex, 0, 0), select(complex, 0, 1)], { dim: 1 });

describe.each([
  ['kernel', einfft],
  ['composed', einfftComposed],
] as const)('EinFFT as one operator, %s', (_, mix) => {
  it.each(['einfft_small_L5', 'einfft_shrink_L10', 'einfft_L50', 'einfft_L257'])('%s', (file) => {
    check(file, (get) => {
      const layer = (i: 1 | 2) =>
        [realMatrix(get(`complex_weight_${i}`)!), realBias(get(`complex_bias_${i}`)!)] as const;
      return { y: mix(get('in.x')!, ...layer(1), ...layer(2), 0.01) };
    });
  });
});

describe.each([
  ['kernel', tokenBlockDft, blockLinear, tokenBlockDftAdjoint],
  ['composed', tokenBlockDftComposed, blockLinearComposed, tokenBlockDftAdjointComposed],
] as const)('EinFFT from its operators, %s', (_, transform, mix, adjoint) => {
  it.each(['einfft_small_L5', 'einfft_shrink_L10', 'einfft_L50', 'einfft_L257'])('%s', (file) => {
    check(file, (get) => {
      const x = get('in.x')!;
      const hidden = mix(
        transform(x, 4),
        realMatrix(get('complex_weight_1')!),
        realBias(get('complex_bias_1')!),
        {
          activation: 'relu',
        },
      );
      const mixed = mix(hidden, realMatrix(get('complex_weight_2')!), realBias(get('complex_bias_2')!), {
        activation: 'softshrink',
        threshold: 0.01,
      });
      return { y: adjoint(mixed, x.size(0)) };
    });
  });
});
