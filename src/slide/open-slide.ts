/** Opens whole-slide images of any format that a reader at hand can read. */
import { DataError, isMvHybridError, UsageError } from '../errors.ts';
import { openImageSource } from './image-source.ts';
import type { MppEvidence } from './mpp/mpp-table.ts';
import { loadOpenSlide } from './openslide/library.ts';
import { openOpenSlideSource } from './openslide/openslide-source.ts';
import type { PyramidSource } from './pyramid-source.ts';
import { openTiffSource } from './tiff/tiff-source.ts';
import { slideFromSource, type WholeSlide } from './whole-slide.ts';

/** `auto`: built-in where it can, else OpenSlide where it is installed, else as a plain picture. */
export const SLIDE_READERS = ['auto', 'builtin', 'openslide'] as const;

/** One of {@link SLIDE_READERS}. */
export type SlideReader = (typeof SLIDE_READERS)[number];

/** Options of {@link openSlide}. */
export interface OpenSlideOptions {
  /** Default `auto`. The built-in reader goes first, so that results do not depend on what is installed. */
  readonly reader?: SlideReader;
  /** Micrometres per level-0 pixel; wins over whatever the file states. */
  readonly mpp?: number;
  /** Statements about the pixel size from outside the file, such as HEST's `pixel_size_um_estimated`. */
  readonly mppEvidence?: readonly MppEvidence[];
  /** Bytes of decoded tiles to keep; default 64 MB. OpenSlide keeps a cache of its own besides. */
  readonly cacheBytes?: number;
}

/**
 * Opens a slide: pyramidal TIFF, Aperio SVS and OME-TIFF with the built-in reader, what OpenSlide reads
 * (NDPI, MRXS, SCN, VSI, JPEG 2000 ...) where that library is installed, and plain pictures.
 *
 * @throws UsageError if there is no readable file, or the named reader is not installed.
 * @throws DataError  if no reader at hand can read the file; the message names the reason.
 */
export async function openSlide(path: string, options: OpenSlideOptions = {}): Promise<WholeSlide> {
  const { reader = 'auto', cacheBytes, mpp, mppEvidence } = options;
  if (cacheBytes !== undefined && !(Number.isSafeInteger(cacheBytes) && cacheBytes >= 0)) {
    throw new UsageError('openSlide', { need: 'cacheBytes as a whole number', found: `${cacheBytes}` });
  }
  const cache = cacheBytes === undefined ? {} : { cacheBytes };
  const source = await openSource(path, reader, cache);
  try {
    return slideFromSource(source, mpp, mppEvidence);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openSource(
  path: string,
  reader: SlideReader,
  cache: { cacheBytes?: number },
): Promise<PyramidSource> {
  switch (reader) {
    case 'builtin':
      return (await openTiffSource(path, cache)) ?? openImageSource(path);
    case 'openslide':
      return openOpenSlideSource(path, await loadOpenSlide());
    case 'auto':
      return openAny(path, cache);
    default:
      throw new UsageError('openSlide', {
        need: `reader as one of ${SLIDE_READERS.join(', ')}`,
        found: `${reader}`,
      });
  }
}

async function openAny(path: string, cache: { cacheBytes?: number }): Promise<PyramidSource> {
  let builtinError: DataError | undefined;
  try {
    const source = await openTiffSource(path, cache);
    if (source !== undefined) return source;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    builtinError = error;
  }
  const library = await loadOpenSlide().catch(() => undefined);
  if (library?.recognizes(path)) return openOpenSlideSource(path, library);
  if (builtinError !== undefined) throw builtinError;
  return openImageSource(path).catch((error: unknown) => {
    if (!isMvHybridError(error) || error instanceof UsageError) throw error;
    throw new DataError('openSlide', {
      need: 'a slide or picture that a reader at hand understands',
      found: `${path}, no TIFF${library === undefined ? '' : ', not known to OpenSlide'} and no picture`,
      next:
        library === undefined
          ? 'install OpenSlide (Debian: libopenslide0) and the koffi package for other slide formats'
          : 'check that the file was copied completely',
      cause: error,
    });
  });
}
