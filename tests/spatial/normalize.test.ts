import { describe, expect, it } from 'vitest';
import { countMatrixFromDense, toDense } from '../../src/spatial/count-matrix.ts';
import { log1p, medianTotal, normalizeTotal } from '../../src/spatial/normalize.ts';
import { readEvalGolden } from '../support/paths.ts';
import { expectMessage } from './section-files.ts';

interface Golden {
  readonly counts: number[][];
  readonly median_target: number;
  readonly norm_median: number[][];
  readonly log1p_norm_median: number[][];
  readonly norm_1e4: number[][];
  readonly log1p_norm_1e4: number[][];
  readonly log1p_only: number[][];
  readonly log1p_base2: number[][];
  readonly log1p_cpm1e6: number[][];
  readonly exclude_highly_expressed: { max_fraction: number; norm: number[][] };
}

const golden = readEvalGolden<Golden>('normalize_log1p');
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function fromRows(rows: number[][]) {
  return countMatrixFromDense(
    names('s', rows.length),
    names('g', rows[0]!.length),
    Float64Array.from(rows.flat()),
  );
}

describe('normalizeTotal and log1p', () => {
  const counts = fromRows(golden.counts);
  const million = 1e6;
  const cases = [
    ['median target', normalizeTotal(counts), golden.norm_median],
    ['median target, log1p', log1p(normalizeTotal(counts)), golden.log1p_norm_median],
    ['target 1e4', normalizeTotal(counts, { target: 1e4 }), golden.norm_1e4],
    ['target 1e4, log1p', log1p(normalizeTotal(counts, { target: 1e4 })), golden.log1p_norm_1e4],
    ['target 1e6, log1p', log1p(normalizeTotal(counts, { target: million })), golden.log1p_cpm1e6],
    ['log1p', log1p(counts), golden.log1p_only],
    ['log1p, base 2', log1p(counts, 2), golden.log1p_base2],
    [
      'highly expressed genes left out of the sums',
      normalizeTotal(counts, { maxFraction: golden.exclude_highly_expressed.max_fraction }),
      golden.exclude_highly_expressed.norm,
    ],
  ] as const;
  it.each(cases)('%s', (_, actual, expected) => {
    expect(toDense(actual).data).toBeClose(expected.flat(), { rtolOfMax: 1e-14 });
  });

  it('leaves spots without counts at zero and out of the median', () => {
    expect(medianTotal(Float64Array.of(0, 4, 0, 2, 10))).toBe(4);
    expect([
      ...toDense(
        normalizeTotal(
          fromRows([
            [0, 0],
            [1, 3],
            [6, 2],
          ]),
        ),
      ).data,
    ]).toEqual([0, 0, 1.5, 4.5, 4.5, 1.5]);
  });

  it('refuses wrong options and empty counts in one line', () => {
    expectMessage(
      () => normalizeTotal(counts, { target: 0 }),
      'normalizeTotal: needed a target above 0, found 0',
    );
    expectMessage(
      () => normalizeTotal(counts, { maxFraction: 1 }),
      'normalizeTotal: needed maxFraction between 0 and 1, found 1',
    );
    expectMessage(() => log1p(counts, 1), 'log1p: needed a base above 0 other than 1, found 1');
    expectMessage(
      () => normalizeTotal(fromRows([[0], [0]])),
      'medianTotal: needed a spot with counts, found 2 spots that sum to 0',
    );
  });
});
