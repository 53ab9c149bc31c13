import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spotTotals, toDense } from '../../src/spatial/count-matrix.ts';
import { countsFromColumns, type DuplicateGeneRule } from '../../src/spatial/duplicate-genes.ts';
import { readMex, readStSection } from '../../src/spatial/index.ts';
import { makeNamesUnique } from '../../src/spatial/names.ts';
import { expectMessage, temporaryFolder } from './section-files.ts';

/** Rows [1 2 0 4] and [0 0 5 1] of the features A, B, A, A. */
const columns = {
  barcodes: ['s0', 's1'],
  names: ['A', 'B', 'A', 'A'],
  indptr: [0, 3, 5],
  indices: [0, 1, 3, 2, 3],
  data: [1, 2, 4, 5, 1],
};

const build = (rule: DuplicateGeneRule, keep?: number[]) =>
  countsFromColumns(columns, 'x', keep === undefined ? { rule } : { rule, keep });

describe('countsFromColumns', () => {
  it('keeps every column under a name of its own, or adds columns of one name', () => {
    const unique = build('make-unique');
    expect(unique.counts.genes).toEqual(['A', 'B', 'A-1', 'A-2']);
    expect([...toDense(unique.counts).data]).toEqual([1, 2, 0, 4, 0, 0, 5, 1]);
    expect(unique.duplicateGenes).toEqual({ rule: 'make-unique', names: 1 });
    const sum = build('sum');
    expect(sum.counts.genes).toEqual(['A', 'B']);
    expect([...toDense(sum.counts).data]).toEqual([5, 2, 6, 0]);
    expect(sum.duplicateGenes).toEqual({ rule: 'sum', names: 1 });
  });

  it('counts names among the kept columns only', () => {
    const one = build('sum', [1, 2]);
    expect(one.counts.genes).toEqual(['B', 'A']);
    expect([...toDense(one.counts).data]).toEqual([2, 0, 0, 5]);
    expect(one.duplicateGenes).toBeUndefined();
  });

  it('refuses damaged parts before it moves columns', () => {
    expectMessage(
      () => countsFromColumns({ ...columns, indices: [0, 1, 9, 2, 3] }, 'x', { rule: 'sum' }),
      'createCountMatrix: needed gene columns 0 to 3, found column 9 at barcode "s0" in x',
    );
  });

  it('never changes the sum of a spot, and both rules agree on names that stand once', () => {
    const name = fc.constantFrom('A', 'B', 'C', 'D', 'E');
    const row = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 6, maxLength: 6 });
    const names = fc.array(name, { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(names, fc.array(row, { minLength: 1, maxLength: 4 }), (list, rows) => {
        const dense = {
          barcodes: rows.map((_, r) => `s${r}`),
          names: list,
          indptr: rows.map((_, r) => 6 * r).concat(6 * rows.length),
          indices: rows.flatMap(() => [0, 1, 2, 3, 4, 5]),
          data: rows.flat(),
        };
        const unique = countsFromColumns(dense, 'x').counts;
        const { counts } = countsFromColumns(dense, 'x', { rule: 'sum' });
        expect([...spotTotals(counts)]).toEqual([...spotTotals(unique)]);
        expect(unique.genes).toEqual(makeNamesUnique(list));
        const once = counts.genes.filter((gene) => list.filter((other) => other === gene).length === 1);
        expect([...toDense(counts, once).data]).toEqual([...toDense(unique, once).data]);
      }),
    );
  });
});

describe('readers', () => {
  const folder = temporaryFolder();
  it('apply the rule and record it in the section', async () => {
    await folder.write('st/counts.tsv', '\tA\tB\tA\na\t1\t2\t4\n');
    await folder.write('st/spots.csv', 'barcode,px,py\na,1,2\n');
    await folder.write('st/he.png', 'image');
    const path = `${folder.path}/st`;
    const unique = await readStSection(path, { mpp: 1 });
    expect([unique.counts.genes, unique.duplicateGenes]).toEqual([
      ['A', 'B', 'A-1'],
      { rule: 'make-unique', names: 1 },
    ]);
    const sum = await readStSection(path, { mpp: 1, duplicateGenes: 'sum' });
    expect([...toDense(sum.counts, ['A', 'B']).data]).toEqual([5, 2]);
    await folder.write('mex/barcodes.tsv', 'b\n');
    await folder.write('mex/features.tsv', 'E1\tA\nE2\tA\n');
    await folder.write(
      'mex/matrix.mtx',
      '%%MatrixMarket matrix coordinate integer general\n2 1 2\n1 1 3\n2 1 4\n',
    );
    const mex = await readMex(`${folder.path}/mex`, 'sum');
    expect([mex.genes, [...mex.data]]).toEqual([['A'], [7]]);
  });
});
