import { type EinFft, SPARSITY_THRESHOLD } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Graph, Value } from './graph.ts';
import { type Place, parameter, split } from './place.ts';

/** cos and sin of 2 pi k t / n, over sqrt n: the orthonormal transform is C - i S, its inverse C + i S. */
function waves(graph: Graph, n: number): { cosine: Value; sine: Value } {
  const table = (of: (angle: number) => number): Float32Array =>
    Float32Array.from(
      { length: n * n },
      (_, i) => of((2 * Math.PI * ((Math.floor(i / n) * (i % n)) % n)) / n) / Math.sqrt(n),
    );
  return {
    cosine: graph.shared(`dft_cosine_${n}`, [n, n], () => table(Math.cos)),
    sine: graph.shared(`dft_sine_${n}`, [n, n], () => table(Math.sin)),
  };
}

/** A complex value as two real ones. */
interface Complex {
  readonly re: Value;
  readonly im: Value;
}

/** (C + sign i S) z, the transform along the second to last axis. */
function transform(graph: Graph, { re, im }: Complex, n: number, sign: 1 | -1): Complex {
  const { cosine, sine } = waves(graph, n);
  const [cr, ci, sr, si] = [
    graph.op('MatMul', [cosine, re]),
    graph.op('MatMul', [cosine, im]),
    graph.op('MatMul', [sine, re]),
    graph.op('MatMul', [sine, im]),
  ];
  return sign > 0
    ? { re: graph.op('Sub', [cr, si]), im: graph.op('Add', [ci, sr]) }
    : { re: graph.op('Add', [cr, si]), im: graph.op('Sub', [ci, sr]) };
}

/** [2, K, w, w] -> [K, 2w, 2w] acting on rows [re | im]. */
function realMatrix(place: Place, name: string, complex: Tensor): Value {
  const { graph } = place;
  const [re, im] = split(graph, parameter(place, name, complex), 0, [1, 1]).map((part) =>
    graph.op('Squeeze', [part, graph.integers([0])]),
  ) as [Value, Value];
  const top = graph.op('Concat', [re, im], { axis: 2 });
  return graph.op('Concat', [top, graph.op('Concat', [graph.op('Neg', [im]), re], { axis: 2 })], { axis: 1 });
}

/** [2, K, w] -> [K, 1, 2w] */
function realBias(place: Place, name: string, complex: Tensor): Value {
  const { graph } = place;
  const [, blocks, width] = complex.shape as [number, number, number];
  const turned = graph.op('Transpose', [parameter(place, name, complex)], { perm: [1, 0, 2] });
  return graph.op('Reshape', [turned, graph.integers([blocks, 1, 2 * width])]);
}

/** y = Re IFFT2(softshrink(W2 relu(W1 FFT2(x) + b1) + b2)) over tokens and channel blocks, transforms as products. */
export function einfftNodes(
  place: Place,
  x: Value,
  { blocks, weight1, weight2, bias1, bias2 }: EinFft,
): Value {
  const { graph, length } = place;
  const w = bias1.size(2);
  const { cosine, sine } = waves(graph, length);
  const byBlock = (value: Value): Value =>
    graph.op('Reshape', [value, graph.integers([0, length, blocks, w])]);
  const tokens = {
    re: byBlock(graph.op('MatMul', [cosine, x])),
    im: byBlock(graph.op('Neg', [graph.op('MatMul', [sine, x])])),
  };
  const spectrum = transform(graph, tokens, blocks, -1); // [B, L, K, w]
  const joined = graph.op('Concat', [spectrum.re, spectrum.im], { axis: 3 });
  const rows = graph.op('Reshape', [
    graph.op('Transpose', [joined], { perm: [2, 0, 1, 3] }),
    graph.integers([blocks, -1, 2 * w]),
  ]);
  const layer = (value: Value, i: 1 | 2, weight: Tensor, bias: Tensor): Value =>
    graph.op('Add', [
      graph.op('MatMul', [value, realMatrix(place, `complex_weight_${i}`, weight)]),
      realBias(place, `complex_bias_${i}`, bias),
    ]);
  const hidden = graph.op('Relu', [layer(rows, 1, weight1, bias1)]);
  const threshold = { float: SPARSITY_THRESHOLD };
  const mixed = graph.op('Shrink', [layer(hidden, 2, weight2, bias2)], { lambd: threshold, bias: threshold });
  const back = graph.op('Reshape', [mixed, graph.integers([blocks, -1, length, 2 * w])]);
  const [re, im] = split(graph, graph.op('Transpose', [back], { perm: [1, 2, 0, 3] }), 3, [w, w]) as [
    Value,
    Value,
  ];
  const signal = transform(graph, { re, im }, blocks, 1);
  const flat = (value: Value): Value => graph.op('Reshape', [value, graph.integers([0, length, blocks * w])]);
  return graph.op('Sub', [
    graph.op('MatMul', [cosine, flat(signal.re)]),
    graph.op('MatMul', [sine, flat(signal.im)]),
  ]);
}
