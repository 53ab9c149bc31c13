/** The OpenSlide library through a foreign-function interface; both are optional. */
import { UsageError } from '../../errors.ts';
import { oneLine } from '../pixels.ts';

/** Names the library goes by; the environment variable `MVHYBRID_OPENSLIDE` may name a file instead. */
const LIBRARY_NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: ['libopenslide.so.1', 'libopenslide.so.0'],
  darwin: ['libopenslide.1.dylib', 'libopenslide.0.dylib', '/opt/homebrew/lib/libopenslide.1.dylib'],
  win32: ['libopenslide-1.dll', 'libopenslide-0.dll'],
};

/** An open slide of the library; nothing but a handle. */
export type OpenSlideHandle = { readonly openSlideHandle: unique symbol };

/** The functions that are used, with the library's own meaning. */
export interface OpenSlideLibrary {
  readonly version: string;
  recognizes(path: string): boolean;
  /** A null handle is "not recognised"; a handle may still be in the error state. */
  open(path: string): Promise<OpenSlideHandle | null>;
  close(slide: OpenSlideHandle): void;
  error(slide: OpenSlideHandle): string | null;
  levelCount(slide: OpenSlideHandle): number;
  levelSize(slide: OpenSlideHandle, level: number): { width: number; height: number };
  levelDownsample(slide: OpenSlideHandle, level: number): number;
  propertyNames(slide: OpenSlideHandle): string[];
  propertyValue(slide: OpenSlideHandle, name: string): string | null;
  associatedNames(slide: OpenSlideHandle): string[];
  associatedSize(slide: OpenSlideHandle, name: string): { width: number; height: number };
  /** Fills `target` with premultiplied ARGB in native byte order, on a thread of its own. */
  readRegion(
    slide: OpenSlideHandle,
    target: Uint32Array,
    at: { x: number; y: number; level: number; width: number; height: number },
  ): Promise<void>;
  readAssociated(slide: OpenSlideHandle, name: string, target: Uint32Array): Promise<void>;
}

let loading: Promise<OpenSlideLibrary> | undefined;

/**
 * Loads the library once per process.
 *
 * @throws UsageError if the koffi package or the library itself is not installed.
 */
export function loadOpenSlide(): Promise<OpenSlideLibrary> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<OpenSlideLibrary> {
  const koffi = await import('koffi').catch((cause: unknown) => {
    throw missing('the koffi package is not installed', 'install it with npm install koffi', cause);
  });
  const named = process.env.MVHYBRID_OPENSLIDE;
  const names = named === undefined ? (LIBRARY_NAMES[process.platform] ?? []) : [named];
  let cause: unknown;
  for (const name of names) {
    try {
      return bind(koffi, koffi.load(name));
    } catch (error) {
      cause = error;
    }
  }
  const next = 'install it (Debian: libopenslide0) or set MVHYBRID_OPENSLIDE to its file';
  throw missing(`none of ${names.join(', ')} (${oneLine(cause)})`, next, cause);
}

function missing(found: string, next: string, cause: unknown): UsageError {
  return new UsageError('openSlide', { need: 'the OpenSlide library', found, next, cause });
}

type Koffi = typeof import('koffi');

function bind(koffi: Koffi, library: ReturnType<Koffi['load']>): OpenSlideLibrary {
  const version = library.func('const char *openslide_get_version()');
  const detect = library.func('const char *openslide_detect_vendor(const char *filename)');
  const open = library.func('void *openslide_open(const char *filename)');
  const close = library.func('void openslide_close(void *osr)');
  const error = library.func('const char *openslide_get_error(void *osr)');
  const levelCount = library.func('int32_t openslide_get_level_count(void *osr)');
  const levelSize = library.func(
    'void openslide_get_level_dimensions(void *osr, int32_t level, _Out_ int64_t *w, _Out_ int64_t *h)',
  );
  const downsample = library.func('double openslide_get_level_downsample(void *osr, int32_t level)');
  const propertyNames = library.func('void *openslide_get_property_names(void *osr)');
  const propertyValue = library.func('const char *openslide_get_property_value(void *osr, const char *name)');
  const associatedNames = library.func('void *openslide_get_associated_image_names(void *osr)');
  const associatedSize = library.func(
    'void openslide_get_associated_image_dimensions(void *osr, const char *name, _Out_ int64_t *w, _Out_ int64_t *h)',
  );
  const readRegion = library.func(
    'void openslide_read_region(void *osr, void *dest, int64_t x, int64_t y, int32_t level, int64_t w, int64_t h)',
  );
  const readAssociated = library.func(
    'void openslide_read_associated_image(void *osr, const char *name, void *dest)',
  );
  const texts = (list: unknown) => nullTerminated(koffi, list);
  const sizeFrom = (call: (w: number[], h: number[]) => void) => {
    const [w, h] = [[0], [0]];
    call(w, h);
    return { width: Number(w[0]), height: Number(h[0]) };
  };
  return {
    version: version() as string,
    recognizes: (path) => detect(path) !== null,
    open: (path) => inThread(open, path) as Promise<OpenSlideHandle | null>,
    close: (slide) => close(slide),
    error: (slide) => error(slide) as string | null,
    levelCount: (slide) => levelCount(slide) as number,
    levelSize: (slide, level) => sizeFrom((w, h) => levelSize(slide, level, w, h)),
    levelDownsample: (slide, level) => downsample(slide, level) as number,
    propertyNames: (slide) => texts(propertyNames(slide)),
    propertyValue: (slide, name) => propertyValue(slide, name) as string | null,
    associatedNames: (slide) => texts(associatedNames(slide)),
    associatedSize: (slide, name) => sizeFrom((w, h) => associatedSize(slide, name, w, h)),
    readRegion: async (slide, target, { x, y, level, width, height }) => {
      await inThread(readRegion, slide, target, x, y, level, width, height);
    },
    readAssociated: async (slide, name, target) => {
      await inThread(readAssociated, slide, name, target);
    },
  };
}

/** A NULL-terminated array of C strings; nothing for a NULL array. */
function nullTerminated(koffi: Koffi, list: unknown): string[] {
  const texts: string[] = [];
  if (list === null) return texts;
  const step = koffi.sizeof('void *');
  for (let i = 0; i < 100_000; i++) {
    const text = koffi.decode(list, i * step, 'const char *') as string | null;
    if (text === null) break;
    texts.push(text);
  }
  return texts;
}

/** Runs a call on a worker thread; arguments stay referenced until it is done. */
function inThread(call: { async: (...args: never[]) => void }, ...args: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (failure: unknown, result: unknown) => {
      if (failure) reject(failure);
      else resolve(result);
    };
    (call.async as (...all: unknown[]) => void)(...args, done);
  });
}
