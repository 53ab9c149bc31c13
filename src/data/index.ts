/**
 * What feeds pretraining: patches from folders, HDF5 files, slides and sections; the crops that DINOv2 learns from; and
 * a loader that makes batches of them in worker threads. Needs no compute engine.
 *
 *   const patches = await listPictures('patches');
 *   const augmentation = createAugmentation({ mean, std });
 *   const loader = new PatchLoader({ patches, augmentation, batchSize: 64, seed: 0 });
 *   for await (const { global, globalShape } of loader) train(shareTensor(global, globalShape));
 */
export {
  type Augmentation,
  type AugmentationOptions,
  type BlurPolicy,
  type ColourPolicy,
  type CropRecipe,
  createAugmentation,
} from './augmentation.ts';
export { type ColourStep, type CropKey, type CropPlan, cropRng, drawCropPlan } from './crop-plan.ts';
export type { BrokenLimit, BrokenPatch } from './loader/broken-patches.ts';
export { type CropBatch, type ImageShape, type LoaderOptions, PatchLoader } from './loader/patch-loader.ts';
export type { ChannelNumbers } from './pixels/normalize.ts';
export { type CropBox, type PackedImage, packImage, type RgbImage } from './pixels/rgb-image.ts';
export { Scratch } from './pixels/scratch.ts';
export { renderCrop } from './render-crop.ts';
export { openPatches } from './sources/open-patches.ts';
export { listPatchFiles } from './sources/patch-file.ts';
export {
  type JoinedListing,
  joinListings,
  type PatchFileListing,
  type PatchListing,
  type PatchSet,
  type PictureListing,
  patchCount,
  type SlideListing,
  type SlideOpener,
} from './sources/patch-set.ts';
export { decodePicture, listPictures } from './sources/pictures.ts';
export { type SectionPatchesOptions, writeSectionPatches } from './sources/section-patches.ts';
export { listSlideSquares, type SlideSquaresOptions } from './sources/slide-squares.ts';
