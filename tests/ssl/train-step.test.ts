import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { type DinoV2, type DinoV2Options, type StepReport, stateOf, trainStep } from '../../src/ssl/index.ts';
import { fillInto, noGrad, scope, setThreads, tensorCount, toFloat32Array } from '../../src/tensor/index.ts';
import { tinyBatch, tinyCrops, tinyHybrid, tinyOptions, tinyVit, withModel } from './tiny-model.ts';

beforeAll(() => setThreads(1));
afterEach(() => expect(tensorCount()).toBe(0));

function steps(model: DinoV2, count: number, crops = tinyCrops(4)): StepReport[] {
  return Array.from({ length: count }, () => scope(() => trainStep(model, tinyBatch(model, crops))));
}

/** All numbers of a model's state by name. */
function numbers(model: DinoV2): Map<string, Float32Array> {
  return new Map([...stateOf(model).tensors].map(([name, t]) => [name, toFloat32Array(t)]));
}

const meanTotal = (reports: readonly StepReport[]): number =>
  reports.reduce((sum, { losses }) => sum + losses.total, 0) / reports.length;

const withLosses = (losses: DinoV2Options['losses']): DinoV2Options => tinyOptions({ losses });

describe('trainStep', () => {
  it.each([
    ['MV_Hybrid with Sinkhorn-Knopp', tinyHybrid, {}],
    ['ViT with stochastic depth', tinyVit, {}],
    ['MV_Hybrid with softmax centering', tinyHybrid, { centering: { kind: 'softmax' as const } }],
    ['MV_Hybrid with one shared head', tinyHybrid, { ibotHead: 'shared' as const }],
  ])('lowers the loss of %s in 30 steps on fixed crops', (_, make, more) => {
    withModel(
      (model) => {
        const reports = steps(model, 30);
        expect(reports.every(({ applied }) => applied)).toBe(true);
        expect(meanTotal(reports.slice(-5))).toBeLessThan(0.85 * meanTotal(reports.slice(0, 5)));
      },
      tinyOptions(more),
      { make },
    );
  });

  it('holds as many tensors after 20 steps as before', () => {
    withModel((model) => {
      const before = tensorCount();
      steps(model, 20);
      expect(tensorCount()).toBe(before);
    });
  });

  it('moves the teacher only by its share, from a copy of the student', () => {
    withModel((model) => {
      const before = numbers(model);
      for (const name of model.student.namedParameters().keys())
        expect(before.get(`teacher.${name}`)).toEqual(before.get(`student.${name}`));
      const values = { ...model.schedules(10), lastLayerLr: 0.01, lr: 0.01, teacherMomentum: 0.75 };
      scope(() => trainStep(model, tinyBatch(model), { values }));
      const after = numbers(model);
      for (const name of model.student.namedParameters().keys()) {
        const [old, student] = [before.get(`teacher.${name}`)!, after.get(`student.${name}`)!];
        const expected = old.map((value, i) => 0.75 * value + 0.25 * student[i]!);
        expect(after.get(`teacher.${name}`)!).toBeClose(expected, { atol: 1e-6 });
      }
    });
  });

  it('keeps the last layers while they are frozen, though their moments advance', () => {
    withModel((model) => {
      model.step = 1;
      const frozen = { ...model.schedules(5), lastLayerLr: 0 };
      const before = numbers(model);
      scope(() => trainStep(model, tinyBatch(model), { values: frozen }));
      const after = numbers(model);
      for (const name of ['dino_head.last_layer.weight_v', 'ibot_head.last_layer.weight_g']) {
        expect(after.get(`student.${name}`)).toEqual(before.get(`student.${name}`));
        expect(after.get(`optimizer.exp_avg.${name}`)!.some((m) => m !== 0)).toBe(true);
      }
      const moved = 'student.dino_head.mlp.0.weight';
      expect(after.get(moved)).not.toEqual(before.get(moved));
    });
  });

  it('gives the whole batch two equal micro-batches as one gradient', () => {
    withModel((single) => {
      withModel((double) => {
        for (const model of [single, double]) model.step = 5;
        const [one, two] = scope(() => {
          const batch = tinyBatch(single);
          return [trainStep(single, batch), trainStep(double, [batch, batch])];
        });
        expect(two!.losses.total).toBeCloseTo(one!.losses.total, 5);
        expect(two!.gradientNorms.backbone).toBeCloseTo(one!.gradientNorms.backbone!, 4);
        for (const [name, values] of numbers(single))
          expect(numbers(double).get(name)!, name).toBeClose(values, { atol: 2e-5 });
      });
    });
  });

  it('reports what is not finite and then changes nothing but the step number', () => {
    withModel((model) => {
      steps(model, 2);
      const before = numbers(model);
      const broken = scope(() => {
        const batch = tinyBatch(model);
        noGrad(() => fillInto(batch.globalCrops, Number.NaN));
        return trainStep(model, batch);
      });
      expect(broken).toMatchObject({ applied: false, step: 2 });
      expect(broken.problem).toMatch(/^the \w+ loss is NaN$/);
      expect(numbers(model)).toEqual(before);
      expect(model.step).toBe(3);
      expect(steps(model, 1)[0]).toMatchObject({ applied: true, step: 3 });
    });
  });

  it('says why KoLeo and iBOT are 0', () => {
    withModel(
      (model) => {
        const [report] = steps(model, 1, tinyCrops(1));
        expect(report!.notes).toEqual([
          'KoLeo needs 2 rows per crop, found 1',
          'iBOT needs masked patches, found none',
        ]);
        expect(report!.losses).toMatchObject({ koleo: 0, ibot: 0 });
        expect(report!.applied).toBe(true);
      },
      tinyOptions({ mask: { probability: 0 } }),
    );
  });

  it('shows a collapse that has happened, and its absence', () => {
    withModel((model) => {
      const report = scope(() => trainStep(model, tinyBatch(model), { collapse: true }));
      expect(report.collapse!.spread).toBeGreaterThan(0.05);
      expect(report.collapse!.effectiveRank).toBeGreaterThan(1.2);
      expect(steps(model, 1)[0]!.collapse).toBeUndefined();
      // A final norm without scale gives every image the same token.
      noGrad(() => fillInto(model.student.namedParameters().get('backbone.norm.weight')!, 0));
      noGrad(() => fillInto(model.student.namedParameters().get('backbone.norm.bias')!, 1));
      const collapsed = scope(() => trainStep(model, tinyBatch(model), { collapse: true }));
      expect(collapsed.collapse).toEqual({ spread: expect.closeTo(0, 4), effectiveRank: 0 });
    });
  });

  it('needs a batch', () => {
    withModel((model) => {
      expect(() => trainStep(model, [])).toThrow(UsageError);
      expect(() => trainStep(model, [])).toThrow('training step: needed at least one batch, found none');
    });
  });
});

describe('losses', () => {
  /** Losses of a first step, by options. */
  function lossesOf(losses: DinoV2Options['losses'], locals = 2): StepReport['losses'] {
    const options = { ...withLosses(losses), crops: { ...tinyOptions().crops, locals } };
    return withModel((model) => steps(model, 1, tinyCrops(4, { locals }))[0]!.losses, options);
  }

  it('are scaled by their weights and left out at weight 0', () => {
    const all = lossesOf({});
    const weighed = lossesOf({ dino: 2, koleo: 0.3, ibot: 0.5 });
    expect(weighed.dinoLocal).toBeCloseTo(2 * all.dinoLocal!, 4);
    expect(weighed.dinoGlobal).toBeCloseTo(2 * all.dinoGlobal!, 4);
    expect(weighed.koleo).toBeCloseTo(3 * all.koleo!, 4);
    expect(weighed.ibot).toBeCloseTo(0.5 * all.ibot!, 4);
    expect(Object.keys(lossesOf({ koleo: 0, ibot: 0 }))).toEqual(['dinoLocal', 'dinoGlobal', 'total']);
    expect(Object.keys(lossesOf({ dino: 0, koleo: 0 }))).toEqual(['ibot', 'total']);
  });

  it('divide DINO by the number of pairs of views: 2 locals * 2 + 2, or 2 without local crops', () => {
    const [with2, without] = [lossesOf({}), lossesOf({}, 0)];
    expect(without.dinoLocal).toBeUndefined();
    // The same global crops: a share of 2 of 6 pairs against 2 of 2.
    expect(3 * with2.dinoGlobal!).toBeCloseTo(without.dinoGlobal!, 4);
    // A student at the start knows nothing: every pair costs about log K.
    expect(with2.dinoLocal! + with2.dinoGlobal!).toBeGreaterThan(0.5 * Math.log(24));
  });
});

describe('centres', () => {
  it('are moved by a step with softmax centering only', () => {
    withModel((model) => expect(model.centres).toBeUndefined());
    withModel(
      (model) => {
        expect(
          numbers(model)
            .get('centre.dino')!
            .every((v) => v === 0),
        ).toBe(true);
        steps(model, 1);
        for (const name of ['centre.dino', 'centre.ibot'])
          expect(
            numbers(model)
              .get(name)!
              .some((v) => v !== 0),
          ).toBe(true);
      },
      tinyOptions({ centering: { kind: 'softmax', momentum: 0.5 } }),
    );
  });
});

describe('DinoV2', () => {
  it('starts the teacher from the student and takes it over again after a change', () => {
    withModel((model) => {
      noGrad(() => fillInto(model.student.namedParameters().get('backbone.mask_token')!, 3));
      model.resetTeacher();
      expect(new Set(toFloat32Array(model.teacher.namedParameters().get('backbone.mask_token')!))).toEqual(
        new Set([3]),
      );
      for (const parameter of model.teacher.namedParameters().values())
        expect(parameter.requiresGrad).toBe(false);
    });
  });

  it('has one head for both losses when they are shared', () => {
    withModel(
      (model) => {
        expect(model.student.ibotHead).toBe(model.student.dinoHead);
        expect([...model.student.parts.keys()]).toEqual(['backbone', 'dino_head']);
      },
      tinyOptions({ ibotHead: 'shared' }),
    );
    withModel((model) =>
      expect([...model.student.parts.keys()]).toEqual(['backbone', 'dino_head', 'ibot_head']),
    );
  });

  it('draws the same weights for the same seed', () => {
    const first = withModel((model) => numbers(model));
    expect(withModel((model) => numbers(model))).toEqual(first);
    expect(withModel((model) => numbers(model), tinyOptions({ seed: 8 }))).not.toEqual(first);
  });
});
