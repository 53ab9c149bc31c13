/** Squares of a slide at the places that CLAM or TRIDENT chose. */
import { pathToFileURL } from 'node:url';
import { DataError, UsageError } from '../../errors.ts';
import { openSlide, type SlideImage } from '../../slide/index.ts';
import { type Hdf5File, withHdf5 } from '../../spatial/hdf5/hdf5-file.ts';
import { resizeBox } from '../pixels/resize.ts';
import { packImage } from '../pixels/rgb-image.ts';
import { Scratch } from '../pixels/scratch.ts';
import { HandlePool } from './handle-pool.ts';
import type { PatchSet, SlideListing, SlideOpener } from './patch-set.ts';

const OPERATION = 'listSlideSquares';

export interface SlideSquaresOptions {
  /** HDF5 file with `coords`, by CLAM or TRIDENT. */
  readonly coordsPath: string;
  readonly slidePath: string;
  /** Side of the patches after resizing; default: what the file was made for. */
  readonly sizePx?: number;
  readonly opener?: SlideOpener;
}

/**
 * Lists the squares of a coordinate file.
 *
 * - TRIDENT: side in the slide from `patch_size_level0`; `level0_width` and `level0_height` are checked on reading.
 * - CLAM: `patch_size` times `downsample` of the level `patch_level`.
 *
 * @throws DataError when the file is absent or damaged, holds no `coords` (N, 2), or does not say how large squares are.
 */
export async function listSlideSquares(options: SlideSquaresOptions): Promise<SlideListing> {
  const { coordsPath, slidePath, opener } = options;
  const stored = await withHdf5(coordsPath, OPERATION, readCoords);
  const sizePx = options.sizePx ?? stored.patchPx;
  if (!(Number.isInteger(sizePx) && sizePx > 0)) {
    throw new UsageError(OPERATION, { need: 'sizePx as a positive integer', found: `${sizePx}` });
  }
  const { corners, sidePx, slideSize } = stored;
  const rest = opener === undefined ? {} : { opener };
  return { kind: 'slide', slidePath, corners, sidePx, sizePx, ...slideSize, ...rest };
}

interface StoredCoords {
  readonly corners: Int32Array;
  /** Side in level-0 pixels. */
  readonly sidePx: number;
  /** Side at the level the patches were meant to be read from. */
  readonly patchPx: number;
  readonly slideSize: { widthPx: number; heightPx: number } | undefined;
}

async function readCoords(file: Hdf5File): Promise<StoredCoords> {
  const { path } = file;
  const coords = await file.dataset('coords');
  if (coords.shape.length !== 2 || coords.shape[1] !== 2) {
    throw new DataError(OPERATION, { need: '"coords" (N, 2)', found: `(${coords.shape}) in ${path}` });
  }
  const corners = Int32Array.from(await file.numbers('coords'));
  const root = (await file.item(''))?.attributes ?? {};
  const attribute = (name: string) => numberOf(coords.attributes[name] ?? root[name]);
  const patchPx = attribute('patch_size');
  const sidePx = attribute('patch_size_level0') ?? clamSide(patchPx, attribute);
  if (patchPx === undefined || sidePx === undefined || !(patchPx > 0 && sidePx > 0)) {
    throw new DataError(OPERATION, {
      need: 'attributes patch_size and patch_size_level0, or patch_size, patch_level and downsample, on "coords"',
      found: `${Object.keys(coords.attributes).join(', ') || 'none'} in ${path}`,
      next: 'make the coordinates again with CLAM or TRIDENT',
    });
  }
  const [widthPx, heightPx] = [attribute('level0_width'), attribute('level0_height')];
  const known = widthPx !== undefined && heightPx !== undefined;
  return { corners, patchPx, sidePx, slideSize: known ? { widthPx, heightPx } : undefined };
}

/** CLAM's squares: `patch_size` pixels of level `patch_level`. */
function clamSide(
  patchPx: number | undefined,
  attribute: (name: string) => number | undefined,
): number | undefined {
  const downsample = attribute('downsample') ?? (attribute('patch_level') === 0 ? 1 : undefined);
  return patchPx === undefined || downsample === undefined ? undefined : Math.round(patchPx * downsample);
}

/** A number or the first of several (CLAM stores `downsample` for x and y). */
function numberOf(value: unknown): number | undefined {
  const first = ArrayBuffer.isView(value) || Array.isArray(value) ? (value as unknown[])[0] : value;
  return typeof first === 'number' || typeof first === 'bigint' ? Number(first) : undefined;
}

/** Open slides shared by all listings of one set. */
export type SlidePool = HandlePool<SlideImage>;

/** Slides kept open at once, per thread. */
const OPEN_SLIDES = 8;

/** A pool whose paths are those of {@link slideKey}. */
export function createSlidePool(): SlidePool {
  return new HandlePool<SlideImage>({
    limit: OPEN_SLIDES,
    open: async (key) => {
      const { slidePath, opener } = JSON.parse(key) as { slidePath: string; opener?: SlideOpener };
      return (await openerFunction(opener))(slidePath);
    },
    close: (slide) => slide.close(),
  });
}

function slideKey({ slidePath, opener }: SlideListing): string {
  return JSON.stringify({ slidePath, opener });
}

async function openerFunction(
  opener: SlideOpener | undefined,
): Promise<(path: string) => Promise<SlideImage>> {
  if (opener === undefined) return openSlide;
  const address = opener.module.startsWith('file:') ? opener.module : pathToFileURL(opener.module).href;
  const module = (await import(address)) as Record<string, unknown>;
  const open = module[opener.name];
  if (typeof open === 'function') return open as (path: string) => Promise<SlideImage>;
  throw new UsageError('open slide', {
    need: `a function "${opener.name}" exported by ${opener.module}`,
    found: `${typeof open}`,
  });
}

/** The squares of {@link listSlideSquares}, white outside the slide. */
export function openSlideSquares(listing: SlideListing, pool: SlidePool): PatchSet {
  const { corners, sidePx, sizePx, slidePath } = listing;
  const key = slideKey(listing);
  const scratch = new Scratch();
  return {
    count: corners.length / 2,
    id: (index) => `${slidePath}(${corners[2 * index]}, ${corners[2 * index + 1]})`,
    async read(index) {
      const [x, y] = [corners[2 * index]!, corners[2 * index + 1]!];
      const pixels = await pool.use(key, (slide) => {
        checkInside(listing, slide, x, y);
        return slide.readRegion({ x, y, width: sidePx, height: sidePx });
      });
      if (sidePx === sizePx) return { pixels, widthPx: sizePx, heightPx: sizePx };
      const box = { x: 0, y: 0, width: sidePx, height: sidePx };
      const out = new Uint8ClampedArray(3 * sizePx * sizePx);
      const image = { pixels, widthPx: sidePx, heightPx: sidePx };
      const packed = packImage(image, scratch.patchWords(sidePx * sidePx));
      resizeBox(packed, box, sizePx, { out, scratch });
      return { pixels: out, widthPx: sizePx, heightPx: sizePx };
    },
    close: () => pool.close(),
  };
}

function checkInside(listing: SlideListing, slide: SlideImage, x: number, y: number): void {
  const { slidePath, sidePx, widthPx = slide.widthPx, heightPx = slide.heightPx } = listing;
  const next = 'check that coordinates and slide belong together';
  if (widthPx !== slide.widthPx || heightPx !== slide.heightPx) {
    throw new DataError('read patch', {
      need: `a slide of ${widthPx} x ${heightPx} pixels, as the coordinates say`,
      found: `${slide.widthPx} x ${slide.heightPx} in ${slidePath}`,
      next,
    });
  }
  if (x > -sidePx && y > -sidePx && x < widthPx && y < heightPx) return;
  throw new DataError('read patch', {
    need: `squares on the slide (${widthPx} x ${heightPx} pixels)`,
    found: `one at (${x}, ${y}), outside ${slidePath}`,
    next,
  });
}
