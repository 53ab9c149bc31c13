import { describe, expect, it } from 'vitest';
import { countMatrixFromDense } from '../../src/spatial/count-matrix.ts';
import {
  highlyVariable,
  highlyVariableAcrossBatches,
  type VariableGenes,
} from '../../src/spatial/highly-variable.ts';
import { log1p, normalizeTotal } from '../../src/spatial/normalize.ts';
import type { SparseMatrix } from '../../src/spatial/types.ts';
import { readEvalGolden } from '../support/paths.ts';
import { expectNumbers, type GoldenNumbers } from './expect-numbers.ts';
import { expectMessage } from './section-files.ts';

interface Flat {
  readonly means: GoldenNumbers;
  readonly dispersions: GoldenNumbers;
  readonly dispersions_norm: GoldenNumbers;
  readonly highly_variable: boolean[];
  readonly mean_bin: number[];
  readonly bin_edges: GoldenNumbers;
}
interface Batched extends Flat {
  readonly nbatches: number[];
  readonly order: number[];
}
interface Golden {
  readonly counts: number[][];
  readonly batch: string[];
  readonly n_top: number;
  readonly log1p_only: Record<'seurat' | 'cell_ranger' | 'seurat_cutoffs', Flat> &
    Record<'seurat_batched' | 'cell_ranger_batched', Batched>;
  readonly norm1e4_log1p: Record<'seurat' | 'cell_ranger', Flat>;
}

const golden = readEvalGolden<Golden>('hvg');
const genes = golden.counts[0]!.map((_, g) => `g${g}`);

function matrixOf(rows: number[][]): SparseMatrix {
  return countMatrixFromDense(
    rows.map((_, r) => `s${r}`),
    genes,
    Float64Array.from(rows.flat()),
  );
}

function expectSame(actual: VariableGenes, expected: Omit<Flat, 'mean_bin' | 'bin_edges'>): void {
  expectNumbers(actual.means, expected.means, 1e-12);
  expectNumbers(actual.dispersions, expected.dispersions, 1e-12);
  expectNumbers(actual.normalizedDispersions, expected.dispersions_norm, 1e-9);
  expect(actual.selected).toEqual(expected.highly_variable);
}

describe('highlyVariable', () => {
  const counts = matrixOf(golden.counts);
  const inputs = { log1p_only: log1p(counts), norm1e4_log1p: log1p(normalizeTotal(counts, { target: 1e4 })) };
  const cases = (['log1p_only', 'norm1e4_log1p'] as const).flatMap((input) =>
    (['seurat', 'cell_ranger'] as const).map((flavor) => [input, flavor] as const),
  );
  it.each(cases)('%s, %s: statistics, bins and flags', (input, flavor) => {
    const expected = golden[input][flavor];
    const actual = highlyVariable([inputs[input]], { flavor, count: golden.n_top });
    expectSame(actual, expected);
    expect([...actual.bins]).toEqual(expected.mean_bin);
    expectNumbers(actual.binEdges, expected.bin_edges, 1e-12);
  });

  it('selects by cutoffs without a count', () => {
    expectSame(highlyVariable([inputs.log1p_only], { flavor: 'seurat' }), golden.log1p_only.seurat_cutoffs);
  });

  it('gives the same for rows split over several matrices', () => {
    const parts = [golden.counts.slice(0, 10), golden.counts.slice(10)].map((rows) => log1p(matrixOf(rows)));
    expectSame(highlyVariable(parts, { flavor: 'seurat', count: golden.n_top }), golden.log1p_only.seurat);
  });

  it('undoes a logarithm of another base', () => {
    const actual = highlyVariable([log1p(counts, 2)], { flavor: 'seurat', count: golden.n_top, logBase: 2 });
    expectSame(actual, golden.log1p_only.seurat);
  });

  it.each(['seurat', 'cell_ranger'] as const)('%s over batches', (flavor) => {
    const expected = golden.log1p_only[`${flavor}_batched`];
    const ids = [...new Set(golden.batch)];
    const batches = ids.map((id) => [
      log1p(matrixOf(golden.counts.filter((_, r) => golden.batch[r] === id))),
    ]);
    const actual = highlyVariableAcrossBatches(batches, { flavor, count: golden.n_top });
    expect([...actual.batchCount]).toEqual(expected.nbatches);
    expect([...actual.order]).toEqual(expected.order);
    expectSame(actual, expected);
  });

  it('refuses wrong calls in one line', () => {
    const other = countMatrixFromDense(['a', 'b'], ['x'], Float64Array.of(1, 2));
    expectMessage(
      () => highlyVariable([counts], { flavor: 'seurat', count: 0 }),
      'highlyVariable: needed a whole count of 1 or more, found 0',
    );
    expectMessage(
      () => highlyVariable([counts], { flavor: 'seurat', count: 1, cutoffs: {} }),
      'highlyVariable: needed count or cutoffs, found both; give one of them',
    );
    expectMessage(
      () => highlyVariable([counts, other], { flavor: 'seurat' }),
      'geneMoments: needed matrices with one gene list in one order, found differing lists; select the shared genes first',
    );
    expectMessage(
      () => highlyVariable([matrixOf(golden.counts.slice(0, 1))], { flavor: 'seurat' }),
      'geneMoments: needed two or more spots, found 1',
    );
    expectMessage(
      () => highlyVariableAcrossBatches([], { flavor: 'seurat' }),
      'highlyVariableAcrossBatches: needed at least one batch, found none',
    );
  });
});
