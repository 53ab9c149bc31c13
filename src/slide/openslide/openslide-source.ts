/** Slides that the OpenSlide library reads. */
import { access } from 'node:fs/promises';
import { DataError, UsageError } from '../../errors.ts';
import { evidenceFromMagnification, evidenceFromResolution, evidenceFromText } from '../mpp/evidence.ts';
import type { MppEvidence } from '../mpp/mpp-table.ts';
import { checkRegion, type Picture } from '../pixels.ts';
import type { PyramidSource, SlideLevel } from '../pyramid-source.ts';
import type { Region } from '../slide-image.ts';
import type { OpenSlideHandle, OpenSlideLibrary } from './library.ts';

/** Pixels of one call to the library; larger regions are read in bands. */
const BAND_PIXELS = 2 ** 24;

/**
 * Opens a slide with OpenSlide.
 *
 * @throws UsageError if there is no readable file.
 * @throws DataError  if OpenSlide does not know the format or reports an error.
 */
export async function openOpenSlideSource(path: string, library: OpenSlideLibrary): Promise<PyramidSource> {
  await access(path).catch((cause: unknown) => {
    const found = `nothing readable at ${path}`;
    throw new UsageError('openSlide', {
      need: 'a readable slide file',
      found,
      next: 'check the path',
      cause,
    });
  });
  const handle = await library.open(path);
  if (handle === null) {
    throw new DataError('openSlide', {
      need: `a slide format that OpenSlide ${library.version} knows`,
      found: path,
      next: 'try reader auto or builtin',
    });
  }
  const slide = new OpenSlideSource(path, library, handle);
  try {
    slide.check();
    slide.load();
    return slide;
  } catch (error) {
    await slide.close();
    throw error;
  }
}

class OpenSlideSource implements PyramidSource {
  readonly path: string;
  readonly reader = 'openslide';
  format = 'unknown';
  levels: readonly SlideLevel[] = [];
  properties: ReadonlyMap<string, string> = new Map();
  mppEvidence: readonly MppEvidence[] = [];
  associatedNames: readonly string[] = [];
  readonly #library: OpenSlideLibrary;
  readonly #handle: OpenSlideHandle;

  constructor(path: string, library: OpenSlideLibrary, handle: OpenSlideHandle) {
    this.path = path;
    this.#library = library;
    this.#handle = handle;
  }

  /** The library keeps its first error for ever; every call is followed by this question. */
  check(): void {
    const error = this.#library.error(this.#handle);
    if (error === null) return;
    throw new DataError('readRegion', {
      need: `readable pixels in ${this.path}`,
      found: `an error of OpenSlide: ${error}`,
      next: 'the file is damaged; copy it again',
    });
  }

  /** Reads what never changes. */
  load(): void {
    const { associatedNames, levelCount, levelDownsample, levelSize, propertyNames, propertyValue } =
      this.#library;
    const slide = this.#handle;
    const names = propertyNames(slide);
    this.properties = new Map(names.map((name) => [name, propertyValue(slide, name) ?? '']));
    this.format = this.properties.get('openslide.vendor') ?? 'unknown';
    this.levels = Array.from({ length: levelCount(slide) }, (_, level) => {
      const { width, height } = levelSize(slide, level);
      return { widthPx: width, heightPx: height, downsample: levelDownsample(slide, level) };
    });
    this.associatedNames = associatedNames(slide);
    this.mppEvidence = evidenceFromProperties(this.properties);
    this.check();
  }

  async readLevel(level: number, region: Region): Promise<Uint8Array> {
    const { downsample } = this.levels[level]!;
    const out = new Uint8Array(3 * region.width * region.height);
    const rows = Math.max(1, Math.floor(BAND_PIXELS / region.width));
    for (let row = 0; row < region.height; row += rows) {
      const height = Math.min(rows, region.height - row);
      const band = new Uint32Array(region.width * height);
      const x = Math.round(region.x * downsample);
      const y = Math.round((region.y + row) * downsample);
      await this.#library.readRegion(this.#handle, band, { x, y, level, width: region.width, height });
      this.check();
      toRgbOnWhite(band, out, 3 * row * region.width);
    }
    return out;
  }

  async readAssociated(name: string): Promise<Picture> {
    if (!this.associatedNames.includes(name)) {
      throw new UsageError('readAssociated', {
        need: `one of ${this.associatedNames.join(', ') || 'no names'} in ${this.path}`,
        found: name,
      });
    }
    const { width, height } = this.#library.associatedSize(this.#handle, name);
    checkRegion({ x: 0, y: 0, width, height });
    const argb = new Uint32Array(width * height);
    await this.#library.readAssociated(this.#handle, name, argb);
    this.check();
    const pixels = new Uint8Array(3 * argb.length);
    toRgbOnWhite(argb, pixels, 0);
    return { pixels, widthPx: width, heightPx: height };
  }

  async close(): Promise<void> {
    this.#library.close(this.#handle);
  }
}

/** Premultiplied ARGB laid on white: colour + 255 - alpha. */
function toRgbOnWhite(argb: Uint32Array, out: Uint8Array, from: number): void {
  for (let i = 0, to = from; i < argb.length; i++, to += 3) {
    const value = argb[i]!;
    const white = 255 - (value >>> 24);
    out[to] = ((value >>> 16) & 255) + white;
    out[to + 1] = ((value >>> 8) & 255) + white;
    out[to + 2] = (value & 255) + white;
  }
}

/** OpenSlide's own conclusion, and the fields it came from. */
function evidenceFromProperties(properties: ReadonlyMap<string, string>): MppEvidence[] {
  const get = (name: string) => properties.get(name);
  const unit = { inch: 2, centimeter: 3 }[get('tiff.ResolutionUnit') ?? ''];
  const x = Number.parseFloat(get('tiff.XResolution') ?? '');
  const y = Number.parseFloat(get('tiff.YResolution') ?? '');
  return [
    ...evidenceFromText('openslide', 'openslide.mpp-x', get('openslide.mpp-x'), get('openslide.mpp-y')),
    ...evidenceFromText('aperio', 'aperio.MPP', get('aperio.MPP')),
    ...evidenceFromResolution(x, y, unit),
    ...evidenceFromMagnification('openslide.objective-power', get('openslide.objective-power')),
  ];
}
