/** Three whole training steps against the published training code, run in float64. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MvHybrid } from '../../src/backbones/index.ts';
import {
  type Batch,
  DinoV2,
  dinoV2Config,
  maskTensors,
  type StepReport,
  trainStep,
} from '../../src/ssl/index.ts';
import { computeGradients } from '../../src/ssl/train-step.ts';
import { scope, setThreads, type Tensor, toFloat32Array } from '../../src/tensor/index.ts';
import { loadIntoModule } from '../../src/weights/load-into-module.ts';
import { readGolden } from '../support/fixtures.ts';
import { floats, stored } from './golden.ts';

const golden = readGolden('train_steps');
const HEAD = { hidden: 48, bottleneck: 16, layers: 3 };
const CONFIG = dinoV2Config({
  batch: 4,
  crops: { globalPx: 64, localPx: 32, locals: 3 },
  dinoHead: { ...HEAD, prototypes: 64 },
  ibotHead: { ...HEAD, prototypes: 56 },
  schedule: {
    epochs: 5,
    epochSteps: 2,
    learningRate: 0.01,
    scaling: 'none',
    warmupEpochs: 2,
    teacherMomentum: [0.9, 1],
    teacherTemperatureEpochs: 3,
  },
});

function batchOf(step: number): Batch {
  const name = (part: string): string => `in.${step}.${part}`;
  const [mask, positions, weights] = ['collated_masks', 'mask_indices_list', 'masks_weight'].map(
    (part) => golden.get(name(part)).data,
  );
  return {
    globalCrops: floats(golden, name('collated_global_crops')),
    localCrops: floats(golden, name('collated_local_crops')),
    ...maskTensors(
      {
        mask: mask as Uint8Array,
        positions: positions as Int32Array,
        weights: weights as Float32Array,
        upperBound: positions!.length,
      },
      8,
    ),
  };
}

/** A model with the golden weights, before step 1. */
function startModel(): DinoV2 {
  const model = new DinoV2(() => new MvHybrid({ width: 32, depth: 2, heads: 2 }), CONFIG);
  for (const kind of ['student', 'teacher'] as const) {
    loadIntoModule(model[kind], stored(golden.group(`init.${kind}.`)), { source: 'the golden file' });
  }
  model.step = 1;
  return model;
}

function values(named: ReadonlyMap<string, Tensor>): Map<string, Float32Array> {
  return new Map([...named].map(([name, t]) => [name, toFloat32Array(t)]));
}

/** Largest difference where the first step's gradient is more than rounding noise, and how many entries that is. */
function compareWeights(
  found: ReadonlyMap<string, Float32Array>,
  prefix: string,
): { worst: number; share: number } {
  let [worst, compared, total] = [0, 0, 0];
  for (const [name, { data }] of golden.group(prefix)) {
    const gradient = golden.get(`grad.${name}`).data;
    total += data.length;
    for (const [i, value] of data.entries()) {
      if (Math.abs(gradient[i]!) <= 1e-4) continue;
      compared++;
      worst = Math.max(worst, Math.abs(found.get(name)![i]! - value));
    }
  }
  return { worst, share: compared / total };
}

describe('three training steps', () => {
  let model: DinoV2;
  const reports: StepReport[] = [];
  const weights = new Map<string, Map<string, Float32Array>>();

  beforeAll(() => {
    setThreads(1);
    model = startModel();
    for (const step of [1, 2, 3]) {
      reports.push(scope(() => trainStep(model, batchOf(step))));
      for (const kind of ['student', 'teacher'] as const)
        weights.set(`after${step}.${kind}.`, values(model[kind].namedParameters()));
    }
  });
  afterAll(() => model.dispose());

  it('follow the schedules', () => {
    for (const [name, key] of [
      ['lr', 'lr'],
      ['wd', 'weightDecay'],
      ['mom', 'teacherMomentum'],
      ['temp', 'teacherTemperature'],
      ['last_lr', 'lastLayerLr'],
    ] as const) {
      const logged = golden.get(`log.${name}`).data;
      expect(
        reports.map((report) => report.values[key]),
        name,
      ).toBeClose(logged, { atol: 1e-12 });
    }
    expect(reports.map(({ step, applied, notes }) => [step, applied, notes])).toEqual([
      [1, true, []],
      [2, true, []],
      [3, true, []],
    ]);
  });

  it.each([
    ['dino_local', 'dinoLocal', 1],
    ['dino_global', 'dinoGlobal', 1],
    ['koleo_display', 'koleo', 0.5],
    ['ibot_display', 'ibot', 0.5],
  ] as const)('have the loss %s to 1e-4', (name, key, displayed) => {
    for (const [i, logged] of golden.get(`log.${name}`).data.entries()) {
      expect(Math.abs(reports[i]!.losses[key]! * displayed - logged)).toBeLessThanOrEqual(
        1e-4 * Math.abs(logged),
      );
    }
  });

  it('sum the losses to the total', () => {
    for (const { losses } of reports) {
      const { total, ...terms } = losses;
      expect(Object.values(terms).reduce((sum, term) => sum + term, 0)).toBeCloseTo(total, 5);
    }
  });

  it.each(['backbone', 'dino_head', 'ibot_head'] as const)('have the gradient norm of the %s', (part) => {
    for (const [i, logged] of golden.get(`log.gn_${part}`).data.entries()) {
      expect(Math.abs(reports[i]!.gradientNorms[part]! - logged)).toBeLessThanOrEqual(1e-3 * logged);
    }
  });

  it.each([
    ['after1.student.', 1e-2 * 0.01 * (1 / 3)],
    ['after1.teacher.', 1e-2 * 0.01 * (1 / 3)],
    ['after3.student.', 5e-2 * 0.01],
    ['after3.teacher.', 5e-2 * 0.01],
  ] as const)('have the weights %s', (prefix, limit) => {
    const { worst, share } = compareWeights(weights.get(prefix)!, prefix);
    expect(share).toBeGreaterThan(0.95);
    expect(worst).toBeLessThanOrEqual(limit);
  });
});

describe('the first step', () => {
  it('has the reference gradients before clipping', () => {
    setThreads(1);
    const model = startModel();
    try {
      const found = scope(() => values(computeGradients(model, [batchOf(1)], model.schedules(1)).gradients));
      expect(found.size).toBe(golden.group('grad.').size);
      for (const [name, { data }] of golden.group('grad.')) {
        expect(found.get(name)!, name).toBeClose(data, golden.tolerance('grad'));
      }
    } finally {
      model.dispose();
    }
  });
});

describe('groups of the optimiser', () => {
  it('are the reference groups', () => {
    const model = startModel();
    const found = model.optimizer.groups.map(({ parameters, lrMultiplier, decayMultiplier, lastLayer }) => ({
      n: parameters.size,
      lr_multiplier: lrMultiplier,
      wd_multiplier: decayMultiplier,
      is_last_layer: lastLayer,
    }));
    model.dispose();
    expect(found).toEqual(golden.meta.groups);
  });
});
