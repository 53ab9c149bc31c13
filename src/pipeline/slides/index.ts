/** Whole slides: many at a time, tiled, embedded, predicted. */
export {
  type EmbedSlidesOptions,
  type EmbedSlidesRun,
  embedSlides,
  type SlidePatchOptions,
} from './embed-slides.ts';
export { type PredictSlideOptions, predictSlide, type SlidePredictionFiles } from './predict-slide.ts';
export {
  runSlides,
  type SlideOutcome,
  type SlideReport,
  type SlideRun,
  type SlideRunOptions,
  type SlideWork,
} from './run-slides.ts';
export { listSlides, type Shard, type SlideEntry, shardOf } from './slide-list.ts';
export { STAIN_METHODS, type StainMethod } from './stain-choice.ts';
export { maskChoice, type TileSlidesOptions, type TissueOfSlides, tileSlides } from './tile-slides.ts';
