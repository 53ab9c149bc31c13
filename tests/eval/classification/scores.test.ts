import { describe, expect, it } from 'vitest';
import { matrixFromRows } from '../../../src/core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import {
  auroc,
  averagePrecision,
  confusionMatrix,
  encodeLabels,
  macroF1,
  patientStratifiedKFold,
  quadraticKappa,
  scoreClassification,
  weightedF1,
} from '../../../src/eval/classification/index.ts';

const three = ['a', 'b', 'c'];

describe('ranking scores by hand', () => {
  it('AUROC counts ties half', () => {
    // Pairs (positive, negative): 0.8>0.1, 0.8>0.4, 0.4>0.1, 0.4=0.4 -> 3.5 of 4.
    expect(auroc([true, false, true, false], [0.8, 0.1, 0.4, 0.4])).toBe(0.875);
    expect(auroc([true, false], [0.5, 0.5])).toBe(0.5);
    expect(auroc([true, true], [0.1, 0.2])).toBeNaN();
    expect(auroc([true, false], [Number.NaN, 0.2])).toBeNaN();
  });

  it('average precision lets equal scores enter together', () => {
    // Scores 0.9 (+), then 0.5 (+ and -), then 0.1 (-): 1/2 * 1 + 1/2 * 2/3.
    expect(averagePrecision([true, false, true, false], [0.9, 0.5, 0.5, 0.1])).toBeCloseTo(5 / 6, 14);
    expect(averagePrecision([false, false], [0.9, 0.5])).toBeNaN();
    expect(averagePrecision([true, true], [0.9, 0.5])).toBe(1);
  });
});

describe('scores with missing classes', () => {
  it('a class without test items is left out of the averages, one that is only predicted has F1 0', () => {
    const probabilities = matrixFromRows([
      [0.8, 0.1, 0.1],
      [0.1, 0.1, 0.8],
      [0.2, 0.7, 0.1],
      [0.3, 0.6, 0.1],
    ]);
    const scores = scoreClassification([0, 0, 1, 1], probabilities, three);
    expect(scores.balancedAccuracy).toBe(0.75);
    // F1: a 2/3, b 1, c 0.
    expect(scores.f1Macro).toBeCloseTo((2 / 3 + 1 + 0) / 3, 14);
    expect(scores.f1Weighted).toBeCloseTo((2 / 3 + 1) / 2, 14);
    expect(scores.perClass[2]).toEqual({
      class: 'c',
      support: 0,
      predicted: 1,
      recall: null,
      precision: 0,
      f1: 0,
      auroc: null,
    });
    // Class a against the rest: 0.8 above both, 0.1 below both -> 0.5; class b: 0.7, 0.6 above 0.1, 0.1 -> 1.
    expect(scores.aurocOvrMacro).toBe(0.75);
    // The only pair with items: by a's probability 0.5, by b's 1.
    expect(scores.aurocOvoMacro).toBe(0.75);
    expect(scores.notes).toEqual([
      'no test item of c: left out of balanced accuracy and AUROC averages',
      'predicted but absent, F1 counted as 0: c',
    ]);
  });

  it('a class that neither occurs nor is predicted does not lower macro F1', () => {
    const confusion = confusionMatrix([0, 1], [0, 1], 3);
    expect([macroF1(confusion), weightedF1(confusion)]).toEqual([1, 1]);
  });

  it('a single class: no AUROC, and the result says why', () => {
    const scores = scoreClassification(
      [1, 1],
      matrixFromRows([
        [0.2, 0.8],
        [0.6, 0.4],
      ]),
      ['MSS', 'MSI'],
    );
    expect(scores).toMatchObject({ auroc: null, auprc: 1, balancedAccuracy: 0.5, kappaQuadratic: 0 });
    expect(scores.notes).toEqual([
      'predicted but absent, F1 counted as 0: MSS',
      "all test items are MSI: AUROC is not defined, balanced accuracy is that class's recall",
    ]);
    expect(JSON.parse(JSON.stringify(scores))).toEqual(scores);
  });

  it('kappa is undefined where truth and prediction are one class', () => {
    expect(quadraticKappa(confusionMatrix([1, 1], [1, 1], 3))).toBeNaN();
    // O = 1 pair 2 apart; E = (rows 1,0,1) x (columns 0,0,2) / 2: 4 * 1 * 2 / 2 = 4 -> 1 - 4 / 4 = 0.
    expect(quadraticKappa(confusionMatrix([0, 2], [2, 2], 3))).toBe(0);
  });
});

describe('thresholds', () => {
  const probabilities = matrixFromRows([
    [0.5, 0.5],
    [0.7, 0.3],
    [0.2, 0.8],
  ]);
  const confusionAt = (threshold?: number, positive = 1) =>
    scoreClassification([1, 1, 0], probabilities, ['MSS', 'MSI'], {
      positive,
      ...(threshold === undefined ? {} : { threshold }),
    }).confusion;

  it('equal probabilities go to the first class, equal to the threshold to the negative one', () => {
    expect(confusionAt()).toEqual([
      [0, 1],
      [2, 0],
    ]);
    expect(confusionAt(0.5)).toEqual([
      [0, 1],
      [2, 0],
    ]);
    expect(confusionAt(0.25)).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(confusionAt(0.25, 0)).toEqual([
      [0, 1],
      [2, 0],
    ]);
  });

  it('need two classes', () => {
    expect(() => scoreClassification([0], matrixFromRows([[1, 0, 0]]), three, { threshold: 0.5 })).toThrow(
      UsageError,
    );
  });
});

describe('unusable predictions', () => {
  it('are refused', () => {
    expect(() => scoreClassification([], matrixFromRows([]), three)).toThrow(ShapeError);
    expect(() => scoreClassification([0], matrixFromRows([[1, 0]]), three)).toThrow(ShapeError);
    expect(() => scoreClassification([3], matrixFromRows([[1, 0, 0]]), three)).toThrow(DataError);
    expect(() => scoreClassification([0], matrixFromRows([[Number.NaN, 0, 0]]), three)).toThrow(DataError);
    expect(() => confusionMatrix([0, 1], [0], 2)).toThrow(ShapeError);
  });
});

describe('labels', () => {
  it('are numbered by sorted name or by a given list', () => {
    expect(encodeLabels(['TUM', 'ADI', 'TUM'])).toEqual({
      classes: ['ADI', 'TUM'],
      codes: Int32Array.of(1, 0, 1),
    });
    expect([...encodeLabels(['SSA'], ['SSA', 'HP']).codes]).toEqual([0]);
    expect(() => encodeLabels(['x'], ['SSA', 'HP'])).toThrow(DataError);
    expect(() => encodeLabels([], ['SSA', 'SSA'])).toThrow(UsageError);
  });
});

describe('patient folds', () => {
  // 12 patients with 1 to 3 slides; every third is MSI; p1 has one slide of the other label.
  const items = Array.from({ length: 12 }, (_, p) =>
    Array.from({ length: 1 + (p % 3) }, () => ({ patient: `p${p}`, label: p % 3 === 1 ? 'MSI' : 'MSS' })),
  ).flat();
  const patients = [...items.map((item) => item.patient), 'p1'];
  const labels = [...items.map((item) => item.label), 'MSS'];

  it('keep patients whole, spread the classes, and cover every slide once', () => {
    const { folds, patientsPerLabel, mixedPatients } = patientStratifiedKFold(labels, patients, 4, 3);
    expect(patientsPerLabel).toEqual({ MSI: 4, MSS: 8 });
    expect(mixedPatients).toEqual(['p1']);
    for (const { train, test } of folds) {
      const held = new Set(test.map((i) => patients[i]));
      expect(train.some((i) => held.has(patients[i]))).toBe(false);
      expect([...held].filter((p) => Number(p!.slice(1)) % 3 === 1)).toHaveLength(1);
      expect(train.length + test.length).toBe(labels.length);
    }
    expect(folds.flatMap((fold) => fold.test).sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    expect(patientStratifiedKFold(labels, patients, 4, 3)).toEqual({
      folds,
      patientsPerLabel,
      mixedPatients,
    });
    expect(patientStratifiedKFold(labels, patients, 4, 4).folds).not.toEqual(folds);
  });

  it('refuse more folds than a class has patients', () => {
    expect(() => patientStratifiedKFold(labels, patients, 5)).toThrow(/found 4 of MSI/);
    expect(() => patientStratifiedKFold(labels, ['p0'], 2)).toThrow(DataError);
  });
});
