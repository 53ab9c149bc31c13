/** The 10x Genomics HDF5 matrix (`filtered_feature_bc_matrix.h5`, Cell Ranger 3 / Space Ranger 1 and later). */
import { DataError } from '../errors.ts';
import {
  countsFromColumns,
  type DuplicateGeneRule,
  type NamedColumns,
  type NamedCounts,
} from './duplicate-genes.ts';
import { type Hdf5File, withHdf5 } from './hdf5/hdf5-file.ts';
import { requireFile } from './paths.ts';
import type { CountMatrix } from './types.ts';

const OPERATION = 'readTenxH5';

/** Features that are transcripts; antibody and other tags are other measurements on another scale. */
export const GENE_EXPRESSION = 'Gene Expression';

/**
 * Reads counts as spots x genes. The file holds genes x barcodes by columns, which is the same numbers
 * in the same order. Only features of type "Gene Expression" are kept.
 *
 * @param duplicateGenes  what to do with genes named more than once.
 * @throws UsageError when the path does not exist.
 * @throws DataError when the file is damaged, of the older layout without `/matrix`, or holds bad counts.
 * @source 10x Genomics, "Feature-Barcode Matrices", HDF5 format.
 */
export async function readTenxH5(path: string, duplicateGenes?: DuplicateGeneRule): Promise<CountMatrix> {
  return (await readTenxCounts(path, duplicateGenes)).counts;
}

/** As {@link readTenxH5}, with a note on repeated gene names. */
export async function readTenxCounts(path: string, duplicateGenes?: DuplicateGeneRule): Promise<NamedCounts> {
  await requireFile(path, OPERATION, 'a 10x .h5 file');
  return withHdf5(path, OPERATION, async (file) => {
    if (!(await file.hasDataset('matrix/features/name'))) {
      throw new DataError(OPERATION, {
        need: 'the group /matrix with features, as Cell Ranger 3 and Space Ranger write it',
        found: `none in ${path}`,
        next: 'convert older files with the current 10x software',
      });
    }
    return readMatrix(file, duplicateGenes);
  });
}

async function checkShape(file: Hdf5File, geneCount: number, barcodeCount: number): Promise<void> {
  const [rows, columns] = await file.numbers('matrix/shape');
  if (rows === geneCount && columns === barcodeCount) return;
  throw new DataError(OPERATION, {
    need: `shape ${geneCount} x ${barcodeCount}, the numbers of features and barcodes`,
    found: `${rows} x ${columns} in ${file.path}`,
  });
}

async function readMatrix(file: Hdf5File, rule: DuplicateGeneRule | undefined): Promise<NamedCounts> {
  const barcodes = await file.strings('matrix/barcodes');
  const names = await file.strings('matrix/features/name');
  const types = await file.strings('matrix/features/feature_type');
  await checkShape(file, names.length, barcodes.length);
  const parts = {
    barcodes,
    indptr: await file.numbers('matrix/indptr'),
    indices: await file.numbers('matrix/indices'),
    data: await file.numbers('matrix/data'),
  };
  return keepGeneExpression({ ...parts, names, types }, file.path, rule);
}

/** A matrix whose columns still include features that are no transcripts. */
export interface FeatureMatrix extends NamedColumns {
  /** Feature type of each name. */
  readonly types: readonly string[];
}

/**
 * Drops the columns of other feature types and resolves repeated names among the rest.
 *
 * @throws DataError when nothing of type "Gene Expression" is left, or as createCountMatrix.
 */
export function keepGeneExpression(
  matrix: FeatureMatrix,
  path: string,
  rule: DuplicateGeneRule = 'make-unique',
): NamedCounts {
  const keep = matrix.names.map((_, c) => c).filter((c) => matrix.types[c] === GENE_EXPRESSION);
  if (keep.length > 0) return countsFromColumns(matrix, path, { rule, keep });
  throw new DataError('keepGeneExpression', {
    need: `features of type "${GENE_EXPRESSION}"`,
    found: `none among ${matrix.names.length} in ${path}`,
  });
}
