/** Image file directories of classic TIFF and BigTIFF: tags and their values, read on demand. */
import { DataError } from '../../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { TYPE_BYTES } from './tags.ts';

/** More directories than any slide has; a longer chain is damage. */
const MAX_DIRECTORIES = 2000;
/** Longest value that is read: 8 million offsets, 60 times those of a 200,000 px wide level. */
const MAX_VALUE_BYTES = 64 * 2 ** 20;

interface Entry {
  readonly type: number;
  readonly count: number;
  /** The value itself where it fits, else its position. */
  readonly inline: DataView;
}

/** How numbers lie in the file. */
export interface TiffLayout {
  readonly little: boolean;
  readonly big: boolean;
  readonly firstDirectory: number;
}

/** One directory. Values are read from the file when they are asked for and not kept. */
export class Directory {
  readonly offset: number;
  readonly nextOffset: number;
  readonly little: boolean;
  readonly #big: boolean;
  readonly #source: ByteSource;
  readonly #entries: ReadonlyMap<number, Entry>;

  constructor(
    source: ByteSource,
    layout: TiffLayout,
    at: { offset: number; nextOffset: number; entries: ReadonlyMap<number, Entry> },
  ) {
    this.#source = source;
    this.little = layout.little;
    this.#big = layout.big;
    this.offset = at.offset;
    this.nextOffset = at.nextOffset;
    this.#entries = at.entries;
  }

  has(tag: number): boolean {
    return this.#entries.has(tag);
  }

  /** All values of a tag as numbers; rationals as quotients; undefined where the tag is absent. */
  async numbers(tag: number): Promise<Float64Array | undefined> {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return undefined;
    const bytes = await this.#bytes(tag, entry);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const step = TYPE_BYTES[entry.type]!;
    const values = new Float64Array(entry.count);
    for (let i = 0; i < entry.count; i++) values[i] = numberAt(view, i * step, entry.type, this.little);
    return values;
  }

  /** First value of a tag, or `otherwise`. */
  async number<T extends number | undefined>(tag: number, otherwise: T): Promise<number | T> {
    return (await this.numbers(tag))?.[0] ?? otherwise;
  }

  /** A text up to its first NUL, read as UTF-8. */
  async text(tag: number): Promise<string | undefined> {
    const bytes = await this.raw(tag);
    if (bytes === undefined) return undefined;
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** Bytes of a tag as they stand in the file. */
  async raw(tag: number): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(tag);
    return entry === undefined ? undefined : this.#bytes(tag, entry);
  }

  async #bytes(tag: number, entry: Entry): Promise<Uint8Array> {
    const length = entry.count * (TYPE_BYTES[entry.type] ?? 0);
    if (length === 0 || length > MAX_VALUE_BYTES) {
      throw new DataError('openSlide', {
        need: `a value of known type and at most ${MAX_VALUE_BYTES} bytes in tag ${tag} of ${this.#source.path}`,
        found: `type ${entry.type} with ${entry.count} values`,
        next: 'the file is damaged; copy it again',
      });
    }
    const { inline } = entry;
    if (length <= inline.byteLength) return new Uint8Array(inline.buffer, inline.byteOffset, length).slice();
    return this.#source.read(readOffset(inline, 0, this.little, this.#big), length);
  }
}

/**
 * Reads byte order and kind from the first bytes, or returns undefined where the file is no TIFF.
 * @source TIFF 6.0 section 2; BigTIFF design.
 */
export async function readTiffLayout(source: ByteSource): Promise<TiffLayout | undefined> {
  if (source.sizeBytes < 8) return undefined;
  const head = viewOf(await source.read(0, Math.min(16, source.sizeBytes)));
  const order = head.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  const little = order === 0x4949;
  const version = head.getUint16(2, little);
  if (version === 42) return { little, big: false, firstDirectory: head.getUint32(4, little) };
  const isBig = version === 43 && head.byteLength === 16 && head.getUint16(4, little) === 8;
  return isBig ? { little, big: true, firstDirectory: readOffset(head, 8, little, true) } : undefined;
}

/** The chain of directories from `firstDirectory` on. */
export async function readDirectories(source: ByteSource, layout: TiffLayout): Promise<Directory[]> {
  const chain: Directory[] = [];
  const seen = new Set<number>();
  for (let offset = layout.firstDirectory; offset !== 0; ) {
    if (seen.has(offset) || seen.size >= MAX_DIRECTORIES) {
      throw new DataError('openSlide', {
        need: `a chain of at most ${MAX_DIRECTORIES} TIFF directories that ends`,
        found: `${source.path} whose directory at ${offset} leads ${seen.has(offset) ? 'back' : 'on'}`,
        next: 'the file is damaged; copy it again',
      });
    }
    seen.add(offset);
    const directory = await readDirectory(source, layout, offset);
    chain.push(directory);
    offset = directory.nextOffset;
  }
  return chain;
}

/** One directory at a position. */
export async function readDirectory(
  source: ByteSource,
  layout: TiffLayout,
  offset: number,
): Promise<Directory> {
  const { little, big } = layout;
  const head = viewOf(await source.read(offset, big ? 8 : 2));
  const count = big ? readOffset(head, 0, little, true) : head.getUint16(0, little);
  const step = big ? 20 : 12;
  if (count > 65_535) {
    throw new DataError('openSlide', {
      need: 'a TIFF directory of at most 65535 tags',
      found: `${count} tags at ${offset} of ${source.path}`,
      next: 'the file is damaged; copy it again',
    });
  }
  const start = offset + head.byteLength;
  const table = viewOf(await source.read(start, count * step + (big ? 8 : 4)));
  const entries = new Map<number, Entry>();
  for (let at = 0; at < count * step; at += step) {
    const valueAt = table.byteOffset + at + (big ? 12 : 8);
    entries.set(table.getUint16(at, little), {
      type: table.getUint16(at + 2, little),
      count: readOffset(table, at + 4, little, big),
      inline: new DataView(table.buffer, valueAt, big ? 8 : 4),
    });
  }
  const nextOffset = readOffset(table, count * step, little, big);
  return new Directory(source, layout, { offset, nextOffset, entries });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A file position; beyond 2^53 it lies outside every file, and reading there fails. */
function readOffset(view: DataView, at: number, little: boolean, big: boolean): number {
  return big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
}

function numberAt(view: DataView, at: number, type: number, little: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, little);
    case 4:
    case 13:
      return view.getUint32(at, little);
    case 5:
      return view.getUint32(at, little) / view.getUint32(at + 4, little);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, little);
    case 9:
      return view.getInt32(at, little);
    case 10:
      return view.getInt32(at, little) / view.getInt32(at + 4, little);
    case 11:
      return view.getFloat32(at, little);
    case 12:
      return view.getFloat64(at, little);
    case 16:
    case 18:
      return Number(view.getBigUint64(at, little));
    case 17:
      return Number(view.getBigInt64(at, little));
    default:
      return view.getUint8(at);
  }
}
