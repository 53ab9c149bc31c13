/** Measured sections: counts as ln(1 + count). */
import { type ReadSectionOptions, readSection, type Section, sectionKind } from '../../spatial/index.ts';
import { sparseGenes } from './gene-store.ts';
import { LOG_COUNTS, type LoadedTable } from './loaded-table.ts';

/** Diameter of a spot or side of a bin in micrometres, by kind of section. */
const SIZE_UM = { st: 100, 'space-ranger': 55, 'visium-hd': 128, xenium: 100, h5ad: 55 } as const;

export function tableOfSection(section: Section, kind: keyof typeof SIZE_UM): LoadedTable {
  const { spots, counts, mpp } = section;
  const { barcodes, genes, indptr, indices, data } = counts;
  return {
    barcodes,
    positions: Float32Array.from(spots.flatMap(({ x, y }) => [x, y])),
    genes,
    store: sparseGenes({ rows: spots.length, cols: genes.length, indptr, indices, data }, Math.log1p),
    columns: new Map([['total count', totals(indptr, data)]]),
    unit: LOG_COUNTS,
    shape: kind === 'visium-hd' || kind === 'xenium' ? 'square' : 'disc',
    sizePx: SIZE_UM[kind] / mpp,
  };
}

function totals(indptr: Int32Array, data: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: indptr.length - 1 }, (_, r) => {
    let sum = 0;
    for (let k = indptr[r]!; k < indptr[r + 1]!; k++) sum += data[k]!;
    return sum;
  });
}

export async function loadSection(path: string, options: ReadSectionOptions): Promise<LoadedTable> {
  const kind = await sectionKind(path);
  // Counts of spots that the image does not show have no place to be drawn at.
  const section = await readSection(path, { unplacedCounts: 'drop', ...options });
  return tableOfSection(section, kind!);
}
