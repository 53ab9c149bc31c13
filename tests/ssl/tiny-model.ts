/** Models and crops small enough to train in a test. */
import { type Backbone, MvHybrid, Vit } from '../../src/backbones/index.ts';
import { Rng } from '../../src/core/rng.ts';
import {
  type Batch,
  type Communicator,
  type Crops,
  collate,
  DinoV2,
  type DinoV2Options,
  dinoV2Config,
  stepRandom,
} from '../../src/ssl/index.ts';

export const tinyHybrid = (): MvHybrid => new MvHybrid({ width: 32, depth: 2, heads: 2 });
export const tinyVit = (): Vit => new Vit({ width: 32, depth: 2, heads: 2, imagePx: 64, dropPath: 0.2 });

const HEAD = { prototypes: 24, hidden: 32, bottleneck: 16, layers: 3 };

/** Options of a run on 64 px and 32 px crops; `more` replaces whole sections. */
export function tinyOptions(more: DinoV2Options = {}): DinoV2Options {
  return {
    seed: 7,
    batch: 4,
    crops: { globalPx: 64, localPx: 32, locals: 2, imageDtype: 'float32' },
    dinoHead: HEAD,
    ibotHead: HEAD,
    mask: { probability: 0.5, ratio: [0.3, 0.8] },
    schedule: {
      epochs: 40,
      epochSteps: 1,
      learningRate: 0.002,
      scaling: 'none',
      warmupEpochs: 4,
      teacherTemperatureEpochs: 10,
    },
    ...more,
  };
}

/** Runs `work` with a model that is freed afterwards. */
export function withModel<T>(
  work: (model: DinoV2) => T,
  options: DinoV2Options = tinyOptions(),
  { make = tinyHybrid as () => Backbone, group = undefined as Communicator | undefined } = {},
): T {
  const model = new DinoV2(make, dinoV2Config(options), group === undefined ? {} : { group });
  try {
    return work(model);
  } finally {
    model.dispose();
  }
}

function picture(random: Rng, side: number, tone: number): Float32Array {
  return Float32Array.from({ length: 3 * side * side }, () => tone + 0.5 * random.normal());
}

/** Crops of `images` pictures that differ in tone: the same for the same seed. */
export function tinyCrops(images: number, { locals = 2, seed = 0 } = {}): Crops[] {
  return Array.from({ length: images }, (_, image) => {
    const random = new Rng(`crops/${seed}/${image}`);
    const tone = image - images / 2;
    return {
      global: [picture(random, 64, tone), picture(random, 64, tone)],
      local: Array.from({ length: locals }, () => picture(random, 32, tone)),
    };
  });
}

/** The batch of one step of a model, with the masks of that step. */
export function tinyBatch(model: DinoV2, crops: readonly Crops[] = tinyCrops(4)): Batch {
  const { config } = model;
  return collate(
    crops,
    { ...config.crops, patchPx: 16, mask: config.mask, device: model.device },
    stepRandom(config.seed, 'masks', model.step, model.group.rank),
  );
}
