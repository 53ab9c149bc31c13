import { describe, expect, it } from 'vitest';
import { matrixFromRows } from '../../../src/core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import {
  balancedAccuracy,
  classMeans,
  confusionMatrix,
  macroF1,
  nearestTraining,
  oneVersusRest,
  simpleShot,
  simpleShotDistances,
  voteShares,
} from '../../../src/eval/classification/index.ts';
import { argmaxRows } from '../../../src/eval/numeric/index.ts';
import { tensorCount } from '../../../src/tensor/index.ts';
import { readEvalGolden } from '../../support/paths.ts';

interface GoldenK {
  neighbours: number[][];
  votes: number[][];
  proba: number[][];
  pred_majority: number[];
  pred_softmax_T007: number[];
  bacc: number;
  bacc_softmax: number;
  f1_macro: number;
  auroc_ovr_macro: number;
}
interface Golden {
  X_train: number[][];
  y_train: number[];
  X_test: number[][];
  y_test: number[];
  cosine: Record<string, GoldenK>;
  uni: {
    k: number;
    neighbours: number[][];
    pred: number[];
    bacc: number;
    prototypes: number[][];
    simpleshot_distances: number[][];
    simpleshot_pred: number[];
    simpleshot_bacc: number;
  };
}
const golden = readEvalGolden<Golden>('knn');
const train = { features: matrixFromRows(golden.X_train), codes: Int32Array.from(golden.y_train) };
const test = matrixFromRows(golden.X_test);
const score = (predicted: Int32Array) => balancedAccuracy(confusionMatrix(golden.y_test, predicted, 5));

describe('kNN against the golden votes', () => {
  const most = nearestTraining(train, test, 5, 20, 'cosine');

  it.each(Object.entries(golden.cosine))('cosine, k = %s', (name, want) => {
    const k = Number(name);
    const found = nearestTraining(train, test, 5, k, 'cosine');
    expect([...found.indices]).toEqual(want.neighbours.flat());
    const majority = voteShares(found, train.codes, 5, { vote: 'majority' });
    expect(majority.data).toBeClose(want.proba.flat(), { atol: 1e-15 });
    expect(Array.from(majority.data, (share) => Math.round(share * k))).toEqual(want.votes.flat());
    const called = argmaxRows(majority);
    expect([...called]).toEqual(want.pred_majority);
    const softmax = argmaxRows(voteShares(found, train.codes, 5, { vote: 'softmax' }));
    expect([...softmax]).toEqual(want.pred_softmax_T007);
    const confusion = confusionMatrix(golden.y_test, called, 5);
    const rest = oneVersusRest(golden.y_test, majority);
    expect([
      balancedAccuracy(confusion),
      macroF1(confusion),
      score(softmax),
      rest.reduce((sum, v) => sum + v, 0) / 5,
    ]).toBeClose([want.bacc, want.f1_macro, want.bacc_softmax, want.auroc_ovr_macro], { atol: 1e-12 });
  });

  it.each([1, 5])('the first %i of 20 neighbours vote as a search for as many', (k) => {
    for (const vote of ['majority', 'softmax'] as const) {
      const alone = voteShares(nearestTraining(train, test, 5, k, 'cosine'), train.codes, 5, { vote });
      expect(voteShares(most, train.codes, 5, { vote }, k).data).toBeClose(alone.data, { atol: 1e-14 });
    }
  });

  it("UNI's distance", () => {
    const found = nearestTraining(train, test, 5, golden.uni.k, 'uni');
    expect([...found.indices]).toEqual(golden.uni.neighbours.flat());
    const called = argmaxRows(voteShares(found, train.codes, 5, { vote: 'majority' }));
    expect([...called]).toEqual(golden.uni.pred);
    expect(score(called)).toBeCloseTo(golden.uni.bacc, 12);
  });

  it('SimpleShot', () => {
    const means = classMeans(train, 5);
    expect(means.means.data).toBeClose(golden.uni.prototypes.flat(), { atol: 1e-12 });
    expect(simpleShotDistances(means, test).data).toBeClose(golden.uni.simpleshot_distances.flat(), {
      atol: 1e-12,
    });
    const called = argmaxRows(simpleShot(train, test, 5));
    expect([...called]).toEqual(golden.uni.simpleshot_pred);
    expect(score(called)).toBeCloseTo(golden.uni.simpleshot_bacc, 12);
  });
});

describe('kNN at its edges', () => {
  const square = {
    features: matrixFromRows([
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]),
    codes: Int32Array.of(2, 1, 0, 1),
  };

  it('takes the lower training row of equal similarities and the lower class of equal votes', () => {
    const found = nearestTraining(square, matrixFromRows([[3, 0]]), 3, 2, 'cosine');
    expect([...found.indices]).toEqual([0, 2]);
    const shares = voteShares(found, square.codes, 3, { vote: 'majority' });
    expect([...shares.data]).toEqual([0.5, 0, 0.5]);
    expect([...argmaxRows(shares)]).toEqual([0]);
  });

  it('takes the whole training set when k is larger, and says so', () => {
    const before = tensorCount();
    expect(nearestTraining(square, matrixFromRows([[1, 2]]), 3, 200, 'cosine').k).toBe(4);
    expect(tensorCount()).toBe(before);
  });

  it('puts a row of zeros at a right angle to everything, and 1 away from every unit row', () => {
    const zero = nearestTraining(square, matrixFromRows([[0, 0]]), 3, 4, 'cosine');
    expect([...zero.scores]).toEqual([0, 0, 0, 0]);
    const mean = matrixFromRows([[0.5, 0.5]]);
    expect([...nearestTraining(square, mean, 3, 4, 'uni').scores]).toEqual([-1, -1, -1, -1]);
  });

  it('softmax with a temperature of 0.07 by hand', () => {
    const one = nearestTraining(square, matrixFromRows([[3, 4]]), 3, 4, 'cosine');
    const [a, b] = [Math.exp(0.6 / 0.07), Math.exp(0.8 / 0.07)];
    const total = 2 * a + 2 * b;
    const shares = voteShares(one, square.codes, 3, { vote: 'softmax' });
    expect(shares.data).toBeClose([a / total, (2 * b) / total, a / total], { atol: 1e-14 });
  });

  it('never calls a class without training rows', () => {
    const shares = simpleShot(
      square,
      matrixFromRows([
        [1, 1],
        [-1, 0],
      ]),
      4,
    );
    expect([shares.data[3], shares.data[7]]).toEqual([0, 0]);
    expect(classMeans(square, 4).counts).toEqual([1, 2, 1, 0]);
  });

  it('refuses unusable input', () => {
    const found = nearestTraining(square, matrixFromRows([[1, 2]]), 3, 2, 'cosine');
    expect(() => voteShares(found, square.codes, 3, { vote: 'majority' }, 3)).toThrow(UsageError);
    expect(() => voteShares(found, square.codes, 3, { vote: 'softmax', temperature: 0 })).toThrow(UsageError);
    expect(() => nearestTraining(square, matrixFromRows([[1]]), 3, 1, 'cosine')).toThrow(ShapeError);
    expect(() => nearestTraining(square, matrixFromRows([[Number.NaN, 1]]), 3, 1, 'uni')).toThrow(DataError);
    expect(() => nearestTraining(square, matrixFromRows([[1, 1]]), 2, 1, 'uni')).toThrow(/found 2 at row 0/);
  });
});
