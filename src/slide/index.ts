/** Reading section images and the patches around spots; needs no compute engine. */
export { MAX_DECODED_PIXELS, type OpenImageOptions, openImage } from './image.ts';
export { imageFromPixels, type PixelSource } from './memory-image.ts';
export {
  checkSpotsInside,
  type PatchGeometry,
  type Point,
  patchGeometry,
  patchRegion,
} from './patch-geometry.ts';
export { type Patch, type ReadPatchesOptions, readPatch, readPatches } from './read-patches.ts';
export { CREDIBLE_MPP, readResolutionMpp } from './resolution-tags.ts';
export type { Region, SlideImage, Thumbnail } from './slide-image.ts';
