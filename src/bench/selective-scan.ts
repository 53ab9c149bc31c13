/** The selective scan at the sizes of MV_Hybrid-S. */
import {
  backward,
  clearGradient,
  exp,
  neg,
  noGrad,
  scope,
  selectiveScan,
  sumAll,
  type Tensor,
} from '../tensor/index.ts';
import type { BenchCase } from './case.ts';
import { type Inputs, overInputs } from './inputs.ts';

const [BATCH, LENGTH, CHANNELS, STATES] = [8, 257, 384, 16];
const SHAPE = `B=${BATCH} L=${LENGTH} D=${CHANNELS} N=${STATES}`;

/** Everything the mixer gives: steps before softplus, their bias, the skip factor. */
function scanInputs(inputs: Inputs, requiresGrad: boolean): { leaves: Tensor[]; scan: () => Tensor } {
  const make = (...shape: number[]): Tensor => inputs.normal(shape, { requiresGrad });
  const [u, delta] = [make(BATCH, LENGTH, CHANNELS), make(BATCH, LENGTH, CHANNELS)];
  const A = inputs.hold(scope(() => neg(exp(inputs.normal([CHANNELS, STATES])))));
  if (requiresGrad) A.requiresGrad = true;
  const [B, C] = [make(BATCH, LENGTH, STATES), make(BATCH, LENGTH, STATES)];
  const [D, deltaBias] = [make(CHANNELS), make(CHANNELS)];
  return {
    leaves: [u, delta, A, B, C, D, deltaBias],
    scan: () => selectiveScan(u, delta, A, B, C, { D, deltaBias, deltaSoftplus: true }),
  };
}

export const selectiveScanCases: readonly BenchCase[] = [
  {
    name: 'scan-forward',
    shape: SHAPE,
    target: { kind: 'milliseconds', atMost: 10 },
    prepare: () =>
      overInputs((inputs) => {
        const { scan } = scanInputs(inputs, false);
        return () => {
          noGrad(scan);
        };
      }),
  },
  {
    name: 'scan-forward-backward',
    shape: SHAPE,
    prepare: () =>
      overInputs((inputs) => {
        const { leaves, scan } = scanInputs(inputs, true);
        return () => {
          backward(sumAll(scan()));
          for (const leaf of leaves) clearGradient(leaf);
        };
      }),
  },
];
