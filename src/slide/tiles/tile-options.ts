/** What can be chosen when a slide is cut into patches. */
import { UsageError } from '../../errors.ts';
import type { OpenSlideOptions } from '../open-slide.ts';
import type { SegmentOptions } from '../tissue/segment.ts';
import { COORDS_LAYOUTS, type CoordsLayout } from './coords-file.ts';
import { KEEP_RULES, type KeepRule } from './grid.ts';
import type { PatchSizeOptions } from './patch-size.ts';

/** Where tissue is: found by threshold, drawn in QuPath (GeoJSON), a mask picture, or the whole slide. */
export type TissueChoice =
  | ({ readonly from: 'segmentation' } & SegmentOptions)
  | { readonly from: 'geojson'; readonly path: string; readonly classes?: readonly string[] }
  | { readonly from: 'mask'; readonly path: string }
  | { readonly from: 'whole slide' };

/** Kinds of patches that can be left out. */
export const DROPPABLE = ['ink', 'blurred'] as const;

/** Choices that need no file. */
export interface PlanOptions extends PatchSizeOptions {
  /** Default: segmentation with the preset `biopsy`. */
  readonly tissue?: TissueChoice;
  /** Which patches belong to tissue; default `four_pt`, as CLAM's presets have it. */
  readonly rule?: KeepRule;
  /** Default `part`: a grid of its own for each piece, as CLAM has it. `slide`: one grid, no place twice. */
  readonly grid?: 'part' | 'slide';
  /** Default `pad`: patches may reach over the right and lower border, where they are white. */
  readonly edges?: 'pad' | 'inside';
  /** Least share of tissue in a patch, 0 to 1, on top of the rule; default 0. HEST uses 0.15. */
  readonly minTissueShare?: number;
  /** Share of ink above which a patch is flagged, 0 to 1; default 0.2. */
  readonly maxInkShare?: number;
  /** Variance of the Laplacian below which a patch is flagged as blurred. By default focus is not measured,
   * for it reads every patch; 20 suits patches of 0.5 um per pixel. */
  readonly minFocus?: number;
  /** Flagged patches to leave out; by default they stay and are only flagged. */
  readonly drop?: readonly (typeof DROPPABLE)[number][];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TileProgress) => void;
}

/** Where the work stands. */
export interface TileProgress {
  readonly step: 'tissue' | 'grid' | 'focus' | 'files';
  readonly done: number;
  readonly total: number;
}

/** Choices of `tileSlide`. */
export interface TileOptions extends PlanOptions, OpenSlideOptions {
  /** Folder of the results; made if it is not there. */
  readonly outFolder: string;
  /** Layout of the coordinates; default `clam`. */
  readonly layout?: CoordsLayout;
  /** Write `<name>.geojson` for QuPath; default false. */
  readonly geojson?: boolean;
  /** Write `<name>.png`, which shows what was kept; default true. */
  readonly overlay?: boolean;
}

/** @throws UsageError for values that do not exist or contradict each other. */
export function checkPlanOptions(options: PlanOptions): void {
  const { rule, grid, edges, minTissueShare = 0, maxInkShare = 0.2, minFocus, drop = [] } = options;
  oneOf('rule', rule, KEEP_RULES);
  oneOf('grid', grid, ['part', 'slide']);
  oneOf('edges', edges, ['pad', 'inside']);
  for (const kind of drop) oneOf('drop', kind, DROPPABLE);
  const share = (value: number) => value >= 0 && value <= 1;
  if (!share(minTissueShare) || !share(maxInkShare) || !(minFocus === undefined || minFocus >= 0)) {
    throw new UsageError('tileSlide', {
      need: 'minTissueShare and maxInkShare from 0 to 1, minFocus not negative',
      found: `${minTissueShare}, ${maxInkShare}, ${minFocus}`,
    });
  }
  if (drop.includes('blurred') && minFocus === undefined) {
    throw new UsageError('tileSlide', {
      need: 'minFocus where blurred patches are to be dropped',
      found: 'none',
      next: 'set minFocus, for example 20',
    });
  }
}

/** @throws UsageError for an unknown layout. */
export function checkTileOptions(options: TileOptions): void {
  checkPlanOptions(options);
  oneOf('layout', options.layout, COORDS_LAYOUTS);
}

function oneOf(name: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new UsageError('tileSlide', { need: `${name} as one of ${known.join(', ')}`, found: value });
}
