/** One pretraining step of the `small` preset on given crops: teacher, student, losses, backward, update. */
import { createBackbone } from '../backbones/index.ts';
import { Rng } from '../core/rng.ts';
import { DinoV2, dinoV2Config, drawMasks, maskTensors, trainStep } from '../ssl/index.ts';
import { keep, scope } from '../tensor/index.ts';
import { PRESETS } from '../train/index.ts';
import type { BenchCase } from './case.ts';
import { overInputs } from './inputs.ts';

const BATCH = 8;
const PATCH_PX = 16;
const { backbone, ssl } = PRESETS.small;
const { globalPx, localPx, locals } = ssl.crops;

export const trainStepCases: readonly BenchCase[] = [
  {
    name: 'train-step-small',
    shape: `${BATCH} images: 2 x ${globalPx} px, ${locals} x ${localPx} px; width ${backbone.width}, depth ${backbone.depth}`,
    items: { count: BATCH, unit: 'images' },
    prepare: () => {
      const config = dinoV2Config({ ...ssl, batch: BATCH });
      const { name, ...options } = backbone;
      const model = new DinoV2(() => createBackbone(name, options), config);
      const { run, dispose } = overInputs((inputs) => {
        const side = globalPx / PATCH_PX;
        const drawn = drawMasks(2 * BATCH, { rows: side, columns: side }, config.mask, new Rng(1));
        const masks = scope(() => maskTensors(drawn, 2 * BATCH));
        for (const t of Object.values(masks)) inputs.hold(keep(t));
        const globalCrops = inputs.normal([2 * BATCH, 3, globalPx, globalPx]);
        const localCrops = inputs.normal([locals * BATCH, 3, localPx, localPx]);
        return () => {
          trainStep(model, { globalCrops, localCrops, ...masks });
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
  },
];
