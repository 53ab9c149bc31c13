/** Whole slides and section images: reading, pixel size, tissue, patches, stain. Needs no compute engine. */
export { MAX_DECODED_PIXELS, type OpenImageOptions, openImage } from './image.ts';
export { imageFromPixels, type PixelSource } from './memory-image.ts';
export {
  formatMppTable,
  MPP_SOURCES,
  type MppEvidence,
  type MppRow,
  type MppSource,
  type MppTable,
  reconcileMpp,
  requireMpp,
} from './mpp/mpp-table.ts';
export { type OpenSlideOptions, openSlide, SLIDE_READERS, type SlideReader } from './open-slide.ts';
export {
  checkSpotsInside,
  type PatchGeometry,
  type Point,
  patchGeometry,
  patchRegion,
} from './patch-geometry.ts';
export type { Picture } from './pixels.ts';
export type { SlideLevel } from './pyramid-source.ts';
export {
  cropSquare,
  type Patch,
  type ReadPatchesOptions,
  readPatch,
  readPatches,
  resampleSquare,
} from './read-patches.ts';
export { CREDIBLE_MPP, readResolutionMpp } from './resolution-tags.ts';
export type { Region, SlideImage, Thumbnail } from './slide-image.ts';
export { hedFromRgb, rgbFromHed } from './stain/hed.ts';
export {
  fitMacenko,
  type MacenkoFit,
  macenkoColours,
  normalizeMacenko,
  stainAmounts,
} from './stain/macenko.ts';
export {
  fitReinhard,
  normalizeReinhard,
  type ReinhardFit,
  type ReinhardSpace,
  reinhardColours,
} from './stain/reinhard.ts';
export { type PyramidSpec, writePyramid } from './tiff/write-pyramid.ts';
export {
  COORDS_LAYOUTS,
  type CoordsAttribute,
  type CoordsLayout,
  type CoordsTable,
  readCoords,
  writeCoords,
} from './tiles/coords-file.ts';
export { KEEP_RULES, type KeepRule } from './tiles/grid.ts';
export { type PatchSize, type PatchSizeOptions, patchSize } from './tiles/patch-size.ts';
export { findTissue, type PatchCounts, planTiles, type TilePlan } from './tiles/plan-tiles.ts';
export { readTile, readTiles, type TileGrid } from './tiles/read-tiles.ts';
export type { PlanOptions, TileOptions, TileProgress, TissueChoice } from './tiles/tile-options.ts';
export { type TileSummary, tileSlide } from './tiles/tile-slide.ts';
export type { Contour, Part } from './tissue/contours.ts';
export { laplacianVariance } from './tissue/focus.ts';
export { type GeojsonOptions, readGeojsonTissue } from './tissue/geojson-mask.ts';
export { readMaskTissue } from './tissue/mask-image.ts';
export { TISSUE_PRESETS, type TissuePreset, type TissueSettings } from './tissue/presets.ts';
export { type SegmentedTissue, type SegmentOptions, segmentTissue, type Tissue } from './tissue/segment.ts';
export type { Resolution, WholeSlide } from './whole-slide.ts';
