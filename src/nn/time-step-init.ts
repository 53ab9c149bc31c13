import { copyInto, tensor, toFloat32Array } from '../tensor/index.ts';
import { type Initializer, uniformInit } from './init.ts';

/** Range of the first time steps, in tokens. */
const [SHORTEST, LONGEST] = [1e-3, 0.1];
/** Smaller steps are raised to this. */
const FLOOR = 1e-4;

/**
 * Biases b with softplus(b) log-uniform in [1e-3, 0.1], so that channels begin with memories of different length.
 *
 * @source Mamba, arXiv:2312.00752.
 */
export const timeStepBiasInit: Initializer = (parameter, seed) => {
  uniformInit(1)(parameter, seed);
  const biases = toFloat32Array(parameter).map((u) => {
    const share = (u + 1) / 2;
    const step = Math.max(SHORTEST * (LONGEST / SHORTEST) ** share, FLOOR);
    return step + Math.log(-Math.expm1(-step)); // inverse of softplus
  });
  copyInto(parameter, tensor(biases, parameter.shape));
};
