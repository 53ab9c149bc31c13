import { describe, expect, it } from 'vitest';
import { type Matrix, matrixColumn, matrixFromRows, selectRows } from '../../src/core/matrix.ts';
import { Rng } from '../../src/core/rng.ts';
import { UsageError } from '../../src/errors.ts';
import { ALPHA_GRID, searchAlpha } from '../../src/eval/alpha-search.ts';
import { crossValidate, fitProbeOnRows, predictRows } from '../../src/eval/cross-validate.ts';
import { featureMoments } from '../../src/eval/feature-moments.ts';
import { jointMoments } from '../../src/eval/joint-moments.ts';
import { meanDefined, pearson } from '../../src/eval/metrics.ts';
import { kFold, leaveOneGroupOut } from '../../src/eval/splits.ts';
import { scope, tensor, tensorCount } from '../../src/tensor/index.ts';

/** n rows of 12 correlated features and 3 targets that depend on two of them, with noise. */
function data(n: number, seed: string): { x: Matrix; y: Matrix } {
  const rng = new Rng(seed);
  const rows = Array.from({ length: n }, () => {
    const common = rng.normal();
    const x = Array.from({ length: 12 }, (_, j) => 3 * j + (1 + j) * (0.5 * common + rng.normal()));
    const y = [x[0]! + 4 * rng.normal(), x[1]! / 2 - x[0]! + 5 * rng.normal(), 2 + 3 * rng.normal()];
    return { x, y };
  });
  return { x: matrixFromRows(rows.map((row) => row.x)), y: matrixFromRows(rows.map((row) => row.y)) };
}

const rowsOf = (group: number, n: number, groups: number) =>
  Array.from({ length: n }, (_, i) => i).filter((i) => i % groups === group);

describe('penalty by nested cross-validation', () => {
  it.each([undefined, 5])(
    'scores every penalty as fitting and predicting rows does (PCA %s)',
    (components) => {
      const before = tensorCount();
      const { x, y } = data(61, 'grid');
      const groups = [0, 1, 2].map((g) => rowsOf(g, 61, 3));
      const asTensor = (m: Matrix, rows: readonly number[]) =>
        tensor(Float64Array.from(selectRows(m, rows).data), [rows.length, m.cols]);
      const found = scope(() => {
        const parts = groups.map((rows) => {
          const own = asTensor(x, rows);
          return jointMoments(featureMoments(own), own, asTensor(y, rows));
        });
        return searchAlpha(parts, components);
      });
      expect(found.grid.map(({ alpha }) => alpha)).toEqual(ALPHA_GRID);
      for (const { alpha, pcc } of found.grid) {
        const direct = groups.map((held) => {
          const train = groups.filter((rows) => rows !== held).flat();
          const options = { alpha, intercept: false, components };
          const probe = fitProbeOnRows(selectRows(x, train), selectRows(y, train), options);
          const predicted = predictRows(x, probe, held);
          const truth = selectRows(y, held);
          return meanDefined(
            [0, 1, 2].map((g) => pearson(matrixColumn(truth, g), matrixColumn(predicted, g))),
          );
        });
        expect(pcc).toBeCloseTo(meanDefined(direct), 9);
      }
      const best = Math.max(...found.grid.map(({ pcc }) => pcc));
      expect(found.grid.find(({ alpha }) => alpha === found.alpha)!.pcc).toBe(best);
      expect(tensorCount()).toBe(before);
    },
  );

  it('looks at training groups only, one of them left out at a time', () => {
    const { x, y } = data(80, 'leak');
    const folds = leaveOneGroupOut(Array.from({ length: 80 }, (_, i) => `study ${i % 4}`));
    const alphas = (targets: Matrix) => {
      const seen: (number | undefined)[][] = [];
      crossValidate(
        x,
        folds,
        () => targets,
        { alpha: 'cv', intercept: true },
        ({ probe, alphaSearch }) =>
          seen.push([probe.alpha, alphaSearch?.innerFolds, ...alphaSearch!.grid.map(({ pcc }) => pcc)]),
      );
      return seen;
    };
    const before = alphas(y);
    expect(before.map(([, inner]) => inner)).toEqual([3, 3, 3, 3]);
    // Other values in study 0 cannot change the fold that holds it out.
    const spoiled = {
      ...y,
      data: Float64Array.from(y.data, (v, i) => (Math.floor(i / 3) % 4 === 0 ? 9 * (i % 7) : v)),
    };
    const after = alphas(spoiled);
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });

  it('divides a training side of one group by labels, or says that it cannot', () => {
    const { x, y } = data(40, 'two');
    const folds = kFold(40, 2, 1);
    const run = (labels?: string[][]) =>
      crossValidate(
        x,
        folds,
        () => y,
        { alpha: 'cv', intercept: true, ...(labels && { labels }) },
        () => {},
      );
    expect(() => run()).toThrow(UsageError);
    expect(() => run()).toThrow(/at least 2 groups of training spots.*give a number for --alpha/);
    expect(() => run([x.data].map(() => Array.from({ length: 40 }, (_, i) => `${i % 5}`)))).not.toThrow();
  });

  it('gathers many groups into five inner folds', () => {
    const { x, y } = data(90, 'many');
    crossValidate(
      x,
      kFold(90, 9, 1),
      () => y,
      { alpha: 'cv', intercept: true },
      ({ alphaSearch }) => {
        expect(alphaSearch!.innerFolds).toBe(5);
      },
    );
  });
});
