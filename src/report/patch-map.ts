/** Picture of one gene over a whole slide: the slide, and beside it its patches in colour, with a colour bar. */
import sharp from 'sharp';
import { ShapeError } from '../errors.ts';
import type { Thumbnail } from '../slide/slide-image.ts';
import { type Colormap, sequentialColormap } from './colormap.ts';
import { layoutMap } from './map-layout.ts';
import { overlaySvg } from './map-overlay.ts';
import { type PatchField, paintPatches, patchRange } from './patch-raster.ts';
import { niceTicks } from './ticks.ts';

/** Opacity of the colours in maps. */
export const PATCH_OPACITY = 0.8;

/** Options of {@link renderPatchMap}. */
export interface PatchMapOptions extends PatchField {
  /** The slide at the size it is to be drawn. */
  readonly thumbnail: Thumbnail;
  readonly title: string;
  /** Written above the colour bar. */
  readonly unit: string;
  /** Captions of the two pictures; default `slide` and `predicted`. */
  readonly captions?: readonly [string, string];
  /** Default {@link sequentialColormap}. */
  readonly colormap?: Colormap;
  /** Values at the ends of the colour bar; default {@link patchRange}. */
  readonly range?: readonly [low: number, high: number];
  /** Micrometres per level-0 pixel; when given, a scale bar is drawn. */
  readonly mpp?: number;
}

/**
 * Draws one gene over its slide, any number of patches.
 *
 * @returns a PNG file.
 * @throws ShapeError if there is not one value per patch.
 */
export async function renderPatchMap(options: PatchMapOptions): Promise<Buffer> {
  const { thumbnail, title, unit, corners, values, mpp, captions = ['slide', 'predicted'] } = options;
  if (corners.length !== 2 * values.length) {
    throw new ShapeError('renderPatchMap', {
      need: `one value for each of ${corners.length / 2} patches`,
      found: `${values.length} values`,
    });
  }
  const { colormap = sequentialColormap, range = patchRange(values) } = options;
  const painted = paintPatches(thumbnail, options, { colormap, range, opacity: PATCH_OPACITY });
  const panel = { width: thumbnail.widthPx, height: thumbnail.heightPx };
  const ticks = niceTicks(...range);
  const layout = layoutMap({ title, unit, ticks, panel, panelCount: 2, hasCaptions: true });
  const svg = overlaySvg({
    title,
    unit,
    // The patches are in the pictures already.
    spots: [],
    spotDiameterPx: 1,
    colormap,
    layout,
    panels: captions.map((caption) => ({ caption, values: [] })),
    range,
    ticks,
    scale: thumbnail.scale,
    ...(mpp === undefined ? {} : { mpp }),
  });
  const raw = { ...panel, channels: 3 as const };
  const pictures = [thumbnail.pixels, painted].map(({ buffer, byteOffset, byteLength }, k) => {
    const { x: left, y: top } = layout.panels[k]!;
    return { input: Buffer.from(buffer, byteOffset, byteLength), raw, left, top };
  });
  const canvas = { width: layout.width, height: layout.height, channels: 3 as const, background: '#ffffff' };
  return sharp({ create: canvas })
    .composite([...pictures, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png({ compressionLevel: 9 })
    .toBuffer();
}
