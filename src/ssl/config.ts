/** All options of a pretraining run in one readonly object; the defaults are the published recipe. */
import { z } from 'zod';
import { UsageError } from '../errors.ts';

const share = z.number().min(0).max(1);
const positive = z.number().positive();
const notNegative = z.number().min(0);
const count = z.int().positive();
const steps = z.int().min(0);
const range = (low: number, high: number) => z.tuple([share, share]).readonly().default([low, high]);

const head = z
  .strictObject({
    prototypes: count.default(65_536),
    hidden: count.default(2048),
    bottleneck: count.default(256),
    layers: count.default(3),
  })
  .readonly()
  .prefault({});

const crops = z
  .strictObject({
    globalPx: count.default(256),
    localPx: count.default(112),
    /** Local crops per image; there are always two global ones. */
    locals: steps.default(8),
    /** Images are rounded to half precision when batched, as published. */
    imageDtype: z.enum(['float16', 'float32']).default('float16'),
  })
  .readonly()
  .prefault({});

const losses = z
  .strictObject({
    dino: notNegative.default(1),
    ibot: notNegative.default(1),
    koleo: notNegative.default(0.1),
    /** Neighbours are sought among the rows of one process (published) or of all. */
    koleoOver: z.enum(['process', 'group']).default('process'),
    studentTemperature: positive.default(0.1),
  })
  .readonly()
  .prefault({});

const centering = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('sinkhorn'),
      iterations: count.default(3),
      subtractMax: z.boolean().default(false),
    }),
    z.strictObject({ kind: z.literal('softmax'), momentum: share.default(0.9) }),
  ])
  .readonly()
  .prefault({ kind: 'sinkhorn' });

const optimizer = z
  .strictObject({
    beta1: share.default(0.9),
    beta2: share.default(0.999),
    eps: positive.default(1e-8),
    clipNorm: positive.default(3),
    layerDecay: positive.default(1),
    patchEmbedMultiplier: notNegative.default(0.2),
    /** `conventional` also spares state matrices, tokens and positions. */
    decay: z.enum(['published', 'conventional']).default('published'),
  })
  .readonly()
  .prefault({});

const schedule = z
  .strictObject({
    epochs: count.default(200),
    /** Steps per epoch; the other lengths count in epochs too. */
    epochSteps: count.default(493),
    /** Rate for 1024 images per step (`sqrt`), or the rate itself (`none`). */
    learningRate: positive.default(0.002),
    scaling: z.enum(['sqrt', 'none']).default('sqrt'),
    finalLearningRate: notNegative.default(1e-6),
    warmupEpochs: steps.default(10),
    weightDecay: z.tuple([notNegative, notNegative]).readonly().default([0.04, 0.4]),
    teacherMomentum: range(0.992, 1),
    teacherTemperature: z.tuple([positive, positive]).readonly().default([0.04, 0.06]),
    teacherTemperatureEpochs: steps.default(30),
    freezeLastLayerEpochs: steps.default(1),
  })
  .readonly()
  .prefault({});

/** Checks and completes the options of {@link dinoV2Config}; part of larger schemas. */
export const dinoV2Schema = z
  .strictObject({
    /** Seeds the weights, stochastic depth and masks. */
    seed: z.int().min(0).default(0),
    /** Images per process and step, over all micro-batches. */
    batch: count.default(64),
    /** Number type of the student's and the teacher's attention and MLPs. */
    precision: z.enum(['float32', 'bfloat16']).default('float32'),
    crops,
    mask: z
      .strictObject({ probability: share.default(0.5), ratio: range(0.1, 0.5) })
      .readonly()
      .prefault({}),
    dinoHead: head,
    /** `shared`: iBOT uses DINO's head. */
    ibotHead: z.union([z.literal('shared'), head]).default(() => head.parse({})),
    losses,
    centering,
    optimizer,
    schedule,
  })
  .readonly();

/** A complete configuration. */
export type DinoV2Config = z.output<typeof dinoV2Schema>;
/** What a user writes: anything left out takes the published value. */
export type DinoV2Options = z.input<typeof dinoV2Schema>;

/** Rules that concern more than one option. */
function contradiction({ losses, mask, schedule }: DinoV2Config): [need: string, found: string] | undefined {
  if (losses.dino === 0 && losses.ibot === 0)
    return ['a positive weight for the DINO or the iBOT loss', 'losses.dino 0 and losses.ibot 0'];
  if (mask.ratio[0] > mask.ratio[1])
    return ['mask.ratio as [smallest, largest]', `[${mask.ratio.join(', ')}]`];
  if (schedule.warmupEpochs > schedule.epochs)
    return ['warmupEpochs of at most epochs', `${schedule.warmupEpochs} of ${schedule.epochs}`];
  return undefined;
}

/**
 * Checks options and fills in the published values.
 *
 * @throws UsageError naming the first option that is unknown, of the wrong type or out of range.
 */
export function dinoV2Config(options: DinoV2Options = {}): DinoV2Config {
  const parsed = dinoV2Schema.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError('pretraining options', {
      need: 'known options with values in range',
      found: `${issue!.path.join('.') || 'the options'}: ${issue!.message}`,
    });
  }
  const problem = contradiction(parsed.data);
  if (problem !== undefined) {
    throw new UsageError('pretraining options', { need: problem[0], found: problem[1] });
  }
  return parsed.data;
}
