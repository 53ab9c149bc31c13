import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { type DinoV2Options, dinoV2Config, trainingSchedules } from '../../src/ssl/index.ts';

describe('dinoV2Config', () => {
  it('is the published recipe by default', () => {
    expect(dinoV2Config()).toEqual({
      seed: 0,
      batch: 64,
      precision: 'float32',
      crops: { globalPx: 256, localPx: 112, locals: 8, imageDtype: 'float16' },
      mask: { probability: 0.5, ratio: [0.1, 0.5] },
      dinoHead: { prototypes: 65_536, hidden: 2048, bottleneck: 256, layers: 3 },
      ibotHead: { prototypes: 65_536, hidden: 2048, bottleneck: 256, layers: 3 },
      losses: { dino: 1, ibot: 1, koleo: 0.1, koleoOver: 'process', studentTemperature: 0.1 },
      centering: { kind: 'sinkhorn', iterations: 3, subtractMax: false },
      optimizer: {
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        clipNorm: 3,
        layerDecay: 1,
        patchEmbedMultiplier: 0.2,
        decay: 'published',
      },
      schedule: {
        epochs: 200,
        epochSteps: 493,
        learningRate: 0.002,
        scaling: 'sqrt',
        finalLearningRate: 1e-6,
        warmupEpochs: 10,
        weightDecay: [0.04, 0.4],
        teacherMomentum: [0.992, 1],
        teacherTemperature: [0.04, 0.06],
        teacherTemperatureEpochs: 30,
        freezeLastLayerEpochs: 1,
      },
    });
  });

  it('replaces what is given and survives JSON', () => {
    const config = dinoV2Config({
      batch: 8,
      losses: { koleo: 0 },
      ibotHead: 'shared',
      centering: { kind: 'softmax' },
    });
    expect(config).toMatchObject({
      batch: 8,
      losses: { dino: 1, koleo: 0 },
      ibotHead: 'shared',
      centering: { kind: 'softmax', momentum: 0.9 },
    });
    expect(dinoV2Config(JSON.parse(JSON.stringify(config)) as DinoV2Options)).toEqual(config);
  });

  it('is frozen', () => {
    const config = dinoV2Config() as { batch: number; losses: { dino: number } };
    expect(() => {
      config.batch = 1;
    }).toThrow(TypeError);
    expect(() => {
      config.losses.dino = 0;
    }).toThrow(TypeError);
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown option', { batchSize: 4 }, /found the options: Unrecognized key: "batchSize"/],
    ['an unknown option of a section', { losses: { dinov2: 1 } }, /found losses: Unrecognized key/],
    ['a word for a number', { batch: '64' }, /found batch: Invalid input: expected number/],
    [
      'a word for a switch',
      { centering: { kind: 'sinkhorn', subtractMax: 'false' } },
      /found centering.subtractMax/,
    ],
    ['a share above 1', { mask: { probability: 1.5 } }, /found mask.probability/],
    [
      'no loss at all',
      { losses: { dino: 0, ibot: 0 } },
      /needed a positive weight for the DINO or the iBOT loss/,
    ],
    [
      'a reversed range',
      { mask: { ratio: [0.5, 0.1] } },
      /needed mask.ratio as \[smallest, largest\], found \[0.5, 0.1\]/,
    ],
    [
      'a warm-up longer than the run',
      { schedule: { epochs: 5 } },
      /needed warmupEpochs of at most epochs, found 10 of 5/,
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => dinoV2Config(options as DinoV2Options)).toThrow(UsageError);
    expect(() => dinoV2Config(options as DinoV2Options)).toThrow(message);
  });
});

describe('trainingSchedules', () => {
  it('scales the learning rate with the root of the images of all processes', () => {
    const peak = (processes: number, scaling: 'sqrt' | 'none' = 'sqrt'): number =>
      trainingSchedules(dinoV2Config({ schedule: { scaling } }), processes)(4930).lr;
    expect(peak(16)).toBeCloseTo(0.002, 12);
    expect(peak(24)).toBeCloseTo(0.0024494897, 9);
    expect(peak(24, 'none')).toBeCloseTo(0.002, 12);
  });

  it('has the published values at the ends', () => {
    const at = trainingSchedules(dinoV2Config());
    expect(at(0)).toEqual({
      lr: 0,
      lastLayerLr: 0,
      weightDecay: expect.closeTo(0.04, 12),
      teacherMomentum: 0.992,
      teacherTemperature: 0.04,
    });
    expect(at(492).lastLayerLr).toBe(0);
    expect(at(493).lastLayerLr).toBe(at(493).lr);
    expect(at(200 * 493)).toEqual({
      lr: 1e-6,
      lastLayerLr: 1e-6,
      weightDecay: 0.4,
      teacherMomentum: 1,
      teacherTemperature: 0.06,
    });
  });
});
