import { describe, expect, it } from 'vitest';
import {
  hstack,
  matrix,
  matrixColumn,
  matrixFromRows,
  matrixRow,
  selectRows,
  vstack,
} from '../../src/core/matrix.ts';
import { ShapeError } from '../../src/errors.ts';

const table = matrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));

describe('matrix', () => {
  it('refuses data that does not fill rows x cols', () => {
    expect(() => matrix(2, 2, new Float64Array(3))).toThrow(
      new ShapeError('matrix', { need: 'rows x cols = 2 x 2 values', found: '3' }),
    );
    expect(() => matrix(-1, -3, new Float64Array(3))).toThrow(ShapeError);
    expect(matrix(0, 5, new Float64Array(0)).rows).toBe(0);
  });

  it('copies rows and refuses ragged ones', () => {
    expect([
      ...matrixFromRows([
        [1, 2],
        [3, 4],
      ]).data,
    ]).toEqual([1, 2, 3, 4]);
    expect(() => matrixFromRows([[1, 2], [3]])).toThrow(
      'matrix: needed 2 values in row 1, as in row 0, found 1',
    );
  });

  it('gives rows as views and columns as copies', () => {
    const own = matrix(2, 2, Float64Array.of(1, 2, 3, 4));
    matrixRow(own, 1)[0] = 9;
    expect([...own.data]).toEqual([1, 2, 9, 4]);
    expect([...matrixColumn(table, 1)]).toEqual([2, 4, 6]);
    expect(() => matrixRow(table, 3)).toThrow('matrix: needed a row index from 0 to 2, found 3');
    expect(() => matrixColumn(table, 2)).toThrow('matrix: needed a column index from 0 to 1, found 2');
  });

  it('selects rows in the order named, repeats allowed, storage kept', () => {
    const picked = selectRows(table, [2, 0, 2]);
    expect(picked.data).toEqual(Float32Array.of(5, 6, 1, 2, 5, 6));
    expect(picked.rows).toBe(3);
    expect(() => selectRows(table, [0, 7])).toThrow(ShapeError);
  });

  it('stacks and joins; one float64 part makes the result float64', () => {
    const wide = matrix(3, 1, Float64Array.of(0.1, 0.2, 0.3));
    expect(vstack([table, table]).data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6));
    expect(hstack([table, wide])).toEqual({
      rows: 3,
      cols: 3,
      data: Float64Array.of(1, 2, 0.1, 3, 4, 0.2, 5, 6, 0.3),
    });
    expect(() => vstack([table, wide])).toThrow('vstack: needed 2 columns in every table, found 1');
    expect(() => hstack([table, matrix(1, 1, new Float32Array(1))])).toThrow('hstack: needed 3 rows');
    expect(() => vstack([])).toThrow('vstack: needed at least one table, found none');
  });
});
