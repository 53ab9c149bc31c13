/** A table in memory, whatever file it came from. */
import type { GeneStore } from './gene-store.ts';

export interface LoadedTable {
  readonly barcodes: readonly string[];
  /** x0 y0 x1 y1 ...: centres, level-0 pixels. */
  readonly positions: Float32Array;
  readonly genes: readonly string[];
  readonly store?: GeneStore;
  /** Further numbers per row by name. */
  readonly columns: ReadonlyMap<string, Float32Array>;
  readonly unit: string;
  readonly shape: 'disc' | 'square';
  readonly sizePx: number;
  /** Feature vectors, row after row. */
  readonly vectors?: { readonly data: Float32Array; readonly width: number };
}

/** Unit of counts as they are shown, and of what heads predict. */
export const LOG_COUNTS = 'ln(1 + count)';

export function bytesOf({ barcodes, positions, store, columns, vectors }: LoadedTable): number {
  let bytes =
    positions.byteLength + 64 * barcodes.length + (store?.bytes ?? 0) + (vectors?.data.byteLength ?? 0);
  for (const column of columns.values()) bytes += column.byteLength;
  return bytes;
}

/** All rows of a gene or, where no gene has that name, a column; undefined for neither. */
export function valuesOf(table: LoadedTable, name: string): Float32Array | undefined {
  const c = table.genes.indexOf(name);
  return c >= 0 ? table.store?.column(c) : table.columns.get(name)?.slice();
}

/** Distance to the nearest neighbour of most rows, the median over at most 200 of them. */
export function spacingOf(positions: Float32Array): number | undefined {
  const count = positions.length / 2;
  const step = Math.max(1, Math.floor(count / 200));
  const nearest: number[] = [];
  for (let i = 0; i < count; i += step) {
    let best = Number.POSITIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const [dx, dy] = [positions[2 * i]! - positions[2 * k]!, positions[2 * i + 1]! - positions[2 * k + 1]!];
      const d = dx * dx + dy * dy;
      if (d > 0 && d < best) best = d;
    }
    if (Number.isFinite(best)) nearest.push(Math.sqrt(best));
  }
  return nearest.sort((a, b) => a - b)[Math.floor(nearest.length / 2)];
}

/** Size of a row where nothing states it: spots stand apart by about two of their diameters, patches side by side. */
export function likelySizePx(positions: Float32Array, shape: 'disc' | 'square'): number {
  return Math.max(1, (spacingOf(positions) ?? 100) * (shape === 'disc' ? 0.55 : 1));
}

/** Patches of slides are named after their upper left corner. */
export function isPatchName(barcode: string): boolean {
  return /^\d+_\d+(-\d+)?$/.test(barcode);
}

/** Side of patches named `x_y` after their corner, from the centre of one; undefined for other names. */
export function patchSide(barcode: string | undefined, centreX: number | undefined): number | undefined {
  if (barcode === undefined || centreX === undefined || !isPatchName(barcode)) return undefined;
  const side = 2 * (centreX - Number.parseInt(barcode, 10));
  return side > 0 ? side : undefined;
}
