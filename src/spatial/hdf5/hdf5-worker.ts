/** The code that runs h5wasm inside a worker thread. Its functions are sent there as text: see WorkerCode. */
import type * as H5 from 'h5wasm/node';
import type { WorkerAnswer, WorkerCode } from '../guard/guarded-worker.ts';
import type {
  ElementType,
  Hdf5Attribute,
  Hdf5Field,
  Hdf5Item,
  Hdf5Listing,
  Hdf5Request,
  Hdf5Values,
  Hdf5WriteAttribute,
  Hdf5WriteDataset,
  Hdf5WriteGroup,
  NumberArray,
  NumberType,
} from './hdf5-messages.ts';

/** The library and the file that is open. */
interface Library {
  readonly h5: typeof H5;
  readonly module: Awaited<typeof H5.ready>;
  /** Name that stands for the truth-value type until it is replaced in the written file. */
  readonly booleanName: string;
  file: H5.File | undefined;
  fileBytes: number;
}

/**
 * HDF5's error handler is set to throw: without it a failed read leaves an unfilled buffer. Written data get the
 * modification time 0, so that equal input gives equal bytes.
 */
async function startHdf5(
  load: (address: string) => Promise<unknown>,
  [address, booleanName]: readonly string[],
): Promise<(request: Hdf5Request) => WorkerAnswer> {
  const h5 = (await load(address!)) as typeof H5;
  const module = await h5.ready;
  module.activate_throwing_error_handler();
  Date.now = () => 0;
  const library: Library = { h5, module, booleanName: booleanName!, file: undefined, fileBytes: 0 };
  return (request) => {
    const value = answerRequest(library, request);
    const data = (value as { data?: unknown } | undefined)?.data;
    return ArrayBuffer.isView(data) ? { value, transfer: [data.buffer as ArrayBuffer] } : { value };
  };
}

function answerRequest(library: Library, request: Hdf5Request): unknown {
  switch (request.kind) {
    case 'open':
      library.fileBytes = request.bytes;
      library.file = new library.h5.File(request.file, 'r');
      return describeItem(library, '', '', library.file);
    case 'list':
      return listGroup(library, request.path);
    case 'read':
      return readDataset(library, request.path, request.from, request.to);
    case 'write':
      return writeFile(library, request.file, request.root);
    case 'close':
      library.file?.close();
      library.file = undefined;
      return library.module.HEAPU8.length;
  }
}

function typeOfElements({ module }: Library, metadata: H5.Metadata): ElementType {
  const { H5T_class_t: classes } = module;
  const bits = 8 * metadata.size;
  switch (metadata.type) {
    case classes.H5T_INTEGER.value:
      return `${metadata.signed ? '' : 'u'}int${bits}` as NumberType;
    case classes.H5T_FLOAT.value:
      return bits === 32 || bits === 64 ? `float${bits}` : 'other';
    case classes.H5T_STRING.value:
      return 'string';
    case classes.H5T_COMPOUND.value:
      return 'compound';
    case classes.H5T_REFERENCE.value:
      return 'reference';
    case classes.H5T_ENUM.value: {
      const members = metadata.enum_type?.members ?? {};
      const boolean = Object.keys(members).length === 2 && members.FALSE === 0 && members.TRUE === 1;
      return boolean ? 'bool' : (`${metadata.signed ? '' : 'u'}int${bits}` as NumberType);
    }
    default:
      return 'other';
  }
}

function readAttribute(
  library: Library,
  owner: H5.Group | H5.Dataset,
  name: string,
): Hdf5Attribute | undefined {
  const { h5, module } = library;
  const metadata = module.get_attribute_metadata(owner.file_id, owner.path, name);
  if (metadata.shape === null || metadata.total_size > 1e7) return undefined;
  const read = owner.get_attribute(name, false) as unknown;
  const value = Array.isArray(read) && read.length === 1 && read[0] instanceof h5.Reference ? read[0] : read;
  if (typeOfElements(library, metadata) === 'bool' && typeof value === 'number') return value !== 0;
  if (value instanceof h5.Reference) {
    const target = owner.dereference(value) as { path?: string } | null;
    return target?.path === undefined ? undefined : { path: target.path.replace(/^\/+/, '') };
  }
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  return undefined;
}

function describeItem(library: Library, parent: string, name: string, entity: unknown): Hdf5Item {
  const { h5 } = library;
  const path = parent === '' ? name : `${parent}/${name}`;
  const base = { name, path, attributes: {}, shape: [], type: 'other' } as const;
  if (!(entity instanceof h5.Group) && !(entity instanceof h5.Dataset)) return { ...base, kind: 'other' };
  const attributes: Record<string, Hdf5Attribute> = {};
  for (const key of Object.keys(entity.attrs)) {
    const value = readAttribute(library, entity, key);
    if (value !== undefined) attributes[key] = value;
  }
  if (entity instanceof h5.Group) return { ...base, kind: 'group', attributes };
  const { metadata } = entity;
  const type = typeOfElements(library, metadata);
  return { ...base, kind: 'dataset', attributes, shape: metadata.shape ?? [], type };
}

function listGroup(library: Library, path: string): Hdf5Listing {
  const group = library.file?.get(`/${path}`);
  if (!(group instanceof library.h5.Group)) throw new Error(`"${path}" is no group`);
  let damaged = false;
  const children = group.keys().map((name) => {
    try {
      return describeItem(library, path, name, group.get(name));
    } catch (error) {
      // An abort ends the library; an error leaves this one child aside.
      if ((error as Error).name === 'RuntimeError') throw error;
      damaged = true;
      return describeItem(library, path, name, undefined);
    }
  });
  return { children, damaged };
}

/** A few damaged bytes can claim any size; no filter of HDF5 shrinks data more than 1,032 times. */
function checkClaim(metadata: H5.Metadata, rows: number, perRow: number, fileBytes: number): void {
  const bytes = rows * perRow * metadata.size;
  const most = Math.max(2 ** 26, fileBytes * (metadata.chunks === null ? 1 : 1100));
  if (bytes <= most && bytes <= 2 ** 33) return;
  throw new Error(`data of ${bytes} bytes in a file of ${fileBytes}`);
}

function emptyArray(type: ElementType, length: number): NumberArray {
  switch (type) {
    case 'int8':
      return new Int8Array(length);
    case 'uint8':
    case 'bool':
      return new Uint8Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'uint16':
      return new Uint16Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'uint32':
      return new Uint32Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'uint64':
      return new BigUint64Array(length);
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    default:
      throw new Error(`elements of a type that cannot be read (${type})`);
  }
}

/** Fixed-length text that is padded with spaces instead of zeros keeps no trailing space. */
function trimPadding(values: readonly string[], metadata: H5.Metadata): string[] {
  const padded = !metadata.vlen && metadata.strpad === 2;
  return values.map((text) => (padded ? text.replace(/ +$/, '') : text));
}

function fieldsOfRecords(library: Library, metadata: H5.Metadata, rows: readonly unknown[][]): Hdf5Field[] {
  return (metadata.compound_type?.members ?? []).map((member, m) => {
    const column = rows.map((row) => row[m]);
    const { name } = member;
    const type = typeOfElements(library, member);
    if (type === 'string') return { name, width: 1, type, values: trimPadding(column as string[], member) };
    const flat = column.flat(9) as number[];
    const width = rows.length === 0 ? 1 : flat.length / rows.length;
    return { name, width, type, values: Float64Array.from(flat, Number) };
  });
}

/** Rows `from` to `to` of the first axis, or everything; read in slabs of 32 MiB, so that memory stays bounded. */
function readDataset(library: Library, path: string, from?: number, to?: number): Hdf5Values {
  const dataset = library.file?.get(`/${path}`);
  if (!(dataset instanceof library.h5.Dataset)) throw new Error(`"${path}" is no data set`);
  const { metadata } = dataset;
  const type = typeOfElements(library, metadata);
  // Text without a declared encoding is UTF-8 where it comes from h5py.
  metadata.cset = 1;
  for (const member of metadata.compound_type?.members ?? []) member.cset = 1;
  const shape = metadata.shape ?? [0];
  const perRow = shape.slice(1).reduce((product, size) => product * size, 1);
  const first = from ?? 0;
  const last = to ?? shape[0] ?? 1;
  checkClaim(metadata, last - first, perRow, library.fileBytes);
  const step = Math.max(1, Math.floor(2 ** 25 / (perRow * metadata.size)));
  const parts: unknown[] = shape.length === 0 ? [[dataset.value].flat()] : [];
  for (let r = first; shape.length > 0 && r < last; r += step) {
    parts.push(dataset.slice([[r, Math.min(last, r + step)]]));
  }
  if (type === 'string') return { kind: 'strings', data: trimPadding(parts.flat() as string[], metadata) };
  if (type === 'compound') {
    return { kind: 'records', fields: fieldsOfRecords(library, metadata, parts.flat() as unknown[][]) };
  }
  const data = emptyArray(type, (last - first) * perRow);
  let at = 0;
  for (const part of parts as ArrayLike<number>[]) {
    data.set(part as never, at);
    at += part.length;
  }
  if (type === 'bool') return { kind: 'booleans', data: data as Uint8Array };
  return { kind: 'numbers', type: type as NumberType, data };
}

function writeAttribute(
  { module, booleanName }: Library,
  owner: H5.Group | H5.Dataset,
  name: string,
  value: Hdf5WriteAttribute,
): void {
  const shape = Array.isArray(value) ? [value.length] : [];
  const items = [value].flat() as (string | number | boolean)[];
  if (typeof value === 'boolean') {
    owner.create_attribute(name, new Map([[booleanName, Number(value)]]), [], [[booleanName, '<b']]);
  } else if (items.some((item) => typeof item === 'string')) {
    owner.create_attribute(name, items as string[], shape, 'S');
  } else if (items.length === 0) {
    // HDF5 creates an attribute without elements and then complains that there is nothing to write.
    module.deactivate_throwing_error_handler();
    owner.create_attribute(name, new Float64Array(0), [0], '<d');
    module.activate_throwing_error_handler();
  } else if (items.every((item) => Number.isInteger(item))) {
    owner.create_attribute(name, BigInt64Array.from(items as number[], BigInt), shape, '<q');
  } else {
    owner.create_attribute(name, Float64Array.from(items as number[]), shape, '<d');
  }
}

/** Truth values go out as records of one byte under the stand-in name, as the library cannot write enums. */
function writeDataset(library: Library, parent: H5.Group, name: string, node: Hdf5WriteDataset): void {
  const { data, boolean = false } = node;
  const shape = [...node.shape];
  let made: H5.Dataset;
  if (boolean) {
    const bytes = new Map([[library.booleanName, Int8Array.from(data as Uint8Array)]]);
    made = parent.create_dataset({ name, data: bytes, shape, dtype: [[library.booleanName, '<b']] });
  } else if (Array.isArray(data)) {
    made = parent.create_dataset({ name, data, shape, dtype: 'S' });
  } else {
    made = parent.create_dataset({ name, data: data as NumberArray, shape });
  }
  for (const [key, value] of Object.entries(node.attributes)) writeAttribute(library, made, key, value);
}

function writeGroup(library: Library, group: H5.Group, node: Hdf5WriteGroup): void {
  for (const [key, value] of Object.entries(node.attributes)) writeAttribute(library, group, key, value);
  for (const [name, child] of Object.entries(node.children)) {
    if (child.kind === 'group') writeGroup(library, group.create_group(name), child);
    else writeDataset(library, group, name, child);
  }
}

/** The oldest format is asked for: it has no checksums over the type descriptions that are replaced afterwards. */
function writeFile(library: Library, path: string, root: Hdf5WriteGroup): void {
  const target = new library.h5.File(path, 'w', { libver: ['earliest', 'latest'] });
  try {
    writeGroup(library, target, root);
  } finally {
    target.close();
  }
}

export const hdf5Worker: WorkerCode = {
  main: startHdf5,
  helpers: [
    answerRequest,
    typeOfElements,
    readAttribute,
    describeItem,
    listGroup,
    checkClaim,
    emptyArray,
    trimPadding,
    fieldsOfRecords,
    readDataset,
    writeAttribute,
    writeDataset,
    writeGroup,
    writeFile,
  ],
};
