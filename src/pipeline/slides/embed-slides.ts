/** Whole slides to feature vectors: tissue, patches, embedding, for many slides and many processes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenBackbone, openBackbone } from '../../backbones/index.ts';
import { embedSource } from '../../embedding/index.ts';
import {
  type OpenSlideOptions,
  openSlide,
  type PlanOptions,
  planTiles,
  type Region,
  readCoords,
  type SlideReader,
  type TileGrid,
  type WholeSlide,
} from '../../slide/index.ts';
import type { EncoderSettings } from '../embed-sections.ts';
import { findCoords } from './find-coords.ts';
import { runSlides, type SlideRun, type SlideRunOptions, type SlideWorkResult } from './run-slides.ts';
import type { SlideEntry } from './slide-list.ts';
import { slidePatches } from './slide-patches.ts';
import { slideStamp } from './slide-state.ts';
import {
  checkStain,
  type StainMethod,
  type StainTarget,
  stainTarget,
  stainTransform,
} from './stain-choice.ts';
import { type TissueOfSlides, tissueOf } from './tile-slides.ts';

/** Choices about patches; their size comes from the encoder's settings. */
export interface SlidePatchOptions
  extends Pick<
    PlanOptions,
    | 'rule'
    | 'grid'
    | 'edges'
    | 'minTissueShare'
    | 'maxInkShare'
    | 'minFocus'
    | 'drop'
    | 'overlapPx'
    | 'overlapUm'
  > {
  readonly tissue?: TissueOfSlides;
  /** Folder of existing coordinates, which then decide on places and size on the slide. */
  readonly coords?: string;
  readonly stain?: StainMethod;
  /** Picture or slide whose stain is the target; see `DEFAULT_TARGETS`. */
  readonly stainTarget?: string;
  /** Micrometres per level-0 pixel of all slides. */
  readonly mpp?: number;
  readonly reader?: SlideReader;
  /** Only patches whose centre lies in this rectangle (level-0 pixels). */
  readonly region?: Region;
}

/** Options of {@link embedSlides}. */
export interface EmbedSlidesOptions {
  readonly patches?: SlidePatchOptions;
  readonly run?: SlideRunOptions;
  /** Called once the encoder is open, before any work; may refuse it by throwing. */
  readonly check?: (encoder: Pick<OpenBackbone, 'name' | 'options' | 'weights'>) => void;
  /** Called after every batch. */
  readonly onProgress?: (id: string, done: number, total: number) => void;
}

/** An embedding run over slides. */
export interface EmbedSlidesRun extends SlideRun {
  readonly encoder: Pick<OpenBackbone, 'name' | 'options' | 'weights'>;
}

/** Where the patches of one slide lie, and why. */
interface Places {
  readonly grid: TileGrid;
  readonly stepPx?: number;
  readonly origin: string;
  readonly reason?: string;
}

function openOptions(entry: SlideEntry, { mpp, reader }: SlidePatchOptions): OpenSlideOptions {
  const stated = mpp ?? entry.mpp;
  return { ...(stated === undefined ? {} : { mpp: stated }), ...(reader === undefined ? {} : { reader }) };
}

async function placesOf(
  slide: WholeSlide,
  entry: SlideEntry,
  encoder: EncoderSettings,
  options: SlidePatchOptions,
  check: () => void,
): Promise<Places> {
  const { sizePx, patchUm } = encoder;
  const { region } = options;
  if (options.coords !== undefined) {
    const path = await findCoords(options.coords, entry.id);
    const { corners, sidePx, layout } = await readCoords(path);
    const grid = patchesIn({ corners, sidePx, sizePx }, region);
    const none = grid.corners.length > 0 ? {} : { reason: whyNoPatch(corners, `${path} lists no patch`) };
    return { grid, origin: `${layout} coordinates`, ...none };
  }
  const {
    tissue,
    coords: _coords,
    stain: _stain,
    stainTarget: _target,
    mpp: _mpp,
    reader: _reader,
    region: _region,
    ...plan
  } = options;
  const chosen = tissueOf(entry, tissue);
  const found = await planTiles(slide, {
    ...plan,
    patchUm,
    patchPx: sizePx,
    ...(chosen === undefined ? {} : { tissue: chosen }),
    onProgress: check,
  });
  const { corners, size, reason } = found;
  const { sidePx, stepPx } = size;
  const grid = patchesIn({ corners, sidePx, sizePx }, region);
  const none = grid.corners.length > 0 ? {} : { reason: whyNoPatch(corners, reason) };
  return { grid, stepPx, origin: found.tissue.origin, ...none };
}

/** The patches whose centre lies in the region: its left and upper border belong to it. */
function patchesIn(grid: TileGrid, region: Region | undefined): TileGrid {
  if (region === undefined) return grid;
  const { corners, sidePx } = grid;
  const kept: number[] = [];
  for (let i = 0; i < corners.length; i += 2) {
    const [x, y] = [corners[i]!, corners[i + 1]!];
    const [dx, dy] = [x + sidePx / 2 - region.x, y + sidePx / 2 - region.y];
    if (dx >= 0 && dy >= 0 && dx < region.width && dy < region.height) kept.push(x, y);
  }
  return { ...grid, corners: Float64Array.from(kept) };
}

/** Why nothing is left: no patch on the whole slide, or none in the region. */
function whyNoPatch(onSlide: Float64Array, reason = 'no patch'): string {
  if (onSlide.length === 0) return reason;
  return `none of the ${onSlide.length / 2} patches on tissue has its centre in the region`;
}

/** One slide: opened for tissue and stain, then read patch by patch in a thread of its own. */
async function embedOne(
  entry: SlideEntry,
  folder: string,
  encoder: OpenBackbone & { readonly settings: EncoderSettings; readonly target?: StainTarget },
  { patches = {}, run = {}, onProgress }: EmbedSlidesOptions,
  check: () => void,
): Promise<SlideWorkResult> {
  const open = openOptions(entry, patches);
  const slide = await openSlide(entry.path, open);
  const { settings, target } = encoder;
  let source: Awaited<ReturnType<typeof slidePatches>>;
  try {
    const { reason, ...places } = await placesOf(slide, entry, settings, patches, check);
    if (reason !== undefined) return { patches: 0, reason };
    const stain = target === undefined ? undefined : await stainTransform(slide, places.grid, target);
    const { mpp } = slide;
    const place = { entry, open, mpp, ...places };
    source = await slidePatches(stain === undefined ? place : { ...place, stain });
  } finally {
    await slide.close();
  }
  const { sizePx, batch, features } = settings;
  const { rows, resumedRows } = await embedSource(encoder.backbone, source, folder, {
    sizePx,
    batch,
    features,
    weights: encoder.weights,
    overwrite: run.overwrite ?? false,
    onProgress: (done, total) => {
      check();
      onProgress?.(entry.id, done, total);
    },
  });
  return { patches: rows, resumed: resumedRows };
}

/** What results depend on besides the slide. */
async function settingsOf(
  { name, options, weights }: OpenBackbone,
  settings: EncoderSettings,
  patches: SlidePatchOptions,
): Promise<Record<string, string>> {
  const { features, patchUm, sizePx, batch } = settings;
  const { stainTarget: target, ...choices } = patches;
  return {
    backbone: name,
    backboneOptions: JSON.stringify(options),
    weights,
    features,
    batch: String(batch),
    sizePx: String(sizePx),
    ...(patches.coords === undefined ? { patchUm: String(patchUm) } : {}),
    patches: JSON.stringify(choices),
    ...(target === undefined ? {} : { stainTarget: await slideStamp(target) }),
  };
}

/**
 * Embeds the tissue of every slide into `<folder>/<id>.h5` (see `writeEmbeddings`). A slide without tissue is reported
 * as empty and leaves no file. See `runSlides` for states, locks and the report; an interrupted slide goes on where it
 * stopped.
 *
 * @throws what opening the encoder and the stain target throws; the signal's reason if it is aborted.
 */
export async function embedSlides(
  entries: readonly SlideEntry[],
  folder: string,
  settings: EncoderSettings,
  options: EmbedSlidesOptions = {},
): Promise<EmbedSlidesRun> {
  const { patches = {} } = options;
  checkStain(patches.stain, patches.stainTarget);
  const target =
    patches.stain === undefined ? undefined : await stainTarget(patches.stain, patches.stainTarget);
  const encoder = await openBackbone(settings);
  try {
    options.check?.(encoder);
    const ready = { ...encoder, settings, ...(target === undefined ? {} : { target }) };
    const work = {
      settings: await settingsOf(encoder, settings, patches),
      isComplete: ({ id }: SlideEntry) => existsSync(join(folder, `${id}.h5`)),
      process: (entry: SlideEntry, check: () => void) => embedOne(entry, folder, ready, options, check),
    };
    const run = await runSlides(entries, folder, work, options.run);
    const { name, options: made, weights } = encoder;
    return { ...run, encoder: { name, options: made, weights } };
  } finally {
    encoder.backbone.dispose();
  }
}
