/** Pixel size from the tags of TIFF and PNG files, and when not to believe them. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

/**
 * Pixel sizes outside this range are no microscope scans. It rejects print settings (72 dpi = 353 um,
 * 300 dpi = 85 um) and the files, known from HEST-1k, whose tags are ten times too small (0.027 for 0.27).
 */
export const CREDIBLE_MPP = { min: 0.1, max: 10 } as const;

const TAG_X_RESOLUTION = 282;
const TAG_Y_RESOLUTION = 283;
const TAG_RESOLUTION_UNIT = 296;

/**
 * Micrometres per pixel as stated by the file's own resolution tags, or undefined where it cannot be
 * trusted: the unit must be a length (PNG metre, TIFF inch or centimetre), both axes must agree within 1 %,
 * and the value must lie in {@link CREDIBLE_MPP}. JPEG density is a print setting and is never used.
 * A value given by the data set (meta.json, cohort.csv) is better evidence and should win.
 *
 * @source PNG specification 11.3.5.3 (pHYs); TIFF 6.0 section 8; BigTIFF design note.
 */
export async function readResolutionMpp(path: string): Promise<number | undefined> {
  const handle = await open(path, 'r');
  try {
    const head = await readAt(handle, 0, 16);
    const pixelsPerMm = isPng(head) ? await pngDensity(handle) : await tiffDensity(handle, head);
    if (pixelsPerMm === undefined) return undefined;
    const [x, y] = pixelsPerMm;
    const mpp = 1000 / x;
    const credible = mpp >= CREDIBLE_MPP.min && mpp <= CREDIBLE_MPP.max && Math.abs(x / y - 1) <= 0.01;
    return credible ? mpp : undefined;
  } catch (error) {
    // A tag that points outside the file: the pixels may still be fine, the resolution is not known.
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

type Density = readonly [x: number, y: number] | undefined;

async function readAt(handle: FileHandle, position: number, length: number): Promise<DataView> {
  if (!(position >= 0 && position <= Number.MAX_SAFE_INTEGER))
    throw new RangeError('offset outside the file');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return new DataView(buffer.buffer, buffer.byteOffset, bytesRead);
}

function isPng(head: DataView): boolean {
  return head.byteLength >= 8 && head.getUint32(0) === 0x89504e47 && head.getUint32(4) === 0x0d0a1a0a;
}

/** Walks the chunks up to the first image data; pHYs must stand before it. */
async function pngDensity(handle: FileHandle): Promise<Density> {
  for (let position = 8; ; ) {
    const chunk = await readAt(handle, position, 17);
    const name = chunk.getUint32(4);
    if (name === 0x49444154 || name === 0x49454e44) return undefined; // IDAT, IEND
    if (name === 0x70485973) {
      const unitIsMetre = chunk.getUint8(16) === 1;
      return unitIsMetre ? [chunk.getUint32(8) / 1000, chunk.getUint32(12) / 1000] : undefined;
    }
    position += 12 + chunk.getUint32(0);
  }
}

/** First directory of a classic TIFF (42) or BigTIFF (43). */
async function tiffDensity(handle: FileHandle, head: DataView): Promise<Density> {
  if (head.byteLength < 8) return undefined;
  const order = head.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  const little = order === 0x4949;
  const version = head.getUint16(2, little);
  if (version !== 42 && version !== 43) return undefined;
  const tags = await tiffEntries(handle, head, little, version === 43);
  const unit = tags.get(TAG_RESOLUTION_UNIT)?.getUint16(0, little) ?? 2; // inch is the standard's default
  const unitMm = unit === 2 ? 25.4 : unit === 3 ? 10 : undefined;
  const [x, y] = [tags.get(TAG_X_RESOLUTION), tags.get(TAG_Y_RESOLUTION)];
  if (unitMm === undefined || x === undefined || y === undefined) return undefined;
  return [rational(x, little) / unitMm, rational(y, little) / unitMm];
}

/** The resolution tags of one directory; rationals come with their eight bytes. */
async function tiffEntries(
  handle: FileHandle,
  head: DataView,
  little: boolean,
  big: boolean,
): Promise<Map<number, DataView>> {
  const directory = big ? Number(head.getBigUint64(8, little)) : head.getUint32(4, little);
  const counter = await readAt(handle, directory, big ? 8 : 2);
  const count = big ? Number(counter.getBigUint64(0, little)) : counter.getUint16(0, little);
  const entryBytes = big ? 20 : 12;
  const table = await readAt(handle, directory + counter.byteLength, Math.min(count, 4096) * entryBytes);
  const found = new Map<number, DataView>();
  for (let at = 0; at + entryBytes <= table.byteLength; at += entryBytes) {
    const tag = table.getUint16(at, little);
    const valueAt = at + (big ? 12 : 8);
    if (tag === TAG_RESOLUTION_UNIT)
      found.set(tag, new DataView(table.buffer, table.byteOffset + valueAt, 2));
    if (tag !== TAG_X_RESOLUTION && tag !== TAG_Y_RESOLUTION) continue;
    // Eight bytes fit inside a BigTIFF entry but not inside a classic one.
    if (big) found.set(tag, new DataView(table.buffer, table.byteOffset + valueAt, 8));
    else found.set(tag, await readAt(handle, table.getUint32(valueAt, little), 8));
  }
  return found;
}

function rational(view: DataView, little: boolean): number {
  return view.getUint32(0, little) / view.getUint32(4, little);
}
