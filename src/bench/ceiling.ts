/** The most that this machine gets out of one large float32 product, by the engine's fastest path. */
import { productFlops } from '../backbones/index.ts';
import { linear, noGrad } from '../tensor/index.ts';
import type { Ready } from './case.ts';
import { overInputs } from './inputs.ts';

const SIDE = 2048;

/** Operations of one run. */
export const CEILING_FLOPS = productFlops(SIDE, SIDE, SIDE);

/** One product of two 2048 x 2048 matrices, the right one packed beforehand as a layer's weight would be. */
export function ceilingProduct(): Ready {
  return overInputs((inputs) => {
    const [x, w] = [inputs.normal([SIDE, SIDE]), inputs.normal([SIDE, SIDE], { requiresGrad: true })];
    return () => {
      noGrad(() => linear(x, w));
    };
  });
}
