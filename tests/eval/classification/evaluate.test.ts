import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matrixFromRows } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, UsageError } from '../../../src/errors.ts';
import {
  type Bag,
  type ClassifierMethod,
  EVA_PROBE,
  evaluateClassifier,
  evaluateSlides,
  fitLogistic,
  formatClassification,
  formatClassScores,
  formatConfusion,
  logisticProbabilities,
  patientStratifiedKFold,
  scoreClassification,
} from '../../../src/eval/classification/index.ts';
import { formatCard } from '../../../src/eval/results/index.ts';
import { setThreads, tensorCount, threadCount } from '../../../src/tensor/index.ts';

// Matrices this small only lose by a second thread, most of all on a busy machine.
const threads = threadCount();
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

/** 40 patients with 3 items each; class and a patient's own shift decide the features. */
const rng = new Rng('patients');
const people = Array.from({ length: 40 }, (_, p) => ({
  patient: `p${p}`,
  label: ['MSS', 'MSI'][p % 4 === 0 ? 1 : 0]!,
  shift: Array.from({ length: 5 }, () => rng.normal(0, 0.5)),
}));
const items = people.flatMap((person) =>
  Array.from({ length: 3 }, () => ({
    ...person,
    row: person.shift.map(
      (s, d) => s + rng.normal(d === 0 && person.label === 'MSI' ? 1.5 : 0, 0.7) * (d + 1),
    ),
  })),
);
const input = {
  features: matrixFromRows(items.map((item) => item.row)),
  labels: items.map((item) => item.label),
  classes: ['MSS', 'MSI'],
  patients: items.map((item) => item.patient),
};
const { folds } = patientStratifiedKFold(input.labels, input.patients, 5, 2);
const codes = Int32Array.from(input.labels, (label) => input.classes.indexOf(label));
const select = (rows: readonly number[]) => matrixFromRows(rows.map((i) => items[i]!.row));

describe('evaluation of frozen features', () => {
  it('is fit, predict and score per fold', () => {
    const before = tensorCount();
    const result = evaluateClassifier(input, folds, {
      method: { kind: 'logistic', c: 0.5 },
      seed: 1,
      predictions: true,
    });
    expect(tensorCount()).toBe(before);
    for (const [i, fold] of folds.entries()) {
      const model = fitLogistic(
        select(fold.train),
        fold.train.map((r) => codes[r]!),
        2,
        { c: 0.5 },
      );
      const probabilities = logisticProbabilities(model, select(fold.test));
      const own = scoreClassification(
        fold.test.map((r) => codes[r]!),
        probabilities,
        input.classes,
      );
      expect(result.folds[i]!.scores).toEqual(own);
      expect(result.folds[i]!.counts.test).toEqual([18, 6]);
    }
    const areas = result.folds.map((fold) => fold.scores.auroc!);
    expect(result.summary.auroc.mean).toBeCloseTo(areas.reduce((sum, v) => sum + v, 0) / 5, 14);
    expect(result.predictions).toHaveLength(120);
    expect(result.predictions[0]).toMatchObject({ item: String(folds[0]!.test[0]), fold: 'fold 1' });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  const methods: ClassifierMethod[] = [
    { kind: 'logistic', c: 1 },
    { kind: 'logistic-grid', grid: [0.001, 0.1, 10] },
    { kind: 'knn', k: 20, distance: 'uni', vote: 'majority' },
    { kind: 'simpleshot' },
    { kind: 'linear-probe', ...EVA_PROBE, learningRate: 0.02, steps: 100, evaluateEvery: 25 },
  ];
  it.each(methods)('$kind finds the signal, and none in shuffled labels', (method) => {
    const options = { method, seed: 3, standardize: true };
    expect(evaluateClassifier(input, folds, options).summary.auroc.mean).toBeGreaterThan(0.75);
    const chance = [1, 2, 3, 4, 5, 6].map((seed) => {
      const labels = new Rng(seed).shuffle(people.map((p) => p.label)).flatMap((l) => [l, l, l]);
      const shuffled = patientStratifiedKFold(labels, input.patients, 5, 2);
      return evaluateClassifier({ ...input, labels }, shuffled.folds, options).summary.auroc.mean!;
    });
    expect(Math.abs(chance.reduce((sum, v) => sum + v, 0) / 6 - 0.5)).toBeLessThan(0.1);
  });

  it("says when UNI's penalty leaves nothing but class frequencies", () => {
    // 5 features and 2 classes: C = 0.1, far below what this signal needs.
    const result = evaluateClassifier(input, folds.slice(0, 1), {
      method: { kind: 'logistic', c: 'uni' },
      seed: 1,
    });
    expect(result.folds[0]!.choices).toMatchObject({ c: 0.1 });
    expect(result.folds[0]!.notes).toEqual([
      'the norm penalty held all weights at 0: class frequencies only',
    ]);
    expect(result.folds[0]!.scores.auroc).toBe(0.5);
  });

  it('draws validation patients whole and tells what it did', () => {
    const method = { kind: 'logistic-grid', grid: [0.01, 1] } as const;
    const result = evaluateClassifier(input, folds, { method, seed: 3, validationFraction: 0.25 });
    // 32 training patients: 8 of them, with 3 items each.
    expect(result.folds.map((fold) => fold.counts.validation.reduce((a, b) => a + b))).toEqual([
      24, 24, 24, 24, 24,
    ]);
    expect(result.card).toMatchObject({
      task: 'classification by logistic-grid',
      settings: { method: 'logistic-grid', grid: [0.01, 1], validationFraction: 0.25, positive: 'MSI' },
      counts: { items: 120, features: 5, folds: 5, runs: 1, patients: 40 },
      seeds: { training: 3 },
      tieRules: [
        'equal validation scores: the smallest C',
        'equal class scores: the class of the lowest index',
      ],
    });
    expect(result.card.undefinedValues.some((note) => note.includes('is an end of the grid'))).toBe(true);
    expect(formatCard(result.card).rows).toContainEqual(['patients', '40']);
    expect(formatCard(result.card).rows).toContainEqual(['seed: training', '3']);
  });

  it('scales columns by the training rows when asked', () => {
    const method = { kind: 'knn', k: 5, distance: 'cosine', vote: 'majority' } as const;
    const scaled = {
      ...input,
      features: matrixFromRows(
        items.map((item) => item.row.map((v, d) => 100 * d + v * (d === 4 ? 1000 : 1))),
      ),
    };
    const plain = evaluateClassifier(scaled, folds, { method, seed: 1 });
    const standard = evaluateClassifier(scaled, folds, { method, seed: 1, standardize: true });
    expect(standard.summary.auroc.mean!).toBeGreaterThan(plain.summary.auroc.mean! + 0.1);
  });

  it('repeats trained heads with other seeds', () => {
    const method = { kind: 'linear-probe', ...EVA_PROBE, steps: 20, evaluateEvery: 10 } as const;
    const result = evaluateClassifier(input, folds.slice(0, 1), { method, seed: 3, runs: 3 });
    expect(result.folds.map((fold) => fold.name)).toEqual([
      'fold 1, run 1',
      'fold 1, run 2',
      'fold 1, run 3',
    ]);
    const alone = evaluateClassifier(input, folds.slice(0, 1), { method, seed: 4 });
    expect(result.folds[1]!.scores).toEqual(alone.folds[0]!.scores);
  });

  it('bootstraps patients, not items', () => {
    const intervals = { metrics: ['auroc'], resamples: 200, seed: 8 } as const;
    const method = { kind: 'simpleshot' } as const;
    const one = folds.slice(0, 1);
    const grouped = evaluateClassifier(input, one, { method, seed: 1, intervals });
    const { patients: _, ...nameless } = input;
    const loose = evaluateClassifier(nameless, one, { method, seed: 1, intervals });
    const width = (result: typeof grouped) => {
      const { low, high } = result.folds[0]!.intervals.auroc!;
      return high! - low!;
    };
    expect(width(grouped)).not.toBe(width(loose));
    expect(grouped.folds[0]!.intervals.auroc!.estimate).toBe(grouped.folds[0]!.scores.auroc);
    expect(grouped.card.seeds).toEqual({ bootstrap: 8 });
    const [cell] = formatClassification(grouped).rows.map((row) => row.find((text) => text.includes('[')));
    expect(cell).toMatch(/^0\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]$/);
  });
});

describe('folds with missing classes', () => {
  const rowsOf = (label: string) => input.labels.flatMap((l, i) => (l === label ? [i] : []));
  const [mss, msi] = [rowsOf('MSS'), rowsOf('MSI')];
  const method = { kind: 'logistic', c: 1 } as const;

  it('one class in training: it is called, and the result says so', () => {
    const fold = { name: 'odd', train: mss.slice(0, 30), test: [...mss.slice(30), ...msi] };
    const result = evaluateClassifier(input, [fold], { method, seed: 1 });
    expect(result.folds[0]!.scores).toMatchObject({ auroc: 0.5, balancedAccuracy: 0.5 });
    expect(result.card.undefinedValues).toEqual(['odd: training holds only MSS: every item is called so']);
  });

  it('one class in test: no AUROC, left out of the mean and counted', () => {
    const single = { name: 'odd', train: [...mss.slice(30), ...msi], test: mss.slice(0, 30) };
    const result = evaluateClassifier(input, [folds[0]!, single], { method, seed: 1 });
    expect(result.summary.auroc).toMatchObject({
      mean: result.folds[0]!.scores.auroc,
      count: 1,
      undefinedCount: 1,
      sampleStd: null,
    });
    expect(result.card.undefinedValues.at(-1)).toContain('odd: all test items are MSS');
    const table = formatClassification(result);
    const column = table.columns.findIndex((c) => c.header === 'AUROC');
    expect(table.rows.map((row) => row[column])).toEqual([
      result.folds[0]!.scores.auroc!.toFixed(3),
      'n/a',
      `${result.folds[0]!.scores.auroc!.toFixed(3)} ± 0.000`,
    ]);
  });

  it('a class in neither, and k beyond the training rows', () => {
    const wide = { ...input, classes: ['MSS', 'MSI', 'POLE'] };
    const result = evaluateClassifier(wide, folds.slice(0, 1), {
      method: { kind: 'knn', k: 500, distance: 'cosine', vote: 'softmax' },
      seed: 1,
    });
    expect(result.card.undefinedValues).toEqual([
      'fold 1: training lacks POLE: never called',
      'fold 1: k = 500 is more than the 96 training rows: all of them vote',
      'fold 1: no test item of POLE: left out of balanced accuracy and AUROC averages',
    ]);
    expect(result.folds[0]!.choices).toEqual({ k: 96 });
    expect(formatClassScores(result.folds[0]!.scores).rows[2]).toEqual([
      'POLE',
      '0',
      '0',
      'n/a',
      'n/a',
      'n/a',
      'n/a',
    ]);
    const confusion = formatConfusion(result.folds[0]!.scores, result.classes);
    expect(confusion.columns.map((c) => c.header)).toEqual(['true \\ called', 'MSS', 'MSI', 'POLE']);
    expect(confusion.rows[2]).toEqual(['POLE', '0', '0', '0']);
  });

  it('validation without a class is remarked on', () => {
    const fold = {
      name: 'odd',
      train: [...mss.slice(0, 30), ...msi.slice(0, 15)],
      validation: mss.slice(30, 60),
      test: msi.slice(15),
    };
    const result = evaluateClassifier(input, [fold], {
      method: { kind: 'logistic-grid', grid: [1] },
      seed: 1,
    });
    expect(result.card.undefinedValues[0]).toBe('odd: validation lacks MSI: choices do not see them');
  });
});

describe('folds that cannot be trusted', () => {
  const method = { kind: 'simpleshot' } as const;
  const run = (fold: object, more: object = {}) =>
    evaluateClassifier(input, [{ name: 'bad', ...fold } as never], { method, seed: 1, ...more });

  it('are refused', () => {
    expect(() => run({ train: [0, 1], test: [2, 3] })).toThrow(/patient p0 on both/);
    expect(() => run({ train: [0, 1], test: [2, 3] })).toThrow(DataError);
    expect(() => run({ train: [0, 3], test: [3] })).toThrow(/row 3 in train and test/);
    expect(() => run({ train: [0, 500], test: [3] })).toThrow(UsageError);
    expect(() => run({ train: [], test: [3] })).toThrow(/found 0 and 1/);
    expect(() => run({ train: [0], test: [3] }, { positive: 'x' })).toThrow(/out of MSS, MSI/);
    expect(() => evaluateClassifier(input, [], { method, seed: 1 })).toThrow(UsageError);
    expect(() => evaluateClassifier(input, folds, { method, seed: 1, runs: 3 })).toThrow(
      /nothing in simpleshot/,
    );
    const wide = { ...input, classes: ['MSS', 'MSI', 'POLE'] };
    expect(() => evaluateClassifier(wide, folds, { method, seed: 1, positive: 'MSI' })).toThrow(
      /two classes/,
    );
    expect(() => evaluateClassifier({ ...input, labels: ['MSS'] }, folds, { method, seed: 1 })).toThrow(
      DataError,
    );
  });
});

describe('evaluation of slides', () => {
  /** 48 slides of 24 patients; MSI slides hold some shifted patches. */
  const bags: Bag[] = Array.from({ length: 48 }, (_, i) => {
    const patient = Math.floor(i / 2);
    const code = patient % 3 === 0 ? 1 : 0;
    const random = new Rng(`bag ${i}`);
    const features = matrixFromRows(
      Array.from({ length: 12 }, (_, p) =>
        Array.from({ length: 4 }, (_, d) => random.normal(code === 1 && p < 3 && d === 0 ? 4 : 0, 1)),
      ),
    );
    return { id: `slide ${i}`, patient: `p${patient}`, code, load: () => features };
  });
  const classes = ['MSS', 'MSI'];
  const split = patientStratifiedKFold(
    bags.map((bag) => classes[bag.code]!),
    bags.map((bag) => bag.patient),
    3,
    5,
  ).folds;
  const options = {
    shape: { inputs: 4, embed: 16, attention: 8, dropout: 0 },
    training: { epochs: 12, patience: 12, learningRate: 5e-3, classWeights: 'balanced' },
    seed: 4,
    threshold: 0.5,
  } as const;

  it('scores each fold and lists every slide', async () => {
    const before = tensorCount();
    const result = await evaluateSlides(bags, classes, split, options);
    expect(tensorCount()).toBe(before);
    expect(result.summary.auroc.mean).toBeGreaterThan(0.9);
    expect(result.predictions.map((p) => p.item).sort()).toEqual(bags.map((bag) => bag.id).sort());
    expect(result.folds.every((fold) => fold.counts.validation.reduce((a, b) => a + b) === 8)).toBe(true);
    expect(result.card).toMatchObject({
      counts: { bags: 48, patients: 24, folds: 3 },
      settings: { gated: true, embed: 16, threshold: 0.5, positive: 'MSI', classWeights: 'balanced' },
      seeds: { training: 4 },
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(formatClassification(result).rows.at(-1)![0]).toBe('mean ± std');
  });

  it('refuses a patient on both sides', async () => {
    const fold = { name: 'bad', train: [0, 2, 4], test: [1] };
    await expect(
      evaluateSlides(bags, classes, [fold], { ...options, validationFraction: 0 }),
    ).rejects.toThrow(/patient p0 on both/);
    await expect(evaluateSlides(bags, classes, [], options)).rejects.toThrow(UsageError);
    await expect(evaluateSlides(bags, classes, split, { ...options, positive: 2 })).rejects.toThrow(
      UsageError,
    );
    const wide = [...classes, 'POLE'];
    await expect(evaluateSlides(bags, wide, split, { ...options, positive: 1 })).rejects.toThrow(
      /two classes/,
    );
  });
});
