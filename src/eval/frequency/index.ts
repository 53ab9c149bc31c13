/** Which spatial frequencies backbones keep, and why. */

export {
  type AlterPatch,
  type BandAblation,
  type BandAblationOptions,
  type BandEffect,
  bandNoiseAblation,
  formatBandAblation,
} from './band-ablation.ts';
export { addNoise, type Band, bandNoise, type NoisyPatch, octaveBands } from './band-noise.ts';
export { type BlockSpectra, blockSpectra, formatBlockSpectra } from './block-spectra.ts';
export { type Discretisation, discreteResponse, type InputRule, responseCurve } from './discrete-response.ts';
export {
  channelResponse,
  type EffectivePoles,
  effectivePoles,
  frozenStep,
  type StateSpaceLayer,
  type StoredArray,
  stateSpaceLayers,
} from './effective-poles.ts';
export { type ContrastRow, contrastPoles, formatPoleContrast, type PoleContrast } from './pole-contrast.ts';
export {
  formatPoleSurvey,
  formatVariation,
  type PoleLayer,
  type PoleSurvey,
  type Spread,
  surveyPoles,
  type VariationRow,
  variationRows,
} from './pole-survey.ts';
export { type RadialPower, type Spectrum, SpectrumSum } from './spectrum.ts';
export { type ClassTokenPlace, tokenGrid } from './token-grid.ts';
export {
  type Complex,
  type DiagonalSystem,
  poleVariations,
  type Side,
  totalVariation,
  transferFunction,
  variationBound,
} from './transfer-function.ts';
