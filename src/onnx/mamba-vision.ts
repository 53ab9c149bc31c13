import type { MambaVisionMixer } from '../nn/index.ts';
import type { Graph, Value } from './graph.ts';
import { linearNodes, type Place, parameter, silu, split, within } from './place.ts';

/** One step of the scan: state h [B, D, N] and this token's u, dt [B, D], B, C [B, N] to the next state and y [B, D]. */
function scanBody(graph: Graph, transition: Value, channels: number, states: number): Graph {
  const body = graph.body('selective_scan_step');
  const input = (hint: string, ...sizes: number[]): Value =>
    body.input(body.fresh(hint), ['batch', ...sizes]);
  const [h, u, dt, b, c] = [
    input('h', channels, states),
    input('u', channels),
    input('dt', channels),
    input('b', states),
    input('c', states),
  ];
  const column = (value: Value): Value => body.op('Unsqueeze', [value, body.integers([2])]);
  const row = (value: Value): Value => body.op('Unsqueeze', [value, body.integers([1])]);
  const decay = body.op('Exp', [body.op('Mul', [column(dt), transition])]);
  const drive = body.op('Mul', [column(body.op('Mul', [dt, u])), row(b)]);
  const next = body.op('Add', [body.op('Mul', [decay, h]), drive]);
  const y = body.op('Squeeze', [body.op('MatMul', [next, column(c)]), body.integers([2])]);
  body.output(body.fresh('h_next'), next, ['batch', channels, states]);
  body.output(body.fresh('y'), y, ['batch', channels]);
  return body;
}

/** h_t = exp(dt_t A) h_{t-1} + dt_t B_t u_t, y_t = C_t h_t + D u_t, from h = 0; A = -exp(A_log). */
function selectiveScanNodes(
  place: Place,
  { aLog, skip, half, states }: MambaVisionMixer,
  [u, dt, b, c]: readonly [Value, Value, Value, Value],
): Value {
  const { graph } = place;
  const transition = graph.op('Neg', [graph.op('Exp', [parameter(place, 'A_log', aLog)])]);
  const first = graph.op('Gather', [u, graph.integers([0])], { axis: 1 }); // [B, 1, D]
  const zero = graph.op('Mul', [graph.op('Transpose', [first], { perm: [0, 2, 1] }), graph.scalar(0)]);
  const start = graph.op('Concat', Array<Value>(states).fill(zero), { axis: 2 });
  const [, y] = graph.ops('Scan', [start, u, dt, b, c], 2, {
    body: scanBody(graph, transition, half, states),
    num_scan_inputs: 4,
    scan_input_axes: [1, 1, 1, 1],
    scan_output_axes: [1],
  });
  return graph.op('Add', [y!, graph.op('Mul', [u, parameter(place, 'D', skip)])]);
}

/** The mixer of src/nn/mamba-vision-mixer.ts; the bias of dt_proj enters twice. */
export function mambaVisionNodes(place: Place, x: Value, mixer: MambaVisionMixer): Value {
  const { graph } = place;
  const { half, rank, states, convX, convZ, padLeft } = mixer;
  const taps = convX.weight.size(2);
  const inner = graph.op('Transpose', [linearNodes(within(place, 'in_proj'), x, mixer.inProj)], {
    perm: [0, 2, 1],
  });
  const filtered = split(graph, inner, 1, [half, half]).map((part, i) => {
    const weight = parameter(
      place,
      i === 0 ? 'conv1d_x.weight' : 'conv1d_z.weight',
      (i === 0 ? convX : convZ).weight,
    );
    const conv = graph.op('Conv', [part, weight], {
      group: half,
      kernel_shape: [taps],
      pads: [padLeft, taps - 1 - padLeft],
    });
    return graph.op('Transpose', [silu(graph, conv)], { perm: [0, 2, 1] });
  });
  const [u, z] = filtered as [Value, Value];
  const projected = linearNodes(within(place, 'x_proj'), u, mixer.xProj);
  const [low, b, c] = split(graph, projected, 2, [rank, states, states]) as [Value, Value, Value];
  const step = linearNodes(within(place, 'dt_proj'), low, mixer.dtProj);
  const dt = graph.op('Softplus', [graph.op('Add', [step, `${place.prefix}dt_proj.bias`])]);
  const y = selectiveScanNodes(place, mixer, [u, dt, b, c]);
  return linearNodes(within(place, 'out_proj'), graph.op('Concat', [y, z], { axis: 2 }), mixer.outProj);
}
