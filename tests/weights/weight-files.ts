/** Small files made by hand, for what no program writes. */
import { zipSync } from 'fflate';
import type { StoredTensor } from '../../src/weights/index.ts';

/** A safetensors file with any header, sound or not. */
export function safetensorsBytes(header: unknown, data: Uint8Array | number = 0): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, typeof data === 'number' ? Buffer.alloc(data) : data]);
}

/** A tensor in memory. */
export function float32(shape: readonly number[], values: readonly number[]): StoredTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

function uint32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];

/** The opcodes that the hand-made pickles need; each gives bytes, and `pickle` joins them. */
export const op = {
  mark: [0x28],
  none: [0x4e],
  true: [0x88],
  false: [0x89],
  emptyTuple: [0x29],
  emptyList: [0x5d],
  emptyDict: [0x7d],
  tuple: [0x74],
  tuple2: [0x86],
  append: [0x61],
  setItem: [0x73],
  setItems: [0x75],
  reduce: [0x52],
  build: [0x62],
  newObject: [0x81],
  persistent: [0x51],
  integer: (value: number) => [0x4a, ...uint32(value)],
  text: (value: string) => [0x58, ...uint32(Buffer.byteLength(value)), ...Buffer.from(value)],
  python2Text: (value: string) => [0x55, value.length, ...ascii(value)],
  global: (module: string, name: string) => [0x63, ...ascii(`${module}\n${name}\n`)],
  put: (key: number) => [0x71, key],
  get: (key: number) => [0x68, key],
  tupleOf: (...items: number[][]) => [0x28, ...items.flat(), 0x74],
};

/** Protocol 2 around the given opcodes. */
export function pickle(...parts: readonly number[][]): Uint8Array {
  return Uint8Array.from([0x80, 2, ...parts.flat(), 0x2e]);
}

/** Reference to a storage, as `torch.save` writes it. */
export function storage(type: readonly number[], key: string, count: number, view: number[] = []): number[] {
  const id = [op.text('storage'), [...type], op.text(key), op.text('cpu'), op.integer(count), view];
  return [...op.tupleOf(...id), ...op.persistent];
}

export const FLOATS = op.global('torch', 'FloatStorage');

function sizes(values: readonly number[]): number[] {
  return op.tupleOf(...values.map(op.integer));
}

/** A tensor over a storage. */
export function tensorOver(
  reference: number[],
  { offset = 0, shape, stride }: { offset?: number; shape: readonly number[]; stride: readonly number[] },
  { builder = '_rebuild_tensor_v2', more = [op.false, op.none] as number[][] } = {},
): number[] {
  const args = op.tupleOf(reference, op.integer(offset), sizes(shape), sizes(stride), ...more);
  return [...op.global('torch._utils', builder), ...args, ...op.reduce];
}

/** A dict of text keys. */
export function dictOf(entries: Readonly<Record<string, number[]>>): number[] {
  const items = Object.entries(entries).flatMap(([key, value]) => [...op.text(key), ...value]);
  return [...op.emptyDict, ...op.mark, ...items, ...op.setItems];
}

/** A zip checkpoint: uncompressed entries below one folder, as `torch.save` lays them out. */
export function torchZip(
  pickled: Uint8Array,
  entries: Readonly<Record<string, Uint8Array | string>> = {},
  level: 0 | 6 = 0,
): Uint8Array {
  const files = Object.entries({ 'data.pkl': pickled, ...entries }).map(([name, content]) => [
    `archive/${name}`,
    typeof content === 'string' ? Buffer.from(content) : content,
  ]);
  return zipSync(Object.fromEntries(files) as Record<string, Uint8Array>, { level });
}

const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** A legacy checkpoint: its pickles, then blocks of a count and bytes. */
export function torchLegacy(
  root: readonly number[],
  blocks: readonly { readonly key: string; readonly count: number; readonly bytes: Uint8Array }[],
  { protocol = 1001, littleEndian = true } = {},
): Uint8Array {
  const facts = dictOf({ little_endian: littleEndian ? op.true : op.false });
  const keys = [...op.emptyList, ...blocks.flatMap(({ key }) => [...op.text(key), ...op.append])];
  const pickles = [
    pickle(MAGIC),
    pickle(op.integer(protocol)),
    pickle(facts),
    pickle([...root]),
    pickle(keys),
  ];
  const data = blocks.flatMap(({ count, bytes }) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(count));
    return [length, bytes];
  });
  return Buffer.concat([...pickles, ...data]);
}
