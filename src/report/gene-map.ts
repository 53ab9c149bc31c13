/** Pictures of one gene over a section: a coloured disc per spot on the tissue, with a colour bar. */
import sharp from 'sharp';
import { ShapeError, UsageError } from '../errors.ts';
import type { Point } from '../slide/patch-geometry.ts';
import type { SlideImage, Thumbnail } from '../slide/slide-image.ts';
import { type Colormap, sequentialColormap } from './colormap.ts';
import { layoutMap } from './map-layout.ts';
import { overlaySvg, type Panel } from './map-overlay.ts';
import { niceTicks } from './ticks.ts';

/** What single maps and pairs have in common. */
export interface MapOptions {
  /** The section, or its thumbnail when many genes are drawn over one section. */
  readonly image: SlideImage | Thumbnail;
  /** Spot centres in level-0 pixels. */
  readonly spots: readonly Point[];
  readonly title: string;
  /** Written above the colour bar, e.g. `log1p counts`. */
  readonly unit: string;
  /** Diameter of a disc in level-0 pixels; drawn at least 4 output pixels wide. */
  readonly spotDiameterPx: number;
  /** Default {@link sequentialColormap}. */
  readonly colormap?: Colormap;
  /** Values at the ends of the colour bar; default smallest and largest value. Values beyond take the end colours. */
  readonly range?: readonly [low: number, high: number];
  /** Longer side of a panel in output pixels; default 800. */
  readonly panelPx?: number;
  /** Micrometres per level-0 pixel; when given, a scale bar is drawn. */
  readonly mpp?: number;
}

/** Options of {@link renderGeneMap}. */
export interface GeneMapOptions extends MapOptions {
  /** One value per spot; NaN is drawn as an empty ring. */
  readonly values: ArrayLike<number>;
}

/** Options of {@link renderGeneMapPair}. */
export interface GeneMapPairOptions extends MapOptions {
  readonly measured: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  /** Captions of the two panels; default `measured` and `predicted`. */
  readonly captions?: readonly [string, string];
}

/**
 * Draws one gene over its section.
 *
 * @returns a PNG file.
 * @throws ShapeError if there is not one value per spot.
 * @throws UsageError if a size or the range is not usable, or no value is finite.
 */
export async function renderGeneMap(options: GeneMapOptions): Promise<Buffer> {
  return render('renderGeneMap', options, [{ caption: '', values: options.values }]);
}

/**
 * Draws measured and predicted values side by side on one shared colour scale; the title ends with their
 * Pearson correlation over the spots where both are finite (`PCC n/a` where one of them is constant).
 *
 * @returns a PNG file.
 * @throws as {@link renderGeneMap}.
 */
export async function renderGeneMapPair(options: GeneMapPairOptions): Promise<Buffer> {
  const { measured, predicted, captions = ['measured', 'predicted'] } = options;
  const pcc = pearson(measured, predicted);
  const title = `${options.title}   PCC ${Number.isNaN(pcc) ? 'n/a' : pcc.toFixed(3)}`;
  return render('renderGeneMapPair', { ...options, title }, [
    { caption: captions[0], values: measured },
    { caption: captions[1], values: predicted },
  ]);
}

async function render(operation: string, options: MapOptions, panels: readonly Panel[]): Promise<Buffer> {
  checkOptions(operation, options, panels);
  const range = options.range ?? valueRange(operation, panels);
  const ticks = niceTicks(...range);
  const picture = await panelPicture(options);
  const size = { width: picture.widthPx, height: picture.heightPx };
  const hasCaptions = panels.length > 1;
  const { title, unit } = options;
  const layout = layoutMap({ title, unit, ticks, panel: size, panelCount: panels.length, hasCaptions });
  const svg = overlaySvg({
    ...options,
    colormap: options.colormap ?? sequentialColormap,
    layout,
    panels,
    range,
    ticks,
    scale: picture.scale,
  });
  const raw = { ...size, channels: 3 as const };
  const { buffer, byteOffset, byteLength } = picture.pixels;
  const input = Buffer.from(buffer, byteOffset, byteLength);
  const pictures = layout.panels.map(({ x, y }) => ({ input, raw, left: x, top: y }));
  const canvas = { width: layout.width, height: layout.height, channels: 3 as const, background: '#ffffff' };
  return sharp({ create: canvas })
    .composite([...pictures, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png({ compressionLevel: 9 })
    .toBuffer();
}

function checkOptions(operation: string, options: MapOptions, panels: readonly Panel[]): void {
  const { spots, spotDiameterPx, panelPx = 800, range } = options;
  for (const { values } of panels) {
    if (values.length !== spots.length) {
      throw new ShapeError(operation, {
        need: `one value for each of ${spots.length} spots`,
        found: `${values.length} values`,
      });
    }
  }
  if (!(spotDiameterPx > 0 && Number.isInteger(panelPx) && panelPx >= 64 && panelPx <= 8192)) {
    throw new UsageError(operation, {
      need: 'spotDiameterPx above 0 and panelPx a whole number from 64 to 8192',
      found: `spotDiameterPx ${spotDiameterPx}, panelPx ${panelPx}`,
    });
  }
  if (
    range !== undefined &&
    !(Number.isFinite(range[0]) && Number.isFinite(range[1]) && range[0] < range[1])
  ) {
    throw new UsageError(operation, {
      need: 'a range of two rising numbers',
      found: `${range[0]} to ${range[1]}`,
    });
  }
}

/** Smallest and largest finite value of all panels; a constant gets half a unit on both sides. */
function valueRange(operation: string, panels: readonly Panel[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { values } of panels) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]!)) continue;
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  if (low > high) throw new UsageError(operation, { need: 'at least one finite value', found: 'none' });
  const tiny = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
  return high - low > tiny ? [low, high] : [low - 0.5, high + 0.5];
}

/** The section at panel size; a thumbnail that is small enough is used as it is. */
async function panelPicture({ image, panelPx = 800 }: MapOptions): Promise<Thumbnail> {
  if (!('pixels' in image)) return image.readThumbnail(panelPx);
  const shrink = Math.min(1, panelPx / Math.max(image.widthPx, image.heightPx));
  if (shrink === 1) return image;
  const widthPx = Math.max(1, Math.round(image.widthPx * shrink));
  const heightPx = Math.max(1, Math.round(image.heightPx * shrink));
  const raw = { width: image.widthPx, height: image.heightPx, channels: 3 as const };
  const pixels = await sharp(image.pixels, { raw })
    .resize(widthPx, heightPx, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  return { pixels, widthPx, heightPx, scale: image.scale * shrink };
}

/** NaN where one list is constant; pairs with a value that is not finite are left out. */
function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs = Array.from(a, (value, i) => [value, b[i] ?? Number.NaN] as const).filter(
    ([x, y]) => Number.isFinite(x) && Number.isFinite(y),
  );
  const meanA = pairs.reduce((sum, [x]) => sum + x, 0) / pairs.length;
  const meanB = pairs.reduce((sum, [, y]) => sum + y, 0) / pairs.length;
  let [cross, squareA, squareB] = [0, 0, 0];
  for (const [x, y] of pairs) {
    cross += (x - meanA) * (y - meanB);
    squareA += (x - meanA) ** 2;
    squareB += (y - meanB) ** 2;
  }
  return squareA > 0 && squareB > 0 ? cross / Math.sqrt(squareA * squareB) : Number.NaN;
}
