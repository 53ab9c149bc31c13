/** One gene over a whole slide as a pyramidal TIFF, for viewers that lay it over the slide. */
import { PATCH_OPACITY, type PatchField, paintPatches, sequentialColormap } from '../../report/index.ts';
import { type WholeSlide, writePyramid } from '../../slide/index.ts';

/** Patches are drawn at least this many pixels wide. */
const PATCH_PX = 32;

/** What a heat map shows besides the values. */
export interface HeatMapOptions extends PatchField {
  readonly gene: string;
  readonly unit: string;
  readonly range: readonly [low: number, high: number];
  readonly signal?: AbortSignal;
}

/** Level-0 pixels per pixel of a heat map: a power of two, so that it lies exactly under the slide's own levels. */
export function heatMapDownsample(sidePx: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(sidePx / PATCH_PX)));
}

/** The patches that touch rows `top` to `bottom` of the slide. */
function patchesBetween({ corners, sidePx, values }: PatchField, top: number, bottom: number): PatchField {
  const inside: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const y = corners[2 * i + 1]!;
    if (y < bottom && y + sidePx > top) inside.push(i);
  }
  return {
    corners: inside.flatMap((i) => [corners[2 * i]!, corners[2 * i + 1]!]),
    sidePx,
    values: inside.map((i) => values[i]!),
  };
}

/**
 * Writes the slide with its patches coloured, shrunk by {@link heatMapDownsample}, band by band. The pixel size is in
 * the file where the slide's is certain; the description states gene, unit and colour range.
 */
export async function writeHeatMap(path: string, slide: WholeSlide, options: HeatMapOptions): Promise<void> {
  const { gene, unit, range, sidePx, signal } = options;
  const downsample = heatMapDownsample(sidePx);
  const widthPx = Math.max(1, Math.floor(slide.widthPx / downsample));
  const heightPx = Math.max(1, Math.floor(slide.heightPx / downsample));
  const style = { colormap: sequentialColormap, range, opacity: PATCH_OPACITY };
  await writePyramid(path, {
    widthPx,
    heightPx,
    quality: 90,
    description: `${gene}, ${unit}, colours from ${range[0].toPrecision(5)} to ${range[1].toPrecision(5)}`,
    ...(slide.mpp === undefined ? {} : { mpp: slide.mpp * downsample }),
    ...(signal === undefined ? {} : { signal }),
    readRows: async (y, rows) => {
      const band = { x: 0, y: y * downsample, width: widthPx * downsample, height: rows * downsample };
      const { pixels } = await slide.readScaled(band, { widthPx, heightPx: rows });
      const part = { pixels, widthPx, heightPx: rows, topPx: y, scale: 1 / downsample };
      return paintPatches(part, patchesBetween(options, band.y, band.y + band.height), style);
    },
  });
}
