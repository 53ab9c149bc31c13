/** Whole backbones without gradients, as when slides are embedded. */
import { createBackbone } from '../backbones/index.ts';
import { noGrad } from '../tensor/index.ts';
import type { BenchCase } from './case.ts';
import { mvHybridFlops, vitFlops } from './flops.ts';
import { overInputs } from './inputs.ts';

const IMAGE_PX = 256;

function forwardCase(
  backbone: string,
  batch: number,
  flopsPerImage: number,
  target?: BenchCase['target'],
): BenchCase {
  return {
    name: `${backbone}-batch-${batch}`,
    shape: `${batch} x 3 x ${IMAGE_PX} x ${IMAGE_PX}`,
    flops: batch * flopsPerImage,
    items: { count: batch, unit: 'patches' },
    ...(target === undefined ? {} : { target }),
    prepare: () => {
      const model = createBackbone(backbone).initialize(1);
      const { run, dispose } = overInputs((inputs) => {
        const images = inputs.normal([batch, 3, IMAGE_PX, IMAGE_PX]);
        return () => {
          noGrad(() => model.forward(images));
        };
      });
      return {
        run,
        dispose: () => {
          dispose();
          model.dispose();
        },
      };
    },
  };
}

export const backboneCases: readonly BenchCase[] = [
  forwardCase('mv-hybrid', 16, mvHybridFlops(), { kind: 'ceiling', atLeast: 0.55 }),
  forwardCase('mv-hybrid', 1, mvHybridFlops()),
  forwardCase('vit-12', 16, vitFlops()),
];
