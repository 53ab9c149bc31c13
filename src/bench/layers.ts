/** One layer of each kind at the sizes of MV_Hybrid-S: EinFFT, mixer, MLP. */
import { layerFlops } from '../backbones/index.ts';
import { EinFft, MambaVisionMixer, Mlp, type Module } from '../nn/index.ts';
import { noGrad, type Tensor } from '../tensor/index.ts';
import type { BenchCase } from './case.ts';
import { overInputs } from './inputs.ts';

const [BATCH, LENGTH, WIDTH] = [16, 257, 384];

interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

function layerCase(name: string, make: () => Layer): BenchCase {
  return {
    name,
    shape: `B=${BATCH} L=${LENGTH} width=${WIDTH}`,
    prepare: () => {
      const layer = make().initialize(1);
      const { run, dispose } = overInputs((inputs) => {
        const x = inputs.normal([BATCH, LENGTH, WIDTH]);
        return () => {
          noGrad(() => layer.forward(x));
        };
      });
      return {
        flops: BATCH * layerFlops(layer, LENGTH).products,
        run,
        dispose: () => {
          dispose();
          layer.dispose();
        },
      };
    },
  };
}

export const layerCases: readonly BenchCase[] = [
  layerCase('mamba-vision-mixer', () => new MambaVisionMixer(WIDTH)),
  layerCase('einfft', () => new EinFft(WIDTH)),
  layerCase('mlp', () => new Mlp(WIDTH, 4 * WIDTH)),
];
