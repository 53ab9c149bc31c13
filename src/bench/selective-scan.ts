/** The selective scan at the sizes of MV_Hybrid-S. */
import {
  backward,
  clearGradient,
  exp,
  neg,
  noGrad,
  scope,
  selectiveScan,
  type Tensor,
} from '../tensor/index.ts';
import type { BenchCase, Ready } from './case.ts';
import { type Inputs, overInputs } from './inputs.ts';

const [BATCH, LENGTH, CHANNELS, STATES] = [8, 257, 384, 16];
const SHAPE = `B=${BATCH} L=${LENGTH} D=${CHANNELS} N=${STATES}`;

/** Batch and length of a scan; channels and states are MV_Hybrid-S's. */
export interface ScanSize {
  readonly batch: number;
  readonly length: number;
}

/** Steps of all states: what takes one exponential each. */
export function scanElements({ batch, length }: ScanSize): number {
  return batch * length * CHANNELS * STATES;
}

/** Everything the mixer gives: steps before softplus, their bias, the skip factor. */
function scanInputs(
  inputs: Inputs,
  { batch, length }: ScanSize,
  requiresGrad: boolean,
): { leaves: Tensor[]; scan: () => Tensor } {
  const make = (...shape: number[]): Tensor => inputs.normal(shape, { requiresGrad });
  const [u, delta] = [make(batch, length, CHANNELS), make(batch, length, CHANNELS)];
  const A = inputs.hold(scope(() => neg(exp(inputs.normal([CHANNELS, STATES])))));
  if (requiresGrad) A.requiresGrad = true;
  const [B, C] = [make(batch, length, STATES), make(batch, length, STATES)];
  const [D, deltaBias] = [make(CHANNELS), make(CHANNELS)];
  return {
    leaves: [u, delta, A, B, C, D, deltaBias],
    scan: () => selectiveScan(u, delta, A, B, C, { D, deltaBias, deltaSoftplus: true }),
  };
}

/** A forward scan without gradients. */
export function forwardScan(size: ScanSize): Ready {
  return overInputs((inputs) => {
    const { scan } = scanInputs(inputs, size, false);
    return () => {
      noGrad(scan);
    };
  });
}

/** A scan and the gradients of all its inputs for a given one of its output. */
export function trainedScan(size: ScanSize): Ready {
  return overInputs((inputs) => {
    const { leaves, scan } = scanInputs(inputs, size, true);
    const seed = inputs.normal([size.batch, size.length, CHANNELS]);
    return () => {
      backward(scan(), seed);
      for (const leaf of leaves) clearGradient(leaf);
    };
  });
}

const USUAL: ScanSize = { batch: BATCH, length: LENGTH };

export const selectiveScanCases: readonly BenchCase[] = [
  {
    name: 'scan-forward',
    shape: SHAPE,
    target: { kind: 'milliseconds', atMost: 10 },
    prepare: () => forwardScan(USUAL),
  },
  { name: 'scan-forward-backward', shape: SHAPE, prepare: () => trainedScan(USUAL) },
];
