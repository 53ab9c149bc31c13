/** Square bins joined into larger ones, so that a spot is large enough for a patch. */
import { UsageError } from '../errors.ts';
import { createCountMatrix } from './count-matrix.ts';
import type { TissuePosition } from './tissue-positions.ts';
import type { CountMatrix, Spot } from './types.ts';

/** Pooled spots, row i of the counts belonging to spot i. */
export interface PooledBins {
  readonly spots: readonly Spot[];
  readonly counts: CountMatrix;
}

/** `0012x0345`: row and column of a grid, both with as many digits as named. */
export function gridName(row: number, column: number, digits: number): string {
  return `${String(row).padStart(digits, '0')}x${String(column).padStart(digits, '0')}`;
}

/**
 * Sums the counts of `factor` x `factor` bins. A pooled spot lies at the mean of all its bins' centres, those outside the
 * tissue included, so that spots keep their grid; its name is `rrrrxcccc`. Spots without a count are left out.
 *
 * @param bins  every bin of the array with its grid position.
 * @param counts  rows of bins; bins without a row add nothing.
 * @throws UsageError when the factor is no whole number above 0.
 * @source HEST-1k: Visium HD as 128 um spots of 8 x 8 bins of 16 um.
 */
export function poolBins(bins: readonly TissuePosition[], counts: CountMatrix, factor: number): PooledBins {
  if (!Number.isInteger(factor) || factor < 1) {
    throw new UsageError('poolBins', { need: 'a whole number of bins per side', found: `${factor}` });
  }
  const places = new Map<string, { row: number; column: number; x: number; y: number; bins: number }>();
  const nameOf = new Map<string, string>();
  for (const { barcode, arrayRow, arrayCol, x, y } of bins) {
    const row = Math.floor(arrayRow / factor);
    const column = Math.floor(arrayCol / factor);
    const name = gridName(row, column, 4);
    const place = places.get(name) ?? { row, column, x: 0, y: 0, bins: 0 };
    place.x += x;
    place.y += y;
    place.bins++;
    places.set(name, place);
    nameOf.set(barcode, name);
  }
  const sums = sumRows(counts, (barcode) => nameOf.get(barcode));
  const names = [...sums.keys()].sort();
  const spots = names.map((barcode) => {
    const { row, column, x, y, bins: count } = places.get(barcode)!;
    return { barcode, x: x / count, y: y / count, arrayRow: row, arrayCol: column };
  });
  return { spots, counts: countsFromSums(names, counts.genes, sums) };
}

/** Counts per place: gene column to sum. */
export type CountSums = ReadonlyMap<string, ReadonlyMap<number, number>>;

function sumRows(counts: CountMatrix, nameOf: (barcode: string) => string | undefined): CountSums {
  const sums = new Map<string, Map<number, number>>();
  for (const [r, barcode] of counts.barcodes.entries()) {
    const name = nameOf(barcode);
    if (name === undefined) continue;
    for (let k = counts.indptr[r]!; k < counts.indptr[r + 1]!; k++) {
      if (counts.data[k] === 0) continue;
      const sum = sums.get(name) ?? new Map<number, number>();
      const column = counts.indices[k]!;
      sum.set(column, (sum.get(column) ?? 0) + counts.data[k]!);
      sums.set(name, sum);
    }
  }
  return sums;
}

/** The sums of the places named as a matrix, in that order. */
export function countsFromSums(
  names: readonly string[],
  genes: readonly string[],
  sums: CountSums,
  source = 'the pooled counts',
): CountMatrix {
  const indptr = [0];
  const indices: number[] = [];
  const data: number[] = [];
  for (const name of names) {
    for (const [column, value] of sums.get(name) ?? []) {
      indices.push(column);
      data.push(value);
    }
    indptr.push(indices.length);
  }
  return createCountMatrix({ barcodes: names, genes, indptr, indices, data }, source);
}
