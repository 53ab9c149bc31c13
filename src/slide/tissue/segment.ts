/** Tissue against glass by saturation, as CLAM does it. */
import type { Picture } from '../pixels.ts';
import { levelFor, type WholeSlide } from '../whole-slide.ts';
import { contourArea, findParts, type Part, scaleContour } from './contours.ts';
import { type TissuePreset, type TissueSettings, tissueSettings } from './presets.ts';
import { above, closeMask, medianBlur, otsuThreshold, type Raster } from './raster.ts';
import { saturation } from './saturation.ts';

/** The level that is segmented is the smallest one up to this downsample. */
const SEGMENT_DOWNSAMPLE = 64;
/** Larger pictures are shrunk before they are segmented. */
const MAX_PICTURE_PIXELS = 2 ** 26;

/** Mask of a picture and what it consists of, in pixels of the picture. */
export interface MaskedPicture {
  readonly threshold: number;
  /** After the median filter. */
  readonly blurred: Raster;
  /** After threshold and closing, before the area filter; 0 and 1. */
  readonly mask: Raster;
  readonly parts: readonly Part[];
}

/** Where tissue lies on a slide, in level-0 pixels. */
export interface Tissue {
  readonly parts: readonly Part[];
  /**
   * Level-0 pixels from a listed point to the place it stands for: half a pixel of the mask where outlines
   * come from a mask (a point stands for a whole pixel of it), 0 where they were drawn.
   */
  readonly offsetX: number;
  readonly offsetY: number;
  /** How it was found, in words for a report. */
  readonly origin: string;
  /** Why there is none; absent where there is tissue. */
  readonly reason?: string;
}

/** Outcome of {@link segmentTissue}. */
export interface SegmentedTissue extends Tissue {
  /** The picture that was segmented, and its level-0 pixels per pixel. */
  readonly picture: Picture;
  readonly scaleX: number;
  readonly scaleY: number;
  readonly settings: TissueSettings;
  readonly threshold: number;
}

/** Options of {@link segmentTissue}. */
export interface SegmentOptions {
  /** Default `biopsy`. */
  readonly preset?: TissuePreset;
  /** Single settings that replace those of the preset. */
  readonly settings?: Partial<TissueSettings>;
  /** Level to segment; by default the smallest one with a downsample of at most 64. */
  readonly level?: number;
}

/**
 * Segments one picture: saturation, median filter, threshold, closing, borders, area filter.
 *
 * @param scale level-0 pixels per pixel of the picture, which turns reference patches into areas.
 * @source Lu et al. 2021 (CLAM).
 */
export function segmentPicture(
  { pixels, widthPx: width, heightPx: height }: Picture,
  scale: { x: number; y: number },
  settings: TissueSettings,
): MaskedPicture {
  const blurred = medianBlur({ data: saturation(pixels), width, height }, settings.medianPx);
  const threshold = settings.otsu ? otsuThreshold(blurred) : settings.saturation;
  const mask = closeMask(above(blurred, threshold), settings.closePx);
  const patchArea = Math.trunc(settings.refPatchPx ** 2 / (scale.x * scale.y));
  return { threshold, blurred, mask, parts: filterParts(findParts(mask), patchArea, settings) };
}

/** Parts that are large enough without their holes, with the largest of their large holes. */
function filterParts(parts: readonly Part[], patchArea: number, settings: TissueSettings): Part[] {
  const kept: Part[] = [];
  for (const { outline, holes } of parts) {
    const sized = holes.map((hole) => ({ hole, area: contourArea(hole) }));
    const area = contourArea(outline) - sized.reduce((sum, hole) => sum + hole.area, 0);
    if (area === 0 || !(area > settings.minTissuePatches * patchArea)) continue;
    const largest = sized
      .sort((a, b) => b.area - a.area)
      .slice(0, settings.maxHoles)
      .filter((hole) => hole.area > settings.minHolePatches * patchArea);
    kept.push({ outline, holes: largest.map(({ hole }) => hole) });
  }
  return kept;
}

/**
 * Finds the tissue of a slide. Finding none is no error: `parts` is empty and `reason` says why.
 *
 * @throws UsageError for an unknown preset, setting or level; DataError if the level cannot be read.
 */
export async function segmentTissue(
  slide: WholeSlide,
  options: SegmentOptions = {},
): Promise<SegmentedTissue> {
  const settings = tissueSettings(options.preset, options.settings);
  const level = options.level ?? levelFor(slide.levels, SEGMENT_DOWNSAMPLE);
  const picture = await readForMask(slide, level);
  const scale = { x: slide.widthPx / picture.widthPx, y: slide.heightPx / picture.heightPx };
  const { parts, threshold, mask, blurred } = segmentPicture(picture, scale, settings);
  const scaled = parts.map(({ outline, holes }) => ({
    outline: scaleContour(outline, scale.x, scale.y),
    holes: holes.map((hole) => scaleContour(hole, scale.x, scale.y)),
  }));
  const how = settings.otsu ? 'Otsu' : options.preset === undefined ? 'biopsy' : options.preset;
  return {
    parts: scaled,
    origin: `saturation threshold ${threshold} (${how}), level ${level}`,
    ...(scaled.length === 0 ? { reason: whyNone(mask, blurred, threshold) } : {}),
    offsetX: scale.x / 2,
    offsetY: scale.y / 2,
    picture,
    scaleX: scale.x,
    scaleY: scale.y,
    settings,
    threshold,
  };
}

/** The whole level, or a shrunk copy of it where it is too large to hold with all its masks. */
async function readForMask(slide: WholeSlide, level: number): Promise<Picture> {
  const { widthPx: width, heightPx: height } = slide;
  const region = { x: 0, y: 0, width, height };
  const { widthPx, heightPx } = slide.levels[level] ?? { widthPx: 0, heightPx: 0 };
  const shrink = Math.sqrt((widthPx * heightPx) / MAX_PICTURE_PIXELS);
  if (!(shrink > 1)) {
    const whole = { x: 0, y: 0, width: widthPx, height: heightPx };
    return { pixels: await slide.readLevel(level, whole), widthPx, heightPx };
  }
  return slide.readScaled(region, {
    widthPx: Math.floor(widthPx / shrink),
    heightPx: Math.max(1, Math.floor(heightPx / shrink)),
  });
}

function whyNone(mask: Raster, blurred: Raster, threshold: number): string {
  let above = 0;
  for (const value of mask.data) above += value;
  let highest = 0;
  for (const value of blurred.data) highest = Math.max(highest, value);
  if (above === 0) {
    return `no pixel has a saturation above ${threshold} (the highest is ${highest}); lower the threshold or use Otsu`;
  }
  const percent = ((100 * above) / mask.data.length).toFixed(1);
  return `${percent} % of the picture is coloured, but no piece is large enough; lower minTissuePatches`;
}
