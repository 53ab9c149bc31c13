/** HDF5 files of patches as HEST-1k stores them: `img`, uint8 (N, P, P, 3). */
import { basename } from 'node:path';
import { Dataset, File, ready } from 'h5wasm/node';
import { DataError, UsageError } from '../../errors.ts';
import { type Hdf5File, withHdf5 } from '../../spatial/hdf5/hdf5-file.ts';
import { HandlePool } from './handle-pool.ts';
import type { PatchFileListing, PatchSet } from './patch-set.ts';
import { Spans } from './spans.ts';

const IMAGES = 'img';
const OPEN_FILES = 16;

/**
 * Lists the patches of HDF5 files, file after file in the order given.
 *
 * @throws UsageError when no file is given, DataError when one is absent, damaged or holds no `img` of uint8 (N, P,
 *   P, 3).
 */
export async function listPatchFiles(paths: readonly string[]): Promise<PatchFileListing> {
  if (paths.length === 0)
    throw new UsageError('listPatchFiles', { need: 'at least one HDF5 file', found: 'none' });
  const files = [];
  for (const path of paths) {
    files.push({ path, ...(await withHdf5(path, 'listPatchFiles', imageShape)) });
  }
  return { kind: 'patch-files', files };
}

async function imageShape(file: Hdf5File): Promise<{ count: number; sizePx: number }> {
  const { shape, type } = await file.dataset(IMAGES);
  const [count, height, width, channels] = shape;
  if (type === 'uint8' && shape.length === 4 && height === width && height !== 0 && channels === 3) {
    return { count: count!, sizePx: height! };
  }
  throw new DataError(file.operation, {
    need: `"${IMAGES}" of uint8, shape (N, P, P, 3)`,
    found: `${type} (${shape}) in ${file.path}`,
  });
}

/** The patches of {@link listPatchFiles}. At most 16 files stay open. */
export async function openPatchFiles({ files }: PatchFileListing): Promise<PatchSet> {
  const module = await ready;
  const spans = new Spans(files.map(({ count }) => count));
  /** Lets the library throw instead of print; only around synchronous calls, for the switch is the whole library's. */
  const strict = <T>(work: () => T): T => {
    module.activate_throwing_error_handler();
    try {
      return work();
    } finally {
      module.deactivate_throwing_error_handler();
    }
  };
  const pool = new HandlePool<File>({
    limit: OPEN_FILES,
    open: async (path) => strict(() => new File(path, 'r')),
    close: (file) => void file.close(),
  });
  const id = (index: number): string => {
    const { part, offset } = spans.locate(index);
    return `${basename(files[part]!.path)}[${offset}]`;
  };
  return {
    count: spans.total,
    id,
    async read(index) {
      const { part, offset } = spans.locate(index);
      const { path, sizePx } = files[part]!;
      try {
        const pixels = await pool.use(path, (file) => strict(() => readRow(file, offset)));
        return { pixels, widthPx: sizePx, heightPx: sizePx };
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message.trim().split('\n')[0] : String(cause);
        throw new DataError('read patch', {
          need: 'a readable patch',
          found: `row ${offset} of ${path} (${reason})`,
          next: 'check that the file is complete',
          cause,
        });
      }
    },
    close: () => pool.close(),
  };
}

function readRow(file: File, row: number): Uint8Array {
  const images = file.get(IMAGES);
  const pixels = images instanceof Dataset ? images.slice([[row, row + 1], [], [], []]) : undefined;
  if (pixels instanceof Uint8Array) return pixels;
  throw new Error(`"${IMAGES}" gave no bytes`);
}
