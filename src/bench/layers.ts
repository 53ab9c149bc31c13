/** One layer of each kind at the sizes of MV_Hybrid-S: EinFFT, mixer, MLP. */
import { EinFft, MambaVisionMixer, Mlp, type Module } from '../nn/index.ts';
import { noGrad, type Tensor } from '../tensor/index.ts';
import type { BenchCase } from './case.ts';
import { einfftFlops, mambaVisionFlops, productFlops } from './flops.ts';
import { overInputs } from './inputs.ts';

const [BATCH, LENGTH, WIDTH] = [16, 257, 384];

interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

function layerCase(name: string, flopsPerImage: number, make: () => Layer): BenchCase {
  return {
    name,
    shape: `B=${BATCH} L=${LENGTH} width=${WIDTH}`,
    flops: BATCH * flopsPerImage,
    prepare: () => {
      const layer = make().initialize(1);
      const { run, dispose } = overInputs((inputs) => {
        const x = inputs.normal([BATCH, LENGTH, WIDTH]);
        return () => {
          noGrad(() => layer.forward(x));
        };
      });
      return {
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
  layerCase('mamba-vision-mixer', mambaVisionFlops(LENGTH, WIDTH), () => new MambaVisionMixer(WIDTH)),
  layerCase('einfft', einfftFlops(LENGTH, WIDTH), () => new EinFft(WIDTH)),
  layerCase('mlp', 2 * productFlops(LENGTH, WIDTH, 4 * WIDTH), () => new Mlp(WIDTH, 4 * WIDTH)),
];
