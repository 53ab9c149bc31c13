/** Writes generated whole-slide images of any size: pieces of tissue on glass, as a pyramidal TIFF. */
import { UsageError } from '../errors.ts';
import type { SlideLevel } from '../slide/pyramid-source.ts';
import { type PyramidSpec, writePyramid } from '../slide/tiff/write-pyramid.ts';
import { clamp01, type Field, ramp, valueNoise } from './smooth-noise.ts';
import { stainStyle, stainTissue } from './stain.ts';
import { planTissue } from './tissue-plan.ts';
import { drawTissue } from './tissue-raster.ts';

/** Side of the drawn sheet that the tissue is cut from: a third of the slide between these limits. */
const SHEET_PX = { min: 512, max: 1536 } as const;
/** Cover and shade are worked out on a grid of this spacing and interpolated. */
const GRID_PX = 32;

/** Options of {@link writeSyntheticSlide}. */
export interface SyntheticSlideOptions
  extends Pick<PyramidSpec, 'compression' | 'quality' | 'tilePx' | 'bigTiff' | 'onProgress' | 'signal'> {
  /** Same seed and options, same pixels. */
  readonly seed: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Micrometres per pixel; default 0.5. */
  readonly mpp?: number;
  /** ImageDescription; by default a description as Aperio scanners write it, with MPP and AppMag. */
  readonly description?: string;
}

/** What was written. */
export interface SyntheticSlide {
  readonly levels: readonly SlideLevel[];
  /** Level-0 pixels that are at least half covered by tissue, as a share of all. */
  readonly tissueShare: number;
}

/**
 * Writes a slide of smooth pieces of tissue (about 40 % of the area, none at the border) on glass. Memory
 * does not depend on the height: two rows of tiles and one sheet of at most {@link SHEET_PX} pixels.
 *
 * The tissue is one drawn sheet, mirrored without seams and shaded over hundreds of pixels; it looks like
 * H&E but repeats, so it is for tests of reading, segmentation and load, not for training.
 *
 * @throws UsageError if a size is out of range.
 */
export async function writeSyntheticSlide(
  path: string,
  options: SyntheticSlideOptions,
): Promise<SyntheticSlide> {
  const { seed, widthPx, heightPx, mpp = 0.5 } = options;
  if (!Number.isSafeInteger(seed) || !(mpp >= 0.1 && mpp <= 5) || widthPx < 64 || heightPx < 64) {
    throw new UsageError('writeSyntheticSlide', {
      need: 'a whole seed, sides of at least 64 pixels and mpp from 0.1 to 5',
      found: `seed ${seed}, ${widthPx} x ${heightPx}, mpp ${mpp}`,
    });
  }
  const sheetPx = Math.min(SHEET_PX.max, Math.max(SHEET_PX.min, Math.round(Math.max(widthPx, heightPx) / 3)));
  const sheet = await drawSheet(seed, mpp, sheetPx);
  const cover = coverField(seed, widthPx, heightPx);
  const shade = valueNoise(seed ^ 0x51ed, 700);
  let covered = 0;
  const levels = await writePyramid(path, {
    ...options,
    mpp,
    description: options.description ?? aperioDescription(widthPx, heightPx, mpp),
    readRows: (y, rows) => {
      const { pixels, coveredPx } = paintRows(sheet, { cover, shade }, { y, rows, widthPx });
      covered += coveredPx;
      return pixels;
    },
  });
  return { levels, tissueShare: covered / (widthPx * heightPx) };
}

function aperioDescription(widthPx: number, heightPx: number, mpp: number): string {
  const power = mpp <= 0.35 ? 40 : 20;
  return (
    `Aperio Image Library (generated)\r\n${widthPx}x${heightPx} (256x256) JPEG/RGB Q=85` +
    `|AppMag = ${power}|MPP = ${Number(mpp.toFixed(4))}`
  );
}

interface Sheet {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly sidePx: number;
  readonly glass: readonly [number, number, number];
}

/** The middle of a drawn section, where there is nothing but tissue. */
async function drawSheet(seed: number, mpp: number, sheetPx: number): Promise<Sheet> {
  const spots = Math.max(20, Math.ceil(((1.9 * sheetPx * mpp) / 130) ** 2));
  const plan = planTissue(`${seed}/slide`, spots);
  const raster = drawTissue(plan, mpp);
  const style = stainStyle(`${seed}/slide`);
  const whole = await stainTissue(raster, style, plan.seed);
  const sidePx = Math.min(sheetPx, raster.widthPx, raster.heightPx);
  const left = (raster.widthPx - sidePx) >> 1;
  const top = (raster.heightPx - sidePx) >> 1;
  const pixels = whole.subarray(3 * (top * raster.widthPx + left));
  return { pixels, widthPx: raster.widthPx, sidePx, glass: style.glass };
}

/** 1 inside the pieces of tissue, 0 on glass. */
function coverField(seed: number, widthPx: number, heightPx: number): Field {
  const size = Math.max(widthPx, heightPx);
  const blobs = valueNoise(seed ^ 0x2c1b, size / 3.3);
  const detail = valueNoise(seed ^ 0x77a1, size / 14);
  return (x, y) => {
    const u = (2 * x) / widthPx - 1;
    const v = (2 * y) / heightPx - 1;
    const border = Math.max(Math.abs(u), Math.abs(v)) ** 6;
    const level = blobs(x, y) + 0.22 * (detail(x, y) - 0.5) - 0.55 * border;
    return ramp(level, 0.5, 0.5 + 60 / size);
  };
}

/** Rows of the slide: the sheet where there is tissue, glass elsewhere. */
function paintRows(
  sheet: Sheet,
  fields: { cover: Field; shade: Field },
  { y, rows, widthPx }: { y: number; rows: number; widthPx: number },
): { pixels: Uint8Array; coveredPx: number } {
  const pixels = new Uint8Array(3 * widthPx * rows);
  const cells = Math.ceil(widthPx / GRID_PX) + 1;
  let coveredPx = 0;
  for (let row = 0; row < rows; row++) {
    const grid = gridRow(fields, y + row, cells);
    const from = 3 * mirror(y + row, sheet.sidePx) * sheet.widthPx;
    for (let x = 0, to = 3 * row * widthPx; x < widthPx; x++, to += 3) {
      const cell = Math.floor(x / GRID_PX);
      const t = (x - cell * GRID_PX) / GRID_PX;
      const cover = grid.cover[cell]! * (1 - t) + grid.cover[cell + 1]! * t;
      const shade = grid.shade[cell]! * (1 - t) + grid.shade[cell + 1]! * t;
      const at = from + 3 * mirror(x, sheet.sidePx);
      if (cover >= 0.5) coveredPx++;
      for (let c = 0; c < 3; c++) {
        const glass = sheet.glass[c]!;
        pixels[to + c] = glass + cover * (sheet.pixels[at + c]! * shade - glass);
      }
    }
  }
  return { pixels, coveredPx };
}

function gridRow({ cover, shade }: { cover: Field; shade: Field }, y: number, cells: number) {
  const at = (field: Field, low: number, high: number) =>
    Float64Array.from({ length: cells + 1 }, (_, i) => low + (high - low) * clamp01(field(i * GRID_PX, y)));
  return { cover: at(cover, 0, 1), shade: at(shade, 0.9, 1.04) };
}

/** Runs to and fro between 0 and side - 1. */
function mirror(i: number, side: number): number {
  const period = 2 * side;
  const within = i % period;
  return within < side ? within : period - 1 - within;
}
