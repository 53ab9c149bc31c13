import { describe, expect, it } from 'vitest';
import { matrixFromRows, matrixRow } from '../../../src/core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import { unitRows } from '../../../src/eval/numeric/index.ts';
import {
  averagePrecisionOfList,
  classPrototypes,
  formatRetrieval,
  hitAt,
  majorityAt,
  patchToSupport,
  precisionAt,
  prototypeToPatch,
} from '../../../src/eval/retrieval/index.ts';
import { tensorCount } from '../../../src/tensor/index.ts';
import { readEvalGolden } from '../../support/paths.ts';

interface GoldenDirection {
  prototypes: number[][];
  similarity: number[][];
  top10: number[][];
  per_class: Record<string, number[]>;
  ap: number[];
  mean: Record<string, number>;
  map: number;
}
interface Golden {
  X_support: number[][];
  y_support: number[];
  X_gallery: number[][];
  y_gallery: number[];
  prototype_to_patch: Record<'no_center' | 'centered', GoldenDirection>;
  patch_to_patch: {
    top5: number[][];
    acc1: number;
    acc3: number;
    acc5: number;
    mvacc5: number;
    mv5_pred: number[];
  };
}
const golden = readEvalGolden<Golden>('retrieval');
const support = { features: matrixFromRows(golden.X_support), codes: golden.y_support };
const gallery = { features: matrixFromRows(golden.X_gallery), codes: golden.y_gallery };
const classes = ['ADI', 'BACK', 'DEB', 'LYM', 'MUC', 'MUS', 'NORM', 'STR', 'TUM'];
const values = (list: readonly { value: number | null }[]) => list.map(({ value }) => value!);

describe.each(['no_center', 'centered'] as const)('prototype to patch, %s', (name) => {
  const want = golden.prototype_to_patch[name];
  const centred = name === 'centered';

  it('prototypes and similarities', () => {
    const { vectors, centre, counts } = classPrototypes(support, 9, centred);
    expect(vectors.data).toBeClose(want.prototypes.flat(), { atol: 1e-12 });
    expect(counts).toEqual(new Array(9).fill(12));
    const unit = unitRows(gallery.features, centre);
    const similarity = classes.flatMap((_, k) =>
      golden.X_gallery.map((_, i) =>
        matrixRow(unit, i).reduce((sum, v, d) => sum + v * matrixRow(vectors, k)[d]!, 0),
      ),
    );
    expect(similarity).toBeClose(want.similarity.flat(), { atol: 1e-12 });
  });

  it('ranks and scores', () => {
    const result = prototypeToPatch(support, gallery, classes, { centred, ks: [1, 3, 5, 10] });
    expect(result.top).toEqual(want.top10);
    for (const [i, k] of [1, 3, 5, 10].entries()) {
      const accuracy = result.perClass.map((row) => row.accuracy[i]!.value!);
      const precision = result.perClass.map((row) => row.precision[i]!.value!);
      if (k < 10) {
        expect(accuracy).toEqual(want.per_class[`acc@${k}`]);
        expect(result.mean.accuracy[i]!.value).toBeCloseTo(want.mean[`acc@${k}`]!, 14);
      }
      if (k !== 3) {
        expect(precision).toBeClose(want.per_class[`precision@${k}`]!, { atol: 1e-15 });
        expect(result.mean.precision[i]!.value).toBeCloseTo(want.mean[`precision@${k}`]!, 14);
      }
    }
    expect(result.perClass.map((row) => row.majority)).toEqual(want.per_class['mvacc@5']);
    expect(result.mean.majority).toBeCloseTo(want.mean['mvacc@5']!, 14);
    expect(result.perClass.map((row) => row.averagePrecision!)).toBeClose(want.ap, { atol: 1e-14 });
    expect(result.mean.map).toBeCloseTo(want.map, 14);
  });
});

describe('patch to support', () => {
  it('equals the golden neighbours and scores', () => {
    const before = tensorCount();
    const want = golden.patch_to_patch;
    const result = patchToSupport(support, gallery, classes, { centred: true, ks: [1, 3, 5] });
    expect(tensorCount()).toBe(before);
    expect(result.top).toEqual(want.top5);
    expect(values(result.mean.accuracy)).toBeClose([want.acc1, want.acc3, want.acc5], { atol: 1e-14 });
    expect(result.mean.majority).toBeCloseTo(want.mvacc5, 14);
    const voted = result.top.map((at) =>
      majorityAt(
        at.map((i) => golden.y_support[i]!),
        5,
        9,
      ),
    );
    expect(voted).toEqual(want.mv5_pred);
    // The mean over patches is the mean over classes weighted by their patches.
    const weighted = result.perClass.reduce((sum, row) => sum + row.majority! * row.gallery, 0) / 90;
    expect(weighted).toBeCloseTo(want.mvacc5, 14);
    expect(result.mean.map).toBeNull();
  });
});

describe('scores of a list by hand', () => {
  const relevant = [false, true, true, false];

  it('precision, hits, average precision', () => {
    expect([1, 2, 3, 4].map((k) => precisionAt(relevant, k))).toEqual([0, 1 / 2, 2 / 3, 1 / 2]);
    expect(precisionAt(relevant, 100)).toBe(1 / 2);
    expect(precisionAt([], 3)).toBeNaN();
    expect([1, 2].map((k) => hitAt(relevant, k))).toEqual([0, 1]);
    expect(averagePrecisionOfList(relevant)).toBeCloseTo((1 / 2 + 2 / 3) / 2, 15);
    expect(averagePrecisionOfList([false])).toBeNaN();
  });

  it('equal votes go to the lowest class', () => {
    expect(majorityAt([3, 1, 3, 1, 2], 5, 4)).toBe(1);
    expect(majorityAt([3, 1, 3], 1, 4)).toBe(3);
  });
});

describe('edges', () => {
  const small = {
    features: matrixFromRows([
      [1, 0],
      [0.9, 0.1],
      [0, 1],
    ]),
    codes: [0, 0, 1],
  };

  it('K beyond the gallery takes all of it, and the result says so', () => {
    const result = prototypeToPatch(small, small, ['a', 'b'], { ks: [1, 50] });
    expect(values(result.perClass[0]!.precision)).toEqual([1, 2 / 3]);
    expect(result.top[0]).toEqual([0, 1, 2]);
    expect(result.card.undefinedValues).toEqual([
      'K = 50, 5 is more than the 3 gallery patches: all are taken',
    ]);
    const back = patchToSupport(small, small, ['a', 'b'], { ks: [50], majorityK: 50 });
    expect(values(back.mean.accuracy)).toEqual([1]);
    // All three vote for class a, whatever the query.
    expect(back.mean.majority).toBeCloseTo(2 / 3, 15);
  });

  it('a class with fewer gallery patches than K is remarked on', () => {
    const result = prototypeToPatch(small, small, ['a', 'b'], { ks: [2], majorityK: 2 });
    expect(values(result.perClass[1]!.precision)).toEqual([0.5]);
    expect(result.card.undefinedValues).toEqual(['b has 1 gallery patches: precision is at most 1/2']);
  });

  it('classes without support or gallery patches have no value and do not count', () => {
    const missing = { features: small.features, codes: [0, 0, 2] };
    const result = prototypeToPatch(missing, small, ['a', 'b', 'c'], { ks: [1], majorityK: 1 });
    expect(result.perClass.map((row) => row.averagePrecision)).toEqual([1, null, null]);
    expect(result.mean).toEqual({
      accuracy: [{ k: 1, value: 1 }],
      precision: [{ k: 1, value: 1 }],
      majority: 1,
      map: 1,
    });
    expect(result.card.undefinedValues).toEqual([
      'b has no support patch: no value',
      'c has no gallery patch: no value',
    ]);
    const back = patchToSupport(missing, small, ['a', 'b', 'c'], { ks: [1], majorityK: 1 });
    expect(back.perClass.map((row) => row.majority)).toEqual([1, 0, null]);
    expect(back.card.undefinedValues).toEqual([
      'b has no support patch: its patches can never match',
      'c has no gallery patch: no value',
    ]);
    expect(JSON.parse(JSON.stringify(back))).toEqual(back);
  });

  it('equal similarities keep the order of the gallery', () => {
    const equal = {
      features: matrixFromRows([
        [0, 1],
        [2, 0],
        [1, 0],
        [3, 0],
      ]),
      codes: [1, 0, 0, 0],
    };
    expect(prototypeToPatch(equal, equal, ['a', 'b'], { ks: [4], majorityK: 1 }).top[0]).toEqual([
      1, 2, 3, 0,
    ]);
  });

  it('unusable input is refused', () => {
    const other = { features: matrixFromRows([[1]]), codes: [0] };
    const bad = { features: matrixFromRows([[Number.NaN, 1]]), codes: [0] };
    expect(() => prototypeToPatch(small, other, ['a', 'b'])).toThrow(ShapeError);
    expect(() => patchToSupport(small, bad, ['a', 'b'])).toThrow(DataError);
    expect(() => prototypeToPatch(bad, small, ['a', 'b'])).toThrow(DataError);
    expect(() => patchToSupport(small, small, ['a'])).toThrow(/found 1 at row 2/);
    expect(() => prototypeToPatch(small, small, ['a', 'b'], { ks: [0] })).toThrow(UsageError);
    const none = { features: { rows: 0, cols: 2, data: new Float64Array(0) }, codes: [] };
    expect(() => classPrototypes(none, 2, true)).toThrow(ShapeError);
  });
});

describe('table', () => {
  it('has a row per class and the mean', () => {
    const result = prototypeToPatch(support, gallery, classes, { ks: [1, 5] });
    const table = formatRetrieval(result);
    expect(table.columns.map((c) => c.header)).toEqual([
      'class',
      'support',
      'gallery',
      'Acc@1',
      'Acc@5',
      'MVAcc@5',
      'P@1',
      'P@5',
      'AP',
    ]);
    expect(table.rows).toHaveLength(10);
    const { mean } = golden.prototype_to_patch.no_center;
    expect(table.rows.at(-1)).toEqual([
      'mean',
      '108',
      '90',
      mean['acc@1']!.toFixed(3),
      '1.000',
      mean['mvacc@5']!.toFixed(3),
      mean['precision@1']!.toFixed(3),
      mean['precision@5']!.toFixed(3),
      golden.prototype_to_patch.no_center.map.toFixed(3),
    ]);
    const back = formatRetrieval(patchToSupport(support, gallery, classes, { ks: [1] }));
    expect(back.columns.at(-1)!.header).toBe('P@1');
  });
});
