import type { Attention } from '../nn/index.ts';
import type { Value } from './graph.ts';
import { linearNodes, type Place, split, within } from './place.ts';

/** softmax(q k^T / sqrt(d)) v per head. */
export function attentionNodes(place: Place, x: Value, { heads, qkv, proj }: Attention): Value {
  const { graph, length } = place;
  const width = proj.weight.size(0);
  const depth = width / heads;
  const joined = linearNodes(within(place, 'qkv'), x, qkv);
  const parted = graph.op('Reshape', [joined, graph.integers([0, length, 3, heads, depth])]);
  const [q, k, v] = split(
    graph,
    graph.op('Transpose', [parted], { perm: [2, 0, 3, 1, 4] }),
    0,
    [1, 1, 1],
  ).map((part) => graph.op('Squeeze', [part, graph.integers([0])])) as [Value, Value, Value];
  const scaled = graph.op('Mul', [q, graph.scalar(1 / Math.sqrt(depth))]);
  const scores = graph.op('MatMul', [scaled, graph.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  const mixed = graph.op('MatMul', [graph.op('Softmax', [scores], { axis: -1 }), v]);
  const rows = graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] });
  return linearNodes(
    within(place, 'proj'),
    graph.op('Reshape', [rows, graph.integers([0, length, width])]),
    proj,
  );
}
