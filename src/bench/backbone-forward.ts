/** Whole backbones without gradients, as when slides are embedded. */
import { backboneFlops, createBackbone } from '../backbones/index.ts';
import { noGrad } from '../tensor/index.ts';
import type { BenchCase } from './case.ts';
import { overInputs } from './inputs.ts';

const IMAGE_PX = 256;

function forwardCase(backbone: string, batch: number, target?: BenchCase['target']): BenchCase {
  return {
    name: `${backbone}-batch-${batch}`,
    shape: `${batch} x 3 x ${IMAGE_PX} x ${IMAGE_PX}`,
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
        flops: batch * backboneFlops(model, IMAGE_PX).products,
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
  forwardCase('mv-hybrid', 16, { kind: 'ceiling', atLeast: 0.55 }),
  forwardCase('mv-hybrid', 1),
  forwardCase('vit-12', 16),
];
