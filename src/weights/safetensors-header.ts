/** The JSON header of a safetensors file: what it must say, checked before any tensor is fetched. */
import { COPY_AGAIN, type FileBytes } from './file-bytes.ts';
import { repeatedKey } from './repeated-keys.ts';
import { countOf, STORED_WIDTHS, type StoredDtype } from './stored-tensor.ts';

/** Key under which the header keeps text that describes the file. */
export const METADATA_KEY = '__metadata__';

/** One tensor's place: bytes `begin` to `end` of the data behind the header. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** JSON in one line and of bounded length, for messages. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function parseObject(bytes: Uint8Array, file: FileBytes): Json {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw file.refuse('a safetensors header in JSON', 'other text', COPY_AGAIN, cause);
  }
  if (!isObject(value)) throw file.refuse('a JSON object as safetensors header', shown(value));
  const key = repeatedKey(text);
  if (key !== undefined) throw file.refuse('every name once', `${shown(key)} twice`);
  return value;
}

function checkMetadata(value: unknown, file: FileBytes): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (isObject(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Record<string, string>;
  }
  throw file.refuse(`an object of texts under ${METADATA_KEY}`, shown(value));
}

function checkEntry(name: string, value: unknown, dataBytes: number, file: FileBytes): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? value : {};
  const about = `tensor ${shown(name)}`;
  if (typeof dtype !== 'string' || !Object.hasOwn(STORED_WIDTHS, dtype)) {
    throw file.refuse(
      `a type among ${Object.keys(STORED_WIDTHS).join(', ')}`,
      `${shown(dtype)} for ${about}`,
    );
  }
  if (!isSizes(shape)) throw file.refuse('a shape of whole numbers from 0', `${shown(shape)} for ${about}`);
  const [begin, end] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined || begin > end) {
    throw file.refuse('data_offsets [begin, end] with 0 <= begin <= end', `${shown(offsets)} for ${about}`);
  }
  if (end > dataBytes) {
    throw file.refuse(`bytes ${begin} to ${end} for ${about}`, `${dataBytes} bytes of data`, COPY_AGAIN);
  }
  const width = STORED_WIDTHS[dtype as StoredDtype];
  if (countOf(shape) * width !== end - begin) {
    const found = `${end - begin} for ${about} of type ${dtype} and shape [${shape.join(', ')}]`;
    throw file.refuse(`shape x ${width} bytes`, found);
  }
  return { name, dtype: dtype as StoredDtype, shape, begin, end };
}

/** The tensors must fill the data exactly: nothing shared, nothing unused. */
function checkCoverage(entries: readonly HeaderEntry[], dataBytes: number, file: FileBytes): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let filled = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== filled) {
      const what = begin < filled ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw file.refuse(`tensors that follow one another`, `${shown(name)} at ${begin}, which ${what},`);
    }
    filled = end;
  }
  if (filled !== dataBytes) {
    throw file.refuse(`${filled} bytes of data, as the header says`, `${dataBytes}`, COPY_AGAIN);
  }
}

/**
 * Checks a header.
 *
 * @param dataBytes size of the data behind it.
 * @throws DataError naming the tensor for an unknown type, a wrong shape, ranges that are negative, too long, shared
 * or not filled; for text that is no JSON object, repeated names and metadata that are no texts.
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, file: FileBytes): Header {
  const { [METADATA_KEY]: metadata, ...tensors } = parseObject(bytes, file);
  const entries = Object.entries(tensors).map(([name, value]) => checkEntry(name, value, dataBytes, file));
  checkCoverage(entries, dataBytes, file);
  return { entries, metadata: checkMetadata(metadata, file) };
}
