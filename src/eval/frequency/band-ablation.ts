import { UsageError } from '../../errors.ts';
import { cell, numberColumns, type ProtocolCard, type ResultTable } from '../results/index.ts';
import { addNoise, type Band, bandNoise } from './band-noise.ts';

/** Gives the picture to embed in place of patch `index`; the identity in the baseline. */
export type AlterPatch = (rgb: Uint8Array, index: number) => Uint8Array;

export interface BandAblationOptions {
  /** Pixels per side of the patches. */
  readonly side: number;
  readonly bands: readonly Band[];
  /** Root mean square of the noise in grey levels (of 255), the same for every band. */
  readonly rms: number;
  readonly seed: number;
  /** Name of the score, for tables, e.g. `PCC`. */
  readonly metric: string;
  /** Level-0 um per pixel of the patches, to name bands in cycles per um; optional. */
  readonly mpp?: number;
  readonly signal?: AbortSignal;
}

export interface BandEffect extends Band {
  /** The score with noise in this band; null where it is not defined. */
  readonly value: number | null;
  /** value - baseline. */
  readonly change: number | null;
  /** 100 * change / |baseline|; null for a baseline of 0. */
  readonly changePercent: number | null;
  /** Share of pixel values that were cut at 0 or 255. */
  readonly clippedShare: number;
}

/** Plain JSON. */
export interface BandAblation {
  readonly card: ProtocolCard;
  readonly metric: string;
  readonly baseline: number | null;
  readonly bands: readonly BandEffect[];
  readonly mpp: number | null;
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * Measures a score with clean patches and then with noise of equal strength in one band of frequencies after the
 * other: a band whose noise costs more is one the model relies on.
 *
 * Patch `index` gets the same noise whatever the order or the batches; another patch or band gets other noise.
 *
 * @param measure embeds all patches through `alter` and returns the score, e.g. the mean PCC of a ridge probe whose
 *   training patches stay clean or are altered too; which of the two must stand in the caller's report.
 * @throws UsageError for no band or noise of 0 or below; what `measure` throws.
 */
export async function bandNoiseAblation(
  measure: (alter: AlterPatch, band: Band | undefined) => number | Promise<number>,
  options: BandAblationOptions,
): Promise<BandAblation> {
  const { side, bands, rms, seed, metric, mpp, signal } = options;
  if (bands.length === 0 || !(rms > 0)) {
    throw new UsageError('band ablation', {
      need: 'at least one band and noise above 0',
      found: `${bands.length} bands, noise ${rms}`,
    });
  }
  for (const band of bands) bandNoise({ side, rms, seed }, band);
  const baseline = known(await measure((rgb) => rgb, undefined));
  const effects: BandEffect[] = [];
  const patches = new Set<number>();
  for (const band of bands) {
    signal?.throwIfAborted();
    let [clipped, values] = [0, 0];
    const alter: AlterPatch = (rgb, index) => {
      patches.add(index);
      const noise = bandNoise({ side, rms, seed: `${seed}/${band.low}-${band.high}/${index}` }, band);
      const noisy = addNoise(rgb, noise);
      clipped += noisy.clipped;
      values += rgb.length;
      return noisy.rgb;
    };
    const value = known(await measure(alter, band));
    const change = value === null || baseline === null ? null : value - baseline;
    const changePercent = change === null || baseline === 0 ? null : (100 * change) / Math.abs(baseline!);
    effects.push({
      ...band,
      value,
      change,
      changePercent,
      clippedShare: values === 0 ? 0 : clipped / values,
    });
  }
  return {
    card: cardOf(options, effects, baseline, patches.size),
    metric,
    baseline,
    bands: effects,
    mpp: mpp ?? null,
  };
}

function cardOf(
  { side, rms, seed, metric, mpp }: BandAblationOptions,
  effects: readonly BandEffect[],
  baseline: number | null,
  patches: number,
): ProtocolCard {
  const undefinedValues = effects
    .filter((effect) => effect.value === null)
    .map(({ low, high }) => `${metric} with noise of ${low} to ${high} cycles per pixel is not defined`);
  if (baseline === null) undefinedValues.unshift(`${metric} of the clean patches is not defined: no changes`);
  if (baseline === 0) undefinedValues.unshift(`${metric} of the clean patches is 0: no relative changes`);
  if (patches === 0) undefinedValues.unshift('the measurement altered no patch');
  return {
    task: 'band-limited noise on patches',
    steps: [
      `${metric} of clean patches`,
      `Gaussian noise with all but one band of frequencies removed, ${rms} grey levels root mean square, added and rounded`,
      `${metric} with noise in each band alone`,
    ],
    settings: { side, rms, metric, mpp: mpp ?? null },
    counts: { patches, bands: effects.length },
    seeds: { noise: seed },
    tieRules: [],
    undefinedValues,
  };
}

/** One row per band. */
export function formatBandAblation({ metric, baseline, bands, mpp }: BandAblation): ResultTable {
  const unit = mpp === null ? 'cycles/px' : 'cycles/um';
  const scale = mpp === null ? 1 : 1 / mpp;
  const edge = (f: number) => (f * scale).toPrecision(3);
  return {
    columns: numberColumns(`noise (${unit})`, metric, 'change', 'change %', 'clipped %'),
    rows: [
      ['none', cell(baseline, 4), '', '', ''],
      ...bands.map(({ low, high, value, change, changePercent, clippedShare }) => [
        `${edge(low)} to ${edge(high)}`,
        cell(value, 4),
        cell(change, 4),
        cell(changePercent, 1),
        cell(100 * clippedShare, 2),
      ]),
    ],
  };
}
