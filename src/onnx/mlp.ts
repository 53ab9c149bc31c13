import type { Mlp, SwiGlu } from '../nn/index.ts';
import type { Value } from './graph.ts';
import { gelu, linearNodes, type Place, silu, split, within } from './place.ts';

/** fc2(GELU(fc1(x))) */
export function mlpNodes(place: Place, x: Value, { fc1, fc2 }: Mlp): Value {
  const hidden = gelu(place.graph, linearNodes(within(place, 'fc1'), x, fc1));
  return linearNodes(within(place, 'fc2'), hidden, fc2);
}

/** w3(silu(a) * b) with [a | b] = w12(x) */
export function swigluNodes(place: Place, x: Value, { w12, w3 }: SwiGlu): Value {
  const { graph } = place;
  const half = w12.weight.size(0) / 2;
  const [a, b] = split(graph, linearNodes(within(place, 'w12'), x, w12), 2, [half, half]);
  return linearNodes(within(place, 'w3'), graph.op('Mul', [silu(graph, a!), b!]), w3);
}
