/**
 * Spatial transcriptomics data without the compute engine: sections and cohorts from disk, counts,
 * normalisation, and the choice of genes.
 */
export { type Cohort, type CohortOptions, readCohort, type SectionFailure } from './cohort.ts';
export {
  type CountMatrixParts,
  countMatrixFromDense,
  createCountMatrix,
  selectBarcodes,
  selectGeneColumns,
  spotsPerGene,
  spotTotals,
  toDense,
} from './count-matrix.ts';
export { readCountsTable } from './counts-table.ts';
export type { Flavor } from './dispersion-bins.ts';
export type { DuplicateGeneRule, DuplicateGenes } from './duplicate-genes.ts';
export { readGeneList } from './gene-list.ts';
export { type GeneMoments, geneMoments } from './gene-moments.ts';
export {
  candidateGenes,
  GENE_METHODS,
  type GeneMethod,
  type GeneSelection,
  type GeneSelectionOptions,
  requireGenes,
  selectGenes,
} from './gene-selection.ts';
export { columnAsNumbers, columnAsText } from './h5ad/h5ad-columns.ts';
export { type H5adFile, type MatrixName, withH5ad } from './h5ad/h5ad-file.ts';
export type { H5adFrame } from './h5ad/h5ad-frame.ts';
export { type H5adSectionOptions, readH5adSection } from './h5ad/h5ad-section.ts';
export type {
  ArrayValue,
  BooleanColumn,
  CategoricalColumn,
  DenseMatrix,
  H5adColumn,
  H5adMatrix,
  H5adTable,
  NumberColumn,
  NumberType,
  PlainColumn,
  RowMatrix,
  StringColumn,
  UnsValue,
} from './h5ad/h5ad-types.ts';
export { type ExpressionContent, writeExpressionH5ad } from './h5ad/write-expression.ts';
export { type H5adContent, type WriteH5adOptions, writeH5ad } from './h5ad/write-h5ad.ts';
export {
  type HestEntry,
  type HestFold,
  type HestTask,
  type HestTaskRow,
  isHestTask,
  listHestFolder,
  readHestSamples,
  readHestTask,
} from './hest-folder.ts';
export {
  HEST_PATCH_MPP,
  measuredPatchMpp,
  openPrecutPatches,
  type PlacedPatches,
  type PrecutPatches,
  placePatches,
} from './hest-patches.ts';
export {
  type HestSample,
  type HestStudyKey,
  hestPatient,
  hestStudy,
  readHestMetadata,
  readHestTable,
} from './hest-samples.ts';
export {
  COLORECTAL_CODES,
  filterHestSamples,
  findDuplicates,
  type HestDuplicate,
  type HestFilter,
  type HestSelection,
  type HestStudy,
  selectColorectal,
} from './hest-selection.ts';
export {
  ALIKE_MARKS,
  readThumbnailHashes,
  THUMBNAIL_MARKS,
  type ThumbnailHash,
  thumbnailDistance,
  thumbnailHash,
} from './hest-thumbnails.ts';
export {
  type BatchedVariableGenes,
  type HighlyVariable,
  type HighlyVariableOptions,
  highlyVariable,
  highlyVariableAcrossBatches,
  type VariableCutoffs,
  type VariableGenes,
} from './highly-variable.ts';
export { evaluateLoess, fitLoess, type LoessCurve, type LoessOptions } from './loess.ts';
export { readMex } from './mex.ts';
export { makeNamesUnique } from './names.ts';
export { log1p, medianTotal, type NormalizeTotalOptions, normalizeTotal } from './normalize.ts';
export { hasSlide, PATCH_ORIGINS, type PatchOrigin, patchOrigin } from './patch-origin.ts';
export { type PooledBins, poolBins } from './pool-bins.ts';
export type { SectionOptions, UnplacedCounts } from './section-options.ts';
export { type ReadSectionOptions, readSection, type SectionKind, sectionKind } from './section-reader.ts';
export { highlyVariableSeuratV3, type SeuratV3Genes, type SeuratV3Options } from './seurat-v3.ts';
export { readSpaceRanger, type SpaceRangerOptions } from './space-ranger.ts';
export { type SpotTransform, spotsOverTissue, type TissueOverlap, transformSpots } from './spot-alignment.ts';
export { type GeoJsonOptions, type SpotValues, spotsToCsv, spotsToGeoJson } from './spot-export.ts';
export { readStSection, readStSpots } from './st-section.ts';
export { readTenxH5 } from './tenx-h5.ts';
export { readTissuePositions, type TissuePosition } from './tissue-positions.ts';
export type { CountMatrix, DroppedSpots, ExpressionMatrix, Section, SparseMatrix, Spot } from './types.ts';
export { readVisiumHd, type VisiumHdOptions } from './visium-hd.ts';
export { mppFromScaleFactors, mppFromSpacing, visiumPixelSize } from './visium-pixel-size.ts';
export { binTranscripts, readXenium, type XeniumOptions } from './xenium.ts';
