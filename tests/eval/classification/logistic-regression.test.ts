import { describe, expect, it } from 'vitest';
import { type Matrix, matrixFromRows, matrixRow, selectRows } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import {
  chooseC,
  DINOV2_C_GRID,
  fitLogistic,
  logisticProbabilities,
  scoreClassification,
  uniC,
} from '../../../src/eval/classification/index.ts';
import { argmaxRows, logSumExp } from '../../../src/eval/numeric/index.ts';
import { tensorCount } from '../../../src/tensor/index.ts';
import { readEvalGolden } from '../../support/paths.ts';
import { newtonLogistic, probabilitiesOf } from './newton-logistic.ts';

interface GoldenFit {
  C: number;
  coef: number[][];
  intercept: number[];
  proba: number[][];
  pred: number[];
  log_loss: number;
  metrics: Record<string, number> & { confusion: number[][] };
}
interface GoldenTask {
  X_train: number[][];
  y_train: number[];
  X_test: number[][];
  y_test: number[];
  sklearn: Record<string, GoldenFit>;
  uni_variant: { C: number; objective: number; weight_norm: number; proba: number[][] };
}
const golden = readEvalGolden<Record<'binary' | 'multiclass', GoldenTask>>('logreg');
const tasks = Object.entries({ binary: 2, multiclass: 4 }).map(([name, classCount]) => {
  const task = golden[name as 'binary' | 'multiclass'];
  const names = Array.from({ length: classCount }, (_, k) => `class ${k}`);
  return {
    name,
    task,
    classCount,
    names,
    x: matrixFromRows(task.X_train),
    test: matrixFromRows(task.X_test),
  };
});
const norm = (w: ArrayLike<number>) => Math.sqrt(Array.from(w).reduce((sum, v) => sum + v * v, 0));

/** Mean cross-entropy plus penalty of a given model, straight from its probabilities. */
function penalised(
  { weights, intercepts, outputs }: { weights: Float64Array; intercepts: ArrayLike<number>; outputs: number },
  x: Matrix,
  codes: readonly number[],
  c: number,
): number {
  const losses = codes.map((y, i) => {
    const row = matrixRow(x, i);
    const own = Array.from(intercepts, (b, k) =>
      Array.from(row).reduce((s, v, d) => s + v * weights[k * x.cols + d]!, b),
    );
    const logits = outputs === 1 ? [0, ...own] : own;
    return logSumExp(logits) - logits[y]!;
  });
  const mean = losses.reduce((sum, v) => sum + v, 0) / codes.length;
  return mean + norm(weights) ** 2 / (2 * c * codes.length);
}

describe.each(tasks)('$name task against scikit-learn', ({ task, classCount, names, x, test }) => {
  it.each(Object.entries(task.sklearn))('%s', (_, want) => {
    const before = tensorCount();
    const model = fitLogistic(x, task.y_train, classCount, { c: want.C });
    const probabilities = logisticProbabilities(model, test);
    expect(tensorCount()).toBe(before);
    expect(model.stopped).toBe('gradient');
    // The golden fits end with a gradient of up to 4e-6 (scikit-learn 1.2 stops where the loss stops falling). Newton
    // steps from them to rest move their probabilities by up to 2.6e-5, and there they equal ours.
    const atRest = newtonLogistic({ coef: want.coef, intercept: want.intercept }, x, task.y_train, want.C);
    expect(probabilities.data).toBeClose(probabilitiesOf(atRest, test).flat(), { atol: 1e-7 });
    expect(probabilities.data).toBeClose(want.proba.flat(), { atol: 3e-5 });
    expect(model.weights).toBeClose(want.coef.flat(), { atol: 1e-4 });
    expect(model.intercepts).toBeClose(want.intercept, { atol: 1e-4 });
    const golden = { ...model, weights: Float64Array.from(want.coef.flat()), intercepts: want.intercept };
    expect(model.objective).toBeLessThanOrEqual(penalised(golden, x, task.y_train, want.C) + 1e-15);
    expect([...argmaxRows(probabilities)]).toEqual(want.pred);
  });

  it.each(Object.entries(task.sklearn))('%s: scores of the golden probabilities', (_, want) => {
    const scores = scoreClassification(task.y_test, matrixFromRows(want.proba), names);
    const { metrics: m } = want;
    const shared = [scores.accuracy!, scores.balancedAccuracy!, scores.f1Macro!, scores.f1Weighted!];
    expect([...shared, scores.kappaQuadratic!]).toBeClose(
      [m.acc!, m.bacc!, m.f1_macro!, m.f1_weighted!, m.kappa_quadratic!],
      { atol: 1e-12 },
    );
    expect(scores.confusion).toEqual(m.confusion);
    expect(scores.notes).toEqual([]);
    if (classCount === 2) {
      expect([scores.auroc!, scores.auprc!, scores.perClass[1]!.f1!]).toBeClose(
        [m.auroc!, m.auprc!, m.f1_binary!],
        { atol: 1e-12 },
      );
      expect([scores.aurocOvrMacro, scores.aurocOvoMacro]).toEqual([null, null]);
    } else {
      expect([scores.aurocOvrMacro!, scores.aurocOvoMacro!, scores.aurocOvrWeighted!]).toBeClose(
        [m.auroc_ovr_macro!, m.auroc_ovo_macro!, m.auroc_ovr_weighted!],
        { atol: 1e-12 },
      );
      expect([scores.auroc, scores.auprc]).toEqual([null, null]);
    }
  });

  it("UNI's objective with the plain norm", () => {
    const { C, objective, weight_norm, proba } = task.uni_variant;
    const model = fitLogistic(x, task.y_train, classCount, { c: C, penalty: 'norm', outputs: 'softmax' });
    expect(model.collapsed).toBe(false);
    expect(Math.abs(model.objective - objective)).toBeLessThan(1e-9);
    expect(Math.abs(norm(model.weights) - weight_norm)).toBeLessThan(1e-3);
    expect(logisticProbabilities(model, test).data).toBeClose(proba.flat(), { atol: 1e-4 });
  });
});

describe('exact optimum', () => {
  // Newton's method in numpy 1.24 from the golden coefficients, gradient below 1e-16.
  it.each([
    [1, [0.00011742103607977687, 0.3228961438391284, 0.9289465656813439, 0.00010159834306279712]],
    [0.05, [0.0291019866591442, 0.3047645321743165, 0.5085602065409893, 0.039846861367299806]],
    [0.32, [0.0019567772722026045, 0.319264166357422, 0.7842863899342566, 0.0020951351879273336]],
  ])('C = %f, four of the probabilities', (c, want) => {
    const { task, x, test } = tasks[1]!;
    const { data } = logisticProbabilities(fitLogistic(x, task.y_train, 4, { c }), test);
    expect([1, 68, 82, 159].map((at) => data[at]!)).toBeClose(want, { atol: 1e-7 });
  });
});

describe("UNI's penalty", () => {
  const { task, x } = tasks[1]!;

  it('holds all weights at 0 for small C, and the intercepts at the class frequencies', () => {
    const model = fitLogistic(x, task.y_train, 4, { c: 0.32, penalty: 'norm', outputs: 'softmax' });
    const counts = [0, 1, 2, 3].map((k) => task.y_train.filter((y) => y === k).length);
    expect(model.collapsed).toBe(true);
    expect(norm(model.weights)).toBe(0);
    expect(logisticProbabilities(model, selectRows(x, [5])).data).toBeClose(
      counts.map((n) => n / task.y_train.length),
      { atol: 1e-12 },
    );
  });

  it('has its threshold where the pull of the loss equals half of 1 / C', () => {
    // At W = 0 with these intercepts the gradient is sum_i (p - y_i) x_i / n; its norm g gives C = 1 / (2 g).
    const n = task.y_train.length;
    const frequency = [0, 1, 2, 3].map((k) => task.y_train.filter((y) => y === k).length / n);
    let square = 0;
    for (let k = 0; k < 4; k++) {
      for (let d = 0; d < x.cols; d++) {
        const pull = task.y_train.reduce(
          (sum, y, i) => sum + ((frequency[k]! - (y === k ? 1 : 0)) * matrixRow(x, i)[d]!) / n,
          0,
        );
        square += pull * pull;
      }
    }
    const c = 1 / (2 * Math.sqrt(square));
    const collapsed = (factor: number) =>
      fitLogistic(x, task.y_train, 4, { c: c * factor, penalty: 'norm', outputs: 'softmax' }).collapsed;
    expect([collapsed(0.999), collapsed(1.001)]).toEqual([true, false]);
  });

  it('C of the UNI protocol', () => expect(uniC(1024, 9)).toBeCloseTo(92.16, 12));
});

describe('classes that are missing from training', () => {
  const { task, x, test } = tasks[1]!;

  it('one missing: probability 0, the rest as if the task had three classes', () => {
    const rows = task.y_train.flatMap((y, i) => (y === 1 ? [] : [i]));
    const codes = rows.map((i) => task.y_train[i]!);
    const model = fitLogistic(selectRows(x, rows), codes, 4, { c: 1 });
    expect(model.present).toEqual([0, 2, 3]);
    const full = logisticProbabilities(model, test);
    const relabelled = codes.map((y) => [0, -1, 1, 2][y]!);
    const three = logisticProbabilities(fitLogistic(selectRows(x, rows), relabelled, 3, { c: 1 }), test);
    for (let i = 0; i < test.rows; i++) {
      const row = matrixRow(full, i);
      expect(row[1]).toBe(0);
      expect([row[0]!, row[2]!, row[3]!]).toBeClose(matrixRow(three, i), { atol: 1e-7 });
    }
  });

  it('only one there: it is always said', () => {
    const model = fitLogistic(selectRows(x, [0, 4]), [2, 2], 4, { c: 1 });
    expect(model.outputs).toBe(0);
    expect([...matrixRow(logisticProbabilities(model, test), 7)]).toEqual([0, 0, 1, 0]);
  });
});

describe('choice of C', () => {
  it('has the 45 values of DINOv2', () => {
    expect(DINOV2_C_GRID).toHaveLength(45);
    expect([DINOV2_C_GRID[0]!, DINOV2_C_GRID[4]!, DINOV2_C_GRID[44]!]).toBeClose([1e-6, 1e-5, 1e5], {
      rtolOfMax: 1e-12,
    });
  });

  /** Two classes along one of 20 directions: a strong penalty suits the rest. */
  function noisy(seed: string, n: number) {
    const rng = new Rng(seed);
    const codes = Int32Array.from({ length: n }, (_, i) => i % 2);
    const rows = Array.from(codes, (y) =>
      Array.from({ length: 20 }, (_, d) => rng.normal(d === 0 ? y - 0.5 : 0, 1)),
    );
    return { features: matrixFromRows(rows), codes };
  }
  const [train, validation] = [noisy('train', 40), noisy('validation', 200)];

  it('takes the best on validation, the smallest C of equals, and warm starts change nothing', () => {
    const grid = [1e-3, 1e-2, 1e-1, 1, 100];
    const chosen = chooseC(train, validation, 2, { grid });
    const alone = grid.map((c) => {
      const model = fitLogistic(train.features, train.codes, 2, { c, tolerance: 1e-12 });
      const called = argmaxRows(logisticProbabilities(model, validation.features));
      return called.filter((p, i) => p === validation.codes[i]).length / 200;
    });
    expect(chosen.grid.map((point) => point.score)).toBeClose(alone, { atol: 1e-12 });
    expect(chosen.c).toBe(grid[alone.indexOf(Math.max(...alone))]);
    expect(chosen.model.c).toBe(chosen.c);
  });

  it('of equal scores takes the smallest C', () => {
    const same = { features: matrixFromRows([[-1], [1]]), codes: Int32Array.of(0, 1) };
    expect(chooseC(same, same, 2, { grid: [0.1, 1, 10] }).c).toBe(0.1);
  });

  it('refits on training and validation rows when asked', () => {
    const refitted = chooseC(train, validation, 2, { grid: [0.1, 1], refit: true });
    const kept = chooseC(train, validation, 2, { grid: [0.1, 1] });
    expect(refitted.c).toBe(kept.c);
    expect(refitted.model.weights).not.toEqual(kept.model.weights);
  });

  it('refuses an empty grid', () => {
    expect(() => chooseC(train, validation, 2, { grid: [] })).toThrow(UsageError);
  });
});

describe('unusable input', () => {
  const x = matrixFromRows([
    [1, 2],
    [3, 4],
  ]);
  it('is refused with its place', () => {
    expect(() => fitLogistic(x, [0, 1], 2, { c: 0 })).toThrow(UsageError);
    expect(() => fitLogistic(x, [0, 2], 2, { c: 1 })).toThrow(/found 2 at row 1/);
    expect(() => fitLogistic(x, [0], 2, { c: 1 })).toThrow(DataError);
    expect(() => fitLogistic(matrixFromRows([[1], [Number.NaN]]), [0, 1], 2, { c: 1 })).toThrow(DataError);
    expect(() => fitLogistic(matrixFromRows([]), [], 2, { c: 1 })).toThrow(DataError);
    const model = fitLogistic(x, [0, 1], 2, { c: 1 });
    expect(() => logisticProbabilities(model, matrixFromRows([[1]]))).toThrow(ShapeError);
    const other = fitLogistic(matrixFromRows([[1], [2]]), [0, 1], 2, { c: 1 });
    expect(() => fitLogistic(x, [0, 1], 2, { c: 1, start: other })).toThrow(ShapeError);
  });
});
