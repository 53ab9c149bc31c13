/** What spectra of blocks say in one number, and how two backbones differ in it. */
import { Rng } from '../core/rng.ts';
import { meanDefined } from '../eval/index.ts';
import { difference, type Resampled } from './resamples.ts';
import { HIGH_FROM, type SpectraResult } from './spectra-stage.ts';

/** Spectra of a backbone over all seeds. */
export interface MeanSpectra {
  readonly frequency: readonly number[];
  readonly mixers: readonly string[];
  /** Mean over sections and seeds, [block][frequency]. */
  readonly blocks: readonly (readonly number[])[];
  /** Mean of each block over high frequencies. */
  readonly high: readonly number[];
}

/** Places of the high frequencies. */
function highPlaces(frequency: readonly number[]): number[] {
  return frequency.flatMap((f, i) => (f >= HIGH_FROM ? [i] : []));
}

/** Means over sections and seeds. */
export function meanSpectra(all: readonly SpectraResult[]): MeanSpectra {
  const { frequency, mixers } = all[0]!;
  const blocks = mixers.map((_, b) =>
    frequency.map((__, f) =>
      meanDefined(all.flatMap(({ curves }) => curves.map((curve) => curve.blocks[b]![f]!))),
    ),
  );
  const places = highPlaces(frequency);
  const high = blocks.map((curve) => meanDefined(places.map((f) => curve[f]!)));
  return { frequency, mixers, blocks, high };
}

/** Relative depths of a backbone's state-space blocks end here, 0 to 1. */
function stateSpaceShare(mixers: readonly string[]): number {
  return mixers.filter((mixer) => mixer !== 'attention').length / mixers.length;
}

/** Mean high-frequency amplitude of some blocks with seeds and sections drawn again. */
function resampledHigh(
  all: readonly SpectraResult[],
  blocks: (mixers: readonly string[]) => readonly number[],
  resamples: number,
): Resampled {
  const { frequency, mixers } = all[0]!;
  const [places, chosen] = [highPlaces(frequency), blocks(mixers)];
  const values = all.map(({ curves }) =>
    curves.map((curve) => meanDefined(chosen.flatMap((b) => places.map((f) => curve.blocks[b]![f]!)))),
  );
  const rng = new Rng('reproduction/spectra');
  const draw = (count: number) => Array.from({ length: count }, () => rng.integer(0, count - 1));
  const drawn = Float64Array.from({ length: resamples }, () => {
    const [seeds, sections] = [draw(values.length), draw(values[0]!.length)];
    return meanDefined(seeds.map((s) => meanDefined(sections.map((c) => values[s]![c]!))));
  });
  return { value: meanDefined(values.map((own) => meanDefined(own))), resamples: drawn };
}

/**
 * High-frequency amplitude of a rival's blocks less that of the own state-space blocks: the rival's first blocks, as far
 * in relative depth as the own state-space blocks reach.
 */
export function highDifference(
  own: readonly SpectraResult[],
  rival: readonly SpectraResult[],
  resamples: number,
): Resampled {
  const share = stateSpaceShare(own[0]!.mixers);
  const stateSpace = (mixers: readonly string[]) =>
    mixers.flatMap((mixer, i) => (mixer === 'attention' ? [] : [i]));
  const sameDepth = (mixers: readonly string[]) =>
    mixers.flatMap((_, i) => (i < Math.max(1, Math.round(share * mixers.length)) ? [i] : []));
  return difference(resampledHigh(rival, sameDepth, resamples), resampledHigh(own, stateSpace, resamples));
}
