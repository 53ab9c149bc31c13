/**
 * Where a layer goes in a graph, and the small layers that all others use. Every `...Nodes` function stands for the
 * forward of its namesake in src/nn; sizes are those of one image size, the batch is free.
 */
import type { LayerNorm, LayerScale, Linear, PatchEmbed } from '../nn/index.ts';
import { type Tensor, toFloat32Array } from '../tensor/index.ts';
import type { Graph, Value } from './graph.ts';

/** What a layer is exported into, and what its parameters are called in the checkpoint. */
export interface Place {
  readonly graph: Graph;
  /** Name of the layer with a dot at its end, or empty. */
  readonly prefix: string;
  /** L, class token included. */
  readonly length: number;
}

/** The place of a child. */
export function within(place: Place, name: string): Place {
  return { ...place, prefix: `${place.prefix}${name}.` };
}

/** A parameter under its checkpoint name. */
export function parameter(
  { graph, prefix }: Place,
  name: string,
  tensor: Tensor,
  sizes = tensor.shape,
): Value {
  return graph.weight(`${prefix}${name}`, sizes, toFloat32Array(tensor));
}

/** x W^T + b; a bias kept out where the caller adds it. */
export function linearNodes(place: Place, x: Value, { weight, bias }: Linear): Value {
  const { graph } = place;
  const turned = graph.op('Transpose', [parameter(place, 'weight', weight)], { perm: [1, 0] });
  const y = graph.op('MatMul', [x, turned]);
  return bias === undefined ? y : graph.op('Add', [y, parameter(place, 'bias', bias)]);
}

export function layerNormNodes(place: Place, x: Value, { weight, bias, eps }: LayerNorm): Value {
  const inputs = [x, parameter(place, 'weight', weight), parameter(place, 'bias', bias)];
  return place.graph.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: eps } });
}

export function layerScaleNodes(place: Place, x: Value, scale: LayerScale | undefined): Value {
  return scale === undefined ? x : place.graph.op('Mul', [x, parameter(place, 'gamma', scale.gamma)]);
}

/** Exact: x (1 + erf(x / sqrt 2)) / 2. */
export function gelu(graph: Graph, x: Value): Value {
  const erf = graph.op('Erf', [graph.op('Mul', [x, graph.scalar(Math.SQRT1_2)])]);
  return graph.op('Mul', [graph.op('Mul', [x, graph.scalar(0.5)]), graph.op('Add', [erf, graph.scalar(1)])]);
}

export function silu(graph: Graph, x: Value): Value {
  return graph.op('Mul', [x, graph.op('Sigmoid', [x])]);
}

/** `count` pieces of an axis with the given sizes. */
export function split(graph: Graph, x: Value, axis: number, sizes: readonly number[]): Value[] {
  return graph.ops('Split', [x, graph.integers(sizes)], sizes.length, { axis });
}

/** images [B, 3, H, W] to tokens [B, n, width], row by row. */
export function patchEmbedNodes(place: Place, images: Value, { proj, patchPx }: PatchEmbed): Value {
  const { graph } = place;
  const inside = within(place, 'proj');
  const inputs = [images, parameter(inside, 'weight', proj.weight), parameter(inside, 'bias', proj.bias)];
  const map = graph.op('Conv', inputs, { kernel_shape: [patchPx, patchPx], strides: [patchPx, patchPx] });
  const flat = graph.op('Reshape', [map, graph.integers([0, proj.weight.size(0), -1])]);
  return graph.op('Transpose', [flat], { perm: [0, 2, 1] });
}
