import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { countMatrixFromDense } from '../../src/spatial/count-matrix.ts';
import { highlyVariableSeuratV3, type SeuratV3Genes } from '../../src/spatial/seurat-v3.ts';
import type { SparseMatrix } from '../../src/spatial/types.ts';
import { readEvalGolden } from '../support/paths.ts';
import { expectNumbers, type GoldenNumbers, numbersOf } from './expect-numbers.ts';
import { expectMessage } from './section-files.ts';

interface Ranked {
  readonly means: GoldenNumbers;
  readonly variances: GoldenNumbers;
  readonly log10_var_fit: GoldenNumbers[];
  readonly variances_norm: GoldenNumbers;
  readonly rank_median: GoldenNumbers;
  readonly nbatches: number[];
  readonly highly_variable: boolean[];
  readonly selected: number[];
}
interface Golden {
  readonly counts: number[][];
  readonly batch: string[];
  readonly n_top: number;
  readonly seurat_v3: Ranked;
  readonly seurat_v3_batched: Ranked;
  readonly seurat_v3_paper_batched: Ranked;
}

const golden = readEvalGolden<Golden>('hvg');
const genes = golden.counts[0]!.map((_, g) => `g${g}`);

function matrixOf(rows: number[][]): SparseMatrix {
  const barcodes = rows.map((_, r) => `s${r}`);
  return countMatrixFromDense(barcodes, genes, Float64Array.from(rows.flat()));
}

/** Genes near the top of a batch that share their normalised variance with the next one. */
function tiedGenes(batches: readonly (readonly SparseMatrix[])[]): Set<number> {
  const tied = new Set<number>();
  for (const parts of batches) {
    const values = highlyVariableSeuratV3([parts], { count: 1 }).normalizedVariances;
    const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]!);
    for (const [i, g] of order.slice(0, golden.n_top).entries()) {
      const next = order[i + 1]!;
      if (values[g]! - values[next]! < 1e-12) tied.add(g).add(next);
    }
  }
  return tied;
}

function expectSame(actual: SeuratV3Genes, expected: Ranked, tied: ReadonlySet<number>): void {
  expectNumbers(actual.means, expected.means, 1e-12);
  expectNumbers(actual.variances, expected.variances, 1e-12);
  expect(actual.expectedLogVariance).toHaveLength(expected.log10_var_fit.length);
  for (const [b, fit] of expected.log10_var_fit.entries()) {
    expectNumbers(actual.expectedLogVariance[b]!, fit, 1e-10);
  }
  expectNumbers(actual.normalizedVariances, expected.variances_norm, 1e-9);
  // The reference sorts unstably, so that genes whose values tie in a batch can change places, also over the last one.
  const untied = <T>(values: ArrayLike<T>) => Array.from(values).filter((_, g) => !tied.has(g));
  expect(untied(actual.medianRank)).toEqual(untied(numbersOf(expected.rank_median)));
  expect([...actual.batchCount]).toEqual(expected.nbatches);
  expect(untied(actual.selected)).toEqual(untied(expected.highly_variable));
  expect(actual.order).toHaveLength(expected.selected.length);
  expect(Array.from(actual.order).every((g) => actual.selected[g])).toBe(true);
}

describe('highlyVariableSeuratV3', () => {
  const all = matrixOf(golden.counts);
  const ids = [...new Set(golden.batch)];
  const batches = ids.map((id) => [matrixOf(golden.counts.filter((_, r) => golden.batch[r] === id))]);

  it('one batch', () => {
    expectSame(highlyVariableSeuratV3([[all]], { count: golden.n_top }), golden.seurat_v3, new Set());
  });

  it('one batch in two parts gives the same', () => {
    const parts = [matrixOf(golden.counts.slice(0, 30)), matrixOf(golden.counts.slice(30))];
    expectSame(highlyVariableSeuratV3([parts], { count: golden.n_top }), golden.seurat_v3, new Set());
  });

  it.each(['seurat_v3', 'seurat_v3_paper'] as const)('%s over batches', (flavor) => {
    const actual = highlyVariableSeuratV3(batches, { count: golden.n_top, flavor });
    const tied = tiedGenes(batches);
    expect(tied.size).toBeLessThan(5);
    expectSame(actual, golden[`${flavor}_batched`], tied);
  });

  it('refuses wrong calls in one line', () => {
    const call = () => highlyVariableSeuratV3([[all]], { count: 0 });
    expect(call).toThrow(UsageError);
    expectMessage(call, 'highlyVariableSeuratV3: needed a whole count of 1 or more, found 0');
    const constant = countMatrixFromDense(['a', 'b'], ['x', 'y'], Float64Array.of(1, 2, 1, 3));
    const few = () => highlyVariableSeuratV3([[constant]], { count: 1 });
    expect(few).toThrow(DataError);
    expectMessage(few, 'highlyVariableSeuratV3: needed four or more genes whose counts vary, found 1');
  });
});
