import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import {
  type CountMatrixParts,
  countMatrixFromDense,
  createCountMatrix,
  selectBarcodes,
  selectGeneColumns,
  spotsPerGene,
  spotTotals,
  toDense,
} from '../../src/spatial/count-matrix.ts';
import { makeNamesUnique } from '../../src/spatial/names.ts';
import { expectMessage } from './section-files.ts';

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Rows [1 0 2], [0 0 0], [0 3.5 0]; the first row's columns come in falling order. */
const parts: CountMatrixParts = {
  barcodes: ['s0', 's1', 's2'],
  genes: ['g0', 'g1', 'g2'],
  indptr: [0, 2, 2, 3],
  indices: [2, 0, 1],
  data: [2, 1, 3.5],
};

function expectRefused(change: Partial<CountMatrixParts>, message: string): void {
  const call = () => createCountMatrix({ ...parts, ...change }, 'counts.tsv');
  expect(call).toThrow(DataError);
  expectMessage(call, `createCountMatrix: needed ${message}`);
}

describe('createCountMatrix', () => {
  it('sorts the columns of each row', () => {
    const counts = createCountMatrix(parts);
    expect([...counts.indices]).toEqual([0, 2, 1]);
    expect([...counts.data]).toEqual([1, 2, 3.5]);
    expect([...toDense(counts).data]).toEqual([1, 0, 2, 0, 0, 0, 0, 3.5, 0]);
    expect([...spotTotals(counts)]).toEqual([3, 0, 3.5]);
    expect([...spotsPerGene(counts)]).toEqual([1, 1, 1]);
  });

  it.each([
    [Number.NaN, 'NaN'],
    [-1, '-1'],
    [1e39, 'Infinity'],
  ])('names barcode and gene of %d', (value, text) => {
    expectRefused(
      { data: [2, value, 3.5] },
      `finite counts of 0 or more, found ${text} at barcode "s0", gene "g0" in counts.tsv; ` +
        'give raw counts, not scaled values',
    );
  });

  it('refuses repeated names', () => {
    expectRefused(
      { barcodes: ['a', 'b', 'a'] },
      'unique barcodes, found barcode "a" more than once in counts.tsv; rename or merge the repeated barcodes',
    );
    expectRefused(
      { genes: ['a', 'b', 'b'] },
      'unique genes, found gene "b" more than once in counts.tsv; rename or merge the repeated genes',
    );
  });

  it('refuses places that do not fit', () => {
    expectRefused(
      { indices: [2, 3, 1] },
      'gene columns 0 to 2, found column 3 at barcode "s0" in counts.tsv',
    );
    expectRefused(
      { indices: [2, 2, 1] },
      'one value per barcode and gene, found two values at barcode "s0", gene "g2" in counts.tsv',
    );
    const pointers = 'row pointers that rise from 0 to 3 over 3 barcodes, and one column per value, found';
    const damaged = 'in counts.tsv; the file is damaged or was cut short';
    expectRefused({ indptr: [0, 2, 3] }, `${pointers} 3 pointers ending at 3 and 3 columns ${damaged}`);
    expectRefused({ indptr: [0, 3, 2, 3] }, `${pointers} 4 pointers ending at 3 and 3 columns ${damaged}`);
    expectRefused({ indices: [2, 0] }, `${pointers} 4 pointers ending at 3 and 2 columns ${damaged}`);
  });
});

describe('selection', () => {
  const counts = createCountMatrix(parts);
  it('refuses unknown and repeated names', () => {
    expectMessage(
      () => selectBarcodes(counts, ['s1', 'a', 'b', 'c', 'd']),
      'selectBarcodes: needed barcodes that the counts hold, found 4 of 5 unknown ("a", "b", "c" and 1 more); ' +
        'check that the barcodes and the counts belong together',
    );
    expectMessage(
      () => selectGeneColumns(counts, ['x']),
      'selectGeneColumns: needed genes that the counts hold, found 1 of 1 unknown ("x"); ' +
        'check that the genes and the counts belong together',
    );
    expectMessage(
      () => toDense(counts, ['g1', 'g1']),
      'toDense: needed each gene once, found "g1" more than once',
    );
  });

  const tables = fc
    .record({ rows: fc.integer({ min: 1, max: 7 }), cols: fc.integer({ min: 1, max: 7 }) })
    .chain(({ rows, cols }) =>
      fc.record({
        rows: fc.constant(rows),
        cols: fc.constant(cols),
        values: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 })), {
          minLength: rows * cols,
          maxLength: rows * cols,
        }),
        pickedRows: fc.shuffledSubarray(Array.from({ length: rows }, (_, i) => i)),
        pickedCols: fc.shuffledSubarray(Array.from({ length: cols }, (_, i) => i)),
      }),
    );

  it('equals selection from the full table, for any rows and columns in any order', () => {
    fc.assert(
      fc.property(tables, ({ rows, cols, values, pickedRows, pickedCols }) => {
        const full = countMatrixFromDense(names('s', rows), names('g', cols), Float64Array.from(values));
        const cut = selectGeneColumns(
          selectBarcodes(
            full,
            pickedRows.map((r) => `s${r}`),
          ),
          pickedCols.map((c) => `g${c}`),
        );
        const expected = pickedRows.flatMap((r) => pickedCols.map((c) => values[r * cols + c]!));
        expect([...toDense(cut).data]).toEqual(expected);
        expect([...toDense(selectBarcodes(full, cut.barcodes), cut.genes).data]).toEqual(expected);
        for (let r = 0; r < cut.barcodes.length; r++) {
          const columns = [...cut.indices.subarray(cut.indptr[r], cut.indptr[r + 1])];
          expect(columns).toEqual([...new Set(columns)].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('gives back the same matrix for all names in their order', () => {
    fc.assert(
      fc.property(tables, ({ rows, cols, values }) => {
        const full = countMatrixFromDense(names('s', rows), names('g', cols), Float64Array.from(values));
        expect(selectGeneColumns(selectBarcodes(full, full.barcodes), full.genes)).toEqual(full);
      }),
    );
  });
});

describe('makeNamesUnique', () => {
  it('numbers repeats and skips names that are taken', () => {
    expect(makeNamesUnique(['A', 'B', 'A', 'A-1', 'A', 'B'])).toEqual(['A', 'B', 'A-2', 'A-1', 'A-3', 'B-1']);
  });
  it('always gives unique names and keeps the first of each', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('A', 'A-1', 'A-1-1', 'B')), (list) => {
        const unique = makeNamesUnique(list);
        expect(new Set(unique).size).toBe(list.length);
        for (const name of new Set(list)) expect(unique[list.indexOf(name)]).toBe(name);
      }),
    );
  });
});
