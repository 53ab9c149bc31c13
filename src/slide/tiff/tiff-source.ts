/** Pyramidal TIFF, Aperio SVS and OME-TIFF without any other library than the picture decoders. */
import { DataError, UsageError } from '../../errors.ts';
import type { MppEvidence } from '../mpp/mpp-table.ts';
import { checkRegion, type Picture } from '../pixels.ts';
import type { PyramidSource, SlideLevel } from '../pyramid-source.ts';
import type { Region } from '../slide-image.ts';
import { type Arrangement, arrangeAperio, arrangeGeneric, type LevelImages } from './arrange.ts';
import { arrangeOme } from './arrange-ome.ts';
import { type ByteSource, openByteSource } from './byte-source.ts';
import { ChunkReader } from './chunk-reader.ts';
import { readDirectories, readDirectory, readTiffLayout, type TiffLayout } from './directory.ts';
import { LevelReader } from './level-reader.ts';
import { isOmeXml } from './ome-xml.ts';
import { COMPRESSION_NAMES, TAG } from './tags.ts';
import { decodeProblem, readTiffImage, type TiffImage } from './tiff-image.ts';
import { TileCache } from './tile-cache.ts';
import { WorkLimit } from './work-limit.ts';

/** Bytes of decoded tiles that an open slide keeps by default. */
export const DEFAULT_CACHE_BYTES = 64 * 2 ** 20;
/** Tiles that are decoded at a time; Node's thread pool has four threads, reading overlaps with them. */
const TILES_AT_A_TIME = 6;
/** More sub-pictures than any pyramid has. */
const MAX_SUB_IFDS = 64;

/** Options of {@link openTiffSource}. */
export interface TiffSourceOptions {
  /** Default {@link DEFAULT_CACHE_BYTES}. */
  readonly cacheBytes?: number;
}

/**
 * Opens a TIFF for random access, or returns undefined where the file is no TIFF at all.
 *
 * @throws UsageError if there is no readable file.
 * @throws DataError  if the TIFF is damaged or uses what the built-in reader cannot decode.
 */
export async function openTiffSource(
  path: string,
  options: TiffSourceOptions = {},
): Promise<PyramidSource | undefined> {
  const source = await openByteSource(path);
  try {
    const layout = await readTiffLayout(source);
    if (layout !== undefined) {
      const arrangement = await arrange(source, layout);
      return new TiffSource(source, arrangement, options.cacheBytes ?? DEFAULT_CACHE_BYTES);
    }
  } catch (error) {
    await source.close();
    throw error;
  }
  await source.close();
  return undefined;
}

async function arrange(source: ByteSource, layout: TiffLayout): Promise<Arrangement> {
  const directories = await readDirectories(source, layout);
  const { path } = source;
  const vendor = directories[0] && (await foreignVendor(directories[0]));
  if (directories.length === 0 || vendor !== undefined) throw needsOpenSlide(path, vendor ?? 'an empty TIFF');
  const images: TiffImage[] = [];
  for (const directory of directories) images.push(await readTiffImage(path, directory));
  const subImages = async (image: TiffImage) => {
    const offsets = (await image.directory.numbers(TAG.subIfds)) ?? new Float64Array();
    const found: TiffImage[] = [];
    for (const offset of offsets.subarray(0, MAX_SUB_IFDS))
      found.push(await readTiffImage(path, await readDirectory(source, layout, offset)));
    return found;
  };
  const { description, tiled } = images[0]!;
  if (isOmeXml(description)) return checked(await arrangeOme(images, subImages));
  if (tiled && description.startsWith('Aperio')) return checked(await arrangeAperio(images));
  return checked(await arrangeGeneric(images, await subImages(images[0]!)));
}

/** Makers whose files look like TIFF but need rules of their own: overlapping or padded tiles, odd offsets. */
async function foreignVendor(directory: TiffImage['directory']): Promise<string | undefined> {
  if (directory.has(TAG.ndpiFormatFlag)) return 'a Hamamatsu NDPI';
  const description = (await directory.text(TAG.imageDescription)) ?? '';
  if (description.includes('leica-microsystems.com/scn')) return 'a Leica SCN';
  const software = (await directory.text(TAG.software)) ?? '';
  if (software.startsWith('Philips') || description.includes('DPUfsImport')) return 'a Philips TIFF';
  if (software.startsWith('MedScan')) return 'a Trestle TIFF';
  const xmp = directory.has(TAG.xmp) ? ((await directory.text(TAG.xmp)) ?? '') : '';
  return xmp.includes('<iScan') ? 'a Ventana slide' : undefined;
}

function needsOpenSlide(path: string, found: string): DataError {
  return new DataError('openSlide', {
    need: `a TIFF, SVS or OME-TIFF of a kind that the built-in reader decodes at ${path}`,
    found,
    next: 'install OpenSlide (Debian: libopenslide0) and the koffi package, or convert it to a tiled TIFF',
  });
}

/** Keeps the levels up to the first that cannot be decoded; level 0 must be decodable. */
function checked(arrangement: Arrangement): Arrangement {
  const { levels } = arrangement;
  const problems = levels.map((level) => level.map(decodeProblem).find((p) => p !== undefined));
  if (problems[0] !== undefined) throw needsOpenSlide(levels[0]![0]!.path, problems[0]);
  const sameParts = (level: LevelImages) =>
    level.every(
      (p) => p.chunkWidthPx === level[0]!.chunkWidthPx && p.chunkHeightPx === level[0]!.chunkHeightPx,
    );
  const good = levels.filter((level, i) => problems[i] === undefined && sameParts(level));
  return { ...arrangement, levels: good };
}

class TiffSource implements PyramidSource {
  readonly path: string;
  readonly reader = 'builtin';
  readonly format: string;
  readonly levels: readonly SlideLevel[];
  readonly properties: ReadonlyMap<string, string>;
  readonly mppEvidence: readonly MppEvidence[];
  readonly associatedNames: readonly string[];
  readonly #source: ByteSource;
  readonly #associated: ReadonlyMap<string, TiffImage>;
  readonly #readers: readonly LevelReader[];
  readonly #cache: TileCache;
  readonly #limit = new WorkLimit(TILES_AT_A_TIME);

  constructor(source: ByteSource, arrangement: Arrangement, cacheBytes: number) {
    const { format, levels, associated, properties, mppEvidence } = arrangement;
    this.path = source.path;
    this.format = format;
    const { widthPx, heightPx, compression } = levels[0]![0]!;
    this.levels = levels.map(([image], i) => ({
      widthPx: image!.widthPx,
      heightPx: image!.heightPx,
      downsample: i === 0 ? 1 : (widthPx / image!.widthPx + heightPx / image!.heightPx) / 2,
    }));
    this.properties = new Map([
      ...properties,
      ['tiff.Compression', COMPRESSION_NAMES[compression] ?? `${compression}`],
    ]);
    this.mppEvidence = mppEvidence;
    this.associatedNames = [...associated.keys()];
    this.#source = source;
    this.#associated = associated;
    this.#cache = new TileCache(cacheBytes);
    this.#readers = levels.map((level, i) => this.#reader(`${i}`, level, this.#cache));
  }

  readLevel(level: number, region: Region): Promise<Uint8Array> {
    return this.#readers[level]!.read(region);
  }

  async readAssociated(name: string): Promise<Picture> {
    const image = this.#associated.get(name);
    if (image === undefined) {
      throw new UsageError('readAssociated', {
        need: `one of ${this.associatedNames.join(', ') || 'no names'} in ${this.path}`,
        found: name,
      });
    }
    const problem = decodeProblem(image);
    if (problem !== undefined) throw needsOpenSlide(this.path, `its ${name} image with ${problem}`);
    const { widthPx, heightPx } = image;
    const region = { x: 0, y: 0, width: widthPx, height: heightPx };
    checkRegion(region);
    const pixels = await this.#reader(name, [image], new TileCache(0)).read(region);
    return { pixels, widthPx, heightPx };
  }

  async close(): Promise<void> {
    this.#cache.clear();
    await this.#source.close();
  }

  #reader(key: string, images: LevelImages, cache: TileCache): LevelReader {
    const parts = images.map((image) => new ChunkReader(this.#source, image));
    return new LevelReader({ key, parts, cache, limit: this.#limit });
  }
}
