/** Every line of native/ops.json: the generated file is up to date, and one call of each gives the right numbers. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as T from '../../src/tensor/index.ts';
import { readProjectFile } from '../architecture/sources.ts';

const declared = Object.keys(JSON.parse(readProjectFile('native/ops.json')) as Record<string, string>);

type Result = T.Tensor | readonly T.Tensor[];

const t = (values: readonly number[], shape: readonly number[] = [values.length]): T.Tensor =>
  T.tensor(Float32Array.from(values), shape);
const index = (...values: number[]): T.Tensor =>
  T.tensor(BigInt64Array.from(values, BigInt), [values.length]);
const bits = (...values: number[]): T.Tensor => T.toDtype(t(values), 'bool');
const square = (): T.Tensor => t([4, 2, 2, 3], [2, 2]);

/** In-place: the returned tensor is the changed argument. */
function inPlace(values: readonly number[], change: (x: T.Tensor) => T.Tensor): T.Tensor {
  const x = t(values);
  expect(change(x)).toBe(x);
  return x;
}

/** The same change of a list of tensors of different sizes, so that a mix-up of lists or members shows. */
function listInPlace(change: (x: readonly T.Tensor[]) => void): T.Tensor[] {
  const x = [t([1, 2]), t([3])];
  change(x);
  return x;
}

function seeded(fill: (x: T.Tensor, generator: T.Generator) => T.Tensor): T.Tensor {
  const generator = new T.Generator(5);
  const x = fill(t(new Array<number>(1000).fill(0)), generator);
  generator.dispose();
  return T.stack([T.meanAll(x), T.meanAll(T.square(x))]);
}

// Scan, convolution, attention and transforms: one step whose result can be worked out by hand.
const scanOf = (scan: typeof T.selectiveScan): T.Tensor =>
  scan(
    t([1, 2], [1, 2, 1]),
    t([1, 1], [1, 2, 1]),
    t([-Math.LN2], [1, 1]),
    t([1, 1], [1, 2, 1]),
    t([1, 3], [1, 2, 1]),
  );
// Two tokens: the first reads the second backwards (2 * 5 * 0.25 * 3), the second the first forwards (7 * 3 * 0.5 * 2).
const mixOf = (mix: typeof T.quasiSeparable): T.Tensor =>
  mix(
    t([2, 3], [1, 2, 1, 1]),
    t([0.5, 7, 11, 0.25], [1, 2, 2, 1]),
    t([-1]),
    t([3, 13, 17, 5], [1, 2, 2, 1, 1]),
    t([7, 19, 23, 2], [1, 2, 2, 1, 1]),
    16,
  );
const convOf = (conv: typeof T.depthwiseConv1d): T.Tensor =>
  conv(t([1, 2, 3], [1, 3, 1]), t([10, 1], [1, 2]), { padLeft: 1 });
const linearOf = (linear: typeof T.linear): T.Tensor =>
  linear(t([1, 2], [1, 2]), t([3, 4, 5, -6], [2, 2]), { bias: t([1, 1]), activation: 'relu' });
// One query sees both values with weights 1/2.
const attentionOf = (attention: typeof T.attention): T.Tensor =>
  attention(t([0, 7, 2, 0, 9, 4], [1, 2, 3]), 1);
const dftOf = (dft: typeof T.tokenBlockDft): T.Tensor => dft(t([1, 3], [1, 2, 1]), 1);
const adjointOf = (adjoint: typeof T.tokenBlockDftAdjoint): T.Tensor =>
  adjoint(t([2 * Math.SQRT2, 0, -Math.SQRT2, 0], [1, 2, 2]), 1);
// One token in one block is its own transform; relu(2 * 3) + 1 shrinks by 0.5; the imaginary part is dropped.
const einfftOf = (mix: typeof T.einfft): T.Tensor =>
  mix(
    t([3], [1, 1, 1]),
    t([2, 0, 0, 2], [1, 2, 2]),
    t([0, 1], [1, 2]),
    t([1, 0, 0, 1], [1, 2, 2]),
    t([1, 0], [1, 2]),
    0.5,
  );
const blocksOf = (block: typeof T.blockLinear): T.Tensor =>
  block(t([1, 2], [1, 1, 2]), t([3, 4, 5, -6], [1, 2, 2]), t([0, 0], [1, 2]), {
    activation: 'softshrink',
    threshold: 1,
  });

const EXPECTED: Readonly<Record<string, readonly [() => Result, readonly number[]]>> = {
  add: [() => T.add(t([1, 2]), t([3, 4]), { alpha: 2 }), [7, 10]],
  addScalar: [() => T.addScalar(t([1, 2]), 0.5), [1.5, 2.5]],
  addInto: [() => inPlace([1, 2], (x) => T.addInto(x, t([1, 1]))), [2, 3]],
  sub: [() => T.sub(t([1, 2]), t([3, 5])), [-2, -3]],
  mul: [() => T.mul(t([1, 2]), t([3, 5])), [3, 10]],
  mulScalar: [() => T.mulScalar(t([1, 2]), -1.5), [-1.5, -3]],
  mulScalarInto: [() => inPlace([1, 2], (x) => T.mulScalarInto(x, 3)), [3, 6]],
  div: [() => T.div(t([1, 3]), t([2, 4])), [0.5, 0.75]],
  divInto: [() => inPlace([1, 3], (x) => T.divInto(x, t([2, 4]))), [0.5, 0.75]],
  divScalar: [() => T.divScalar(t([1, 3]), 4), [0.25, 0.75]],
  neg: [() => T.neg(t([1, -2])), [-1, 2]],
  exp: [() => T.exp(t([0, 1])), [1, Math.E]],
  log: [() => T.log(t([1, Math.E])), [0, 1]],
  log1p: [() => T.log1p(t([0, 1])), [0, Math.LN2]],
  sqrt: [() => T.sqrt(t([4, 9])), [2, 3]],
  rsqrt: [() => T.rsqrt(t([4, 16])), [0.5, 0.25]],
  abs: [() => T.abs(t([-4, 9])), [4, 9]],
  square: [() => T.square(t([-4, 3])), [16, 9]],
  sigmoid: [() => T.sigmoid(t([0, Math.log(3)])), [0.5, 0.75]],
  silu: [() => T.silu(t([0, Math.log(3)])), [0, 0.75 * Math.log(3)]],
  gelu: [() => T.gelu(t([0, 1])), [0, 0.841344746]],
  relu: [() => T.relu(t([-1, 2])), [0, 2]],
  clamp: [() => T.clamp(t([-1, 0.5, 2]), { min: 0, max: 1 }), [0, 0.5, 1]],
  isfinite: [() => T.isfinite(t([1, Number.POSITIVE_INFINITY, Number.NaN])), [1, 0, 0]],
  all: [() => T.all(bits(1, 1, 0)), [0]],
  softmax: [() => T.softmax(t([0, Math.log(3)]), 0), [0.25, 0.75]],
  logSoftmax: [() => T.logSoftmax(t([0, Math.log(3)]), 0), [Math.log(0.25), Math.log(0.75)]],
  layerNorm: [() => T.layerNorm(t([1, 3], [1, 2]), t([2, 2]), t([0, 1]), 0), [-2, 3]],
  layerNormComposed: [() => T.layerNormComposed(t([1, 3], [1, 2]), t([2, 2]), t([0, 1]), 0), [-2, 3]],
  matmul: [() => T.matmul(t([1, 2, 3, 4], [2, 2]), t([1, 1], [2, 1])), [3, 7]],
  sumAll: [() => T.sumAll(t([1, 2, 3])), [6]],
  sum: [() => T.sum(t([1, 2, 3, 4], [2, 2]), [0]), [4, 6]],
  meanAll: [() => T.meanAll(t([1, 2, 3])), [2]],
  mean: [() => T.mean(t([1, 2, 3, 4], [2, 2]), [1], { keepdim: true }), [1.5, 3.5]],
  amax: [() => T.amax(t([1, 5, 3, 4], [2, 2]), { dim: [1] }), [5, 4]],
  argmax: [() => T.argmax(t([1, 5, 4, 3], [2, 2]), { dim: 1 }), [1, 0]],
  vectorNorm: [() => T.vectorNorm(t([3, 4, 5, 12], [2, 2]), { dim: [1] }), [5, 13]],
  weightNorm: [() => T.weightNorm(t([3, 4], [1, 2]), t([10], [1, 1])), [6, 8]],
  cat: [() => T.cat([t([1]), t([2, 3])]), [1, 2, 3]],
  stack: [() => T.stack([t([1, 2]), t([3, 4])], { dim: 1 }), [1, 3, 2, 4]],
  chunk: [() => T.chunk(t([1, 2, 3, 4]), 2), [1, 2, 3, 4]],
  narrow: [() => T.narrow(t([1, 2, 3, 4]), 0, 1, 2), [2, 3]],
  select: [() => T.select(t([1, 2, 3, 4], [2, 2]), 0, 1), [3, 4]],
  indexSelect: [() => T.indexSelect(t([1, 2, 3]), 0, index(2, 0)), [3, 1]],
  indexAdd: [() => T.indexAdd(t([1, 2, 3]), 0, index(2, 2), t([10, 20])), [1, 2, 33]],
  where: [() => T.where(bits(1, 0), t([1, 2]), t([3, 4])), [1, 4]],
  permute: [() => T.permute(t([1, 2, 3, 4], [2, 2]), [1, 0]), [1, 3, 2, 4]],
  transpose: [() => T.transpose(t([1, 2, 3, 4], [2, 2]), 0, 1), [1, 3, 2, 4]],
  reshape: [() => T.select(T.reshape(t([1, 2, 3, 4]), [2, -1]), 1, 0), [1, 3]],
  expand: [() => T.expand(t([1, 2], [2, 1]), [2, 2]), [1, 1, 2, 2]],
  contiguous: [() => T.contiguous(T.permute(t([1, 2, 3, 4], [2, 2]), [1, 0])), [1, 3, 2, 4]],
  unsqueeze: [() => T.cat([T.unsqueeze(t([1, 2]), 0), t([3, 4], [1, 2])]), [1, 2, 3, 4]],
  squeeze: [() => T.cat([T.squeeze(t([1, 2], [2, 1]), 1), t([3])]), [1, 2, 3]],
  clone: [() => T.clone(t([1, 2])), [1, 2]],
  detach: [() => T.detach(t([1, 2])), [1, 2]],
  copyInto: [() => inPlace([0, 0], (x) => T.copyInto(x, t([3, 4]))), [3, 4]],
  zeroInto: [() => inPlace([1, 2], T.zeroInto), [0, 0]],
  fillInto: [() => inPlace([1, 2], (x) => T.fillInto(x, 7)), [7, 7]],
  uniformInto: [
    () => seeded((x, generator) => T.uniformInto(x, { from: 0, to: 1, generator })),
    [0.5, 1 / 3],
  ],
  normalInto: [() => seeded((x, generator) => T.normalInto(x, { mean: 1, std: 2, generator })), [1, 5]],
  clampInto: [() => inPlace([-1, 2], (x) => T.clampInto(x, { min: 0 })), [0, 2]],
  fillDiagonalInto: [() => T.fillDiagonalInto(t([1, 2, 3, 4], [2, 2]), 7), [7, 2, 3, 7]],
  zerosLike: [() => T.zerosLike(t([1, 2])), [0, 0]],
  toDtype: [() => T.toDtype(t([1.7, -1.7]), 'int32'), [1, -1]],
  zeros: [() => T.zeros([2]), [0, 0]],
  full: [() => T.full([2], 2.5), [2.5, 2.5]],
  arange: [() => T.arange(3), [0, 1, 2]],
  eye: [() => T.eye(2), [1, 0, 0, 1]],
  upsampleBicubic2d: [() => T.upsampleBicubic2d(t([3], [1, 1, 1, 1]), [1, 2], false), [3, 3]],
  cholesky: [() => T.cholesky(square()), [2, 0, 1, Math.SQRT2]],
  choleskySolve: [() => T.choleskySolve(t([8, 5], [2, 1]), T.cholesky(square())), [1.75, 0.5]],
  eigh: [() => T.eigh(t([1, 0, 0, 2], [2, 2]))[0], [1, 2]],
  svd: [() => T.svd(t([3, 0, 0, 4], [2, 2]))[1], [4, 3]],
  foreachMulScalarInto: [() => listInPlace((x) => T.foreachMulScalarInto(x, 3)), [3, 6, 9]],
  foreachAddInto: [
    () => listInPlace((x) => T.foreachAddInto(x, [t([1, 1]), t([2])], { alpha: 10 })),
    [11, 12, 23],
  ],
  foreachAddScalarInto: [() => listInPlace((x) => T.foreachAddScalarInto(x, 0.5)), [1.5, 2.5, 3.5]],
  foreachDivScalarInto: [() => listInPlace((x) => T.foreachDivScalarInto(x, 2)), [0.5, 1, 1.5]],
  foreachAddcmulInto: [
    () => listInPlace((x) => T.foreachAddcmulInto(x, [t([1, 2]), t([3])], [t([4, 5]), t([6])], { value: 2 })),
    [9, 22, 39],
  ],
  foreachAddcdivInto: [
    () => listInPlace((x) => T.foreachAddcdivInto(x, [t([1, 2]), t([3])], [t([4, 8]), t([6])], { value: 4 })),
    [2, 3, 5],
  ],
  foreachSqrt: [() => T.foreachSqrt([t([4, 9]), t([16])]), [2, 3, 4]],
  foreachNorm: [() => T.foreachNorm([t([3, 4]), t([-2])]), [5, 2]],
  selectiveScan: [() => scanOf(T.selectiveScan), [1, 7.5]], // h = 1, then 1/2 + 2; y = h, 3 h
  selectiveScanComposed: [() => scanOf(T.selectiveScanComposed), [1, 7.5]],
  depthwiseConv1d: [() => convOf(T.depthwiseConv1d), [1, 12, 23]],
  depthwiseConv1dComposed: [() => convOf(T.depthwiseConv1dComposed), [1, 12, 23]],
  linear: [() => linearOf(T.linear), [12, 0]],
  linearComposed: [() => linearOf(T.linearComposed), [12, 0]],
  attention: [() => attentionOf(T.attention), [3, 3]],
  attentionComposed: [() => attentionOf(T.attentionComposed), [3, 3]],
  tokenBlockDft: [() => dftOf(T.tokenBlockDft), [2 * Math.SQRT2, 0, -Math.SQRT2, 0]],
  tokenBlockDftComposed: [() => dftOf(T.tokenBlockDftComposed), [2 * Math.SQRT2, 0, -Math.SQRT2, 0]],
  tokenBlockDftAdjoint: [() => adjointOf(T.tokenBlockDftAdjoint), [1, 3]],
  tokenBlockDftAdjointComposed: [() => adjointOf(T.tokenBlockDftAdjointComposed), [1, 3]],
  einfft: [() => einfftOf(T.einfft), [6.5]],
  einfftComposed: [() => einfftOf(T.einfftComposed), [6.5]],
  blockLinear: [() => blocksOf(T.blockLinear), [12, -7]],
  blockLinearComposed: [() => blocksOf(T.blockLinearComposed), [12, -7]],
  tanh: [() => T.tanh(t([Math.LN2])), [0.6]],
  softplus: [() => T.softplus(t([0])), [Math.LN2]],
  flip: [() => T.flip(t([1, 2, 3]), [0]), [3, 2, 1]],
  bernoulliInto: [() => seeded((x, generator) => T.bernoulliInto(x, { p: 0.25, generator })), [0.25, 0.25]],
  fft2: [() => T.viewAsReal(T.fft2(t([1, 2, 3, 4], [2, 2]))), [10, 0, -2, 0, -4, 0, 0, 0]],
  ifft2: [() => T.viewAsReal(T.ifft2(T.fft2(t([1, 2, 3, 4], [2, 2])))), [1, 0, 2, 0, 3, 0, 4, 0]],
  viewAsReal: [() => T.viewAsReal(T.fft2(t([1, 2], [1, 2]))), [3, 0, -1, 0]],
  quasiSeparable: [() => mixOf(T.quasiSeparable), [7.5, 21]],
  quasiSeparableComposed: [() => mixOf(T.quasiSeparableComposed), [7.5, 21]],
};

/** Sampled moments of 1000 draws; everything else is exact up to rounding. */
const LOOSE: Readonly<Record<string, number>> = { uniformInto: 0.05, normalInto: 0.5, bernoulliInto: 0.05 };

describe('declared operators', () => {
  it('are all called here, and nothing else', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual([...declared].sort());
  });

  it.each(declared)('%s', (name) => {
    const start = T.tensorCount();
    T.scope(() => {
      const [call, expected] = EXPECTED[name]!;
      const result = call();
      const tensors = Array.isArray(result) ? (result as readonly T.Tensor[]) : [result as T.Tensor];
      const numbers = tensors.flatMap((one) => [...T.toFloat64Array(one)]);
      expect(numbers).toBeClose(expected, { atol: LOOSE[name] ?? 1e-6 });
    });
    expect(T.tensorCount()).toBe(start);
  });

  it('are the ones in src/tensor/ops.generated.ts', () => {
    const script = fileURLToPath(new URL('../../scripts/generate-ops.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
