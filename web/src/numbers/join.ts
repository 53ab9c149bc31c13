/** Bringing two tables of one slide together: by barcode, or by position where barcodes differ. */
import type { SpatialIndex } from '../overlay/spatial-index.ts';

/** For each row of the first table the row of the second, or -1. */
export interface Join {
  readonly rows: Int32Array;
  readonly matched: number;
  readonly by: 'barcode' | 'position';
}

export function joinByBarcode(first: readonly string[], second: readonly string[]): Join {
  const places = new Map(second.map((barcode, row) => [barcode, row]));
  return finish(
    Int32Array.from(first, (barcode) => places.get(barcode) ?? -1),
    'barcode',
  );
}

/** Nearest row of the second table, at most `reach` level-0 pixels away. */
export function joinByPosition(positions: Float32Array, second: SpatialIndex, reach: number): Join {
  const rows = new Int32Array(positions.length / 2);
  for (let row = 0; row < rows.length; row++) {
    rows[row] = second.nearest(positions[2 * row]!, positions[2 * row + 1]!, reach) ?? -1;
  }
  return finish(rows, 'position');
}

function finish(rows: Int32Array, by: Join['by']): Join {
  let matched = 0;
  for (const row of rows) if (row >= 0) matched++;
  return { rows, matched, by };
}

/** Values of the second table in the order of the first; NaN without a partner. */
export function alignValues({ rows }: Join, second: Float32Array): Float32Array {
  return Float32Array.from(rows, (row) => (row < 0 ? Number.NaN : second[row]!));
}

/** `second - first`, row by row; NaN where either is missing. */
export function differenceOf(first: Float32Array, second: Float32Array): Float32Array {
  return first.map((value, row) => second[row]! - value);
}

/** Pearson correlation over the rows where both are numbers; NaN where it is undefined. */
export function correlation(a: Float32Array, b: Float32Array): number {
  let [n, sumA, sumB] = [0, 0, 0];
  const both = (i: number) => Number.isFinite(a[i]! + b[i]!);
  for (let i = 0; i < a.length; i++) {
    if (!both(i)) continue;
    n++;
    sumA += a[i]!;
    sumB += b[i]!;
  }
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (!both(i)) continue;
    const da = a[i]! - sumA / n;
    const db = b[i]! - sumB / n;
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN;
}
