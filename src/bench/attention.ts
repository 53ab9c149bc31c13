/** Attention at the sizes of MV_Hybrid-S and ViT-S. */
import { attentionFlops } from '../backbones/index.ts';
import { attention, backward, clearGradient, noGrad, sumAll } from '../tensor/index.ts';
import type { BenchCase } from './case.ts';
import { overInputs } from './inputs.ts';

const [BATCH, LENGTH, HEADS, HEAD_DIM] = [16, 257, 6, 64];
const WIDTH = HEADS * HEAD_DIM;
const SHAPE = `B=${BATCH} L=${LENGTH} heads=${HEADS} x ${HEAD_DIM}`;
const FLOPS = BATCH * attentionFlops(LENGTH, WIDTH);

export const attentionCases: readonly BenchCase[] = [
  {
    name: 'attention-forward',
    shape: SHAPE,
    prepare: () => ({
      flops: FLOPS,
      ...overInputs((inputs) => {
        const qkv = inputs.normal([BATCH, LENGTH, 3 * WIDTH]);
        return () => {
          noGrad(() => attention(qkv, HEADS));
        };
      }),
    }),
  },
  {
    name: 'attention-forward-backward',
    shape: SHAPE,
    prepare: () => ({
      // Backward forms the scores again and four more products of their size.
      flops: 3.5 * FLOPS,
      ...overInputs((inputs) => {
        const qkv = inputs.normal([BATCH, LENGTH, 3 * WIDTH], { requiresGrad: true });
        return () => {
          backward(sumAll(attention(qkv, HEADS)));
          clearGradient(qkv);
        };
      }),
    }),
  },
];
