import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import {
  countOf,
  openSafetensors,
  STORED_WIDTHS,
  type StoredDtype,
  type StoredTensor,
  toFloat32,
  writeSafetensors,
} from '../../src/weights/index.ts';
import { expectRefusal, temporaryFolder } from '../spatial/section-files.ts';
import { readGolden } from '../support/fixtures.ts';
import { goldenPath } from '../support/paths.ts';
import { float32, safetensorsBytes } from './weight-files.ts';

const DTYPES = Object.keys(STORED_WIDTHS) as StoredDtype[];

const tensors = fc
  .tuple(fc.constantFrom(...DTYPES), fc.array(fc.nat(4), { maxLength: 4 }))
  .chain(([dtype, shape]) => {
    const length = countOf(shape) * STORED_WIDTHS[dtype];
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes): StoredTensor => ({ dtype, shape, bytes }));
  });
const names = fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__');
const contents = fc.record({
  tensors: fc.array(fc.tuple(names, tensors), { maxLength: 8 }).map((list) => new Map(list)),
  metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
});

/** Everything in a file, in plain form. */
function contentOf(path: string) {
  const file = openSafetensors(path);
  const plain = [...file.tensors].map(([name, { dtype, shape, bytes }]) => [
    name,
    dtype,
    [...shape],
    [...bytes],
  ]);
  file.close();
  return { tensors: plain.sort(), metadata: { ...file.metadata } };
}

describe('safetensors', () => {
  const folder = temporaryFolder();
  const path = (name = 'a.safetensors') => join(folder.path, name);

  it('gives back names, types, shapes, bytes and texts', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async ({ tensors: given, metadata }) => {
        await writeSafetensors(path(), given, { metadata });
        const plain = [...given].map(([name, { dtype, shape, bytes }]) => [
          name,
          dtype,
          [...shape],
          [...bytes],
        ]);
        expect(contentOf(path())).toEqual({ tensors: plain.sort(), metadata });
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('gives the same bytes whatever the order of tensors and texts', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async ({ tensors: given, metadata }) => {
        await writeSafetensors(path('1'), given, { metadata });
        const backwards = Object.fromEntries(Object.entries(metadata).reverse());
        await writeSafetensors(path('2'), new Map([...given].reverse()), { metadata: backwards });
        expect(await readFile(path('2'))).toEqual(await readFile(path('1')));
      }),
      { numRuns: 50, seed: 2 },
    );
  });

  it('starts the data at a multiple of 8 and every tensor at a multiple of its element size', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async ({ tensors: given, metadata }) => {
        await writeSafetensors(path(), given, { metadata });
        const bytes = await readFile(path());
        const start = 8 + Number(bytes.readBigUInt64LE());
        expect(start % 8).toBe(0);
        const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, never>;
        for (const [name, { dtype, data_offsets }] of Object.entries<{
          dtype: StoredDtype;
          data_offsets: [number];
        }>(header)) {
          if (name !== '__metadata__') expect(data_offsets[0] % STORED_WIDTHS[dtype]).toBe(0);
        }
      }),
      { numRuns: 50, seed: 3 },
    );
  });

  it('is laid out as the format says', async () => {
    const given = new Map<string, StoredTensor>([
      ['b', { dtype: 'U8', shape: [3], bytes: Uint8Array.of(7, 8, 9) }],
      ['a', float32([2], [1, -2])],
    ]);
    await writeSafetensors(path(), given, { metadata: { z: '1', k: 'é' } });
    const json =
      '{"__metadata__":{"k":"é","z":"1"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}';
    const padded = Buffer.from(json + ' '.repeat(7 - ((Buffer.byteLength(json) + 7) % 8)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(padded.length));
    const data = Buffer.from([0, 0, 128, 63, 0, 0, 0, 192, 7, 8, 9]);
    expect(await readFile(path())).toEqual(Buffer.concat([length, padded, data]));
  });

  it('reads every golden file', () => {
    const files = readdirSync(goldenPath('model')).filter((name) => name.endsWith('.safetensors'));
    expect(files.length).toBeGreaterThan(30);
    for (const name of files) {
      const golden = readGolden(name.replace('.safetensors', ''));
      const file = openSafetensors(goldenPath(`model/${name}`));
      expect([...file.tensors.keys()].sort()).toEqual([...golden.tensors.keys()].sort());
      for (const [key, { shape, bytes }] of file.tensors) {
        const { shape: goldenShape, data } = golden.get(key);
        expect(shape).toEqual(goldenShape);
        expect(Buffer.compare(bytes, new Uint8Array(data.buffer)), `${name} ${key}`).toBe(0);
      }
      file.close();
    }
  });

  it('fetches a tensor when it is asked for, each time anew', async () => {
    await writeSafetensors(path(), new Map([['a', float32([2], [1, 2])]]));
    const file = openSafetensors(path());
    const stored = file.tensors.get('a')!;
    expect([...toFloat32(stored)]).toEqual([1, 2]);
    const size = (await readFile(path())).length;
    const changed = readFileSync(path());
    changed.writeFloatLE(5, size - 4);
    await writeFile(path(), changed);
    expect([...toFloat32(stored)]).toEqual([1, 5]);
    await writeFile(path(), changed.subarray(0, size - 2));
    expect(() => stored.bytes).toThrow(
      `read weights: needed ${size} bytes, found fewer: it became shorter during the reading in ${path()}`,
    );
    file.close();
    file.close();
    expect(() => stored.bytes).toThrow(
      new UsageError('read weights', { need: 'an open file', found: `${path()}, which was closed` }),
    );
  });

  it('reaches tensors behind the first 4 GiB without reading those', async () => {
    const far = 5 * 2 ** 30;
    const header = {
      large: { dtype: 'U8', shape: [far], data_offsets: [0, far] },
      small: { dtype: 'F32', shape: [2], data_offsets: [far, far + 8] },
    };
    const head = safetensorsBytes(header);
    await writeFile(path('sparse'), head);
    await truncate(path('sparse'), head.length + far); // a hole, which takes no space on the disk
    await appendFile(path('sparse'), float32([2], [3, 4]).bytes);
    const file = openSafetensors(path('sparse'));
    expect([...toFloat32(file.tensors.get('small')!)]).toEqual([3, 4]);
    file.close();
    await rm(path('sparse'));
  });
});

describe('writeSafetensors', () => {
  const folder = temporaryFolder();

  it('converts floating point tensors and leaves integers alone', async () => {
    const path = join(folder.path, 'half.safetensors');
    const given = new Map<string, StoredTensor>([
      ['f', float32([3], [1, 1 / 3, 70000])],
      ['d', { dtype: 'F64', shape: [1], bytes: new Uint8Array(Float64Array.of(0.1).buffer) }],
      ['i', { dtype: 'I64', shape: [1], bytes: new Uint8Array(BigInt64Array.of(-3n).buffer) }],
    ]);
    const read = async (dtype: 'F16' | 'BF16' | 'F32') => {
      await writeSafetensors(path, given, { dtype });
      const file = openSafetensors(path);
      const [f, d, i] = ['f', 'd', 'i'].map((name) => file.tensors.get(name)!);
      const numbers = { f: [...toFloat32(f!)], d: [...toFloat32(d!)], types: [f, d, i].map((t) => t!.dtype) };
      file.close();
      return numbers;
    };
    expect(await read('F16')).toEqual({
      f: [1, 0.333251953125, Number.POSITIVE_INFINITY],
      d: [0.0999755859375],
      types: ['F16', 'F16', 'I64'],
    });
    expect(await read('BF16')).toEqual({
      f: [1, 0.333984375, 70144],
      d: [0.10009765625],
      types: ['BF16', 'BF16', 'I64'],
    });
    expect(await read('F32')).toEqual({
      f: [1, Math.fround(1 / 3), 70000],
      d: [Math.fround(0.1)],
      types: ['F32', 'F32', 'I64'],
    });
  });

  it('leaves the target as it was when a tensor cannot be had', async () => {
    const path = join(folder.path, 'kept.safetensors');
    await writeFile(path, 'before');
    const broken: StoredTensor = {
      dtype: 'F32',
      shape: [1],
      get bytes(): Uint8Array {
        throw new DataError('read weights', { need: 'more', found: 'less' });
      },
    };
    const given = new Map([
      ['a', float32([1], [1])],
      ['b', broken],
    ]);
    await expectRefusal(writeSafetensors(path, given), DataError, 'read weights: needed more, found less');
    expect(await readFile(path, 'utf8')).toBe('before');
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('refuses bytes that do not fit, the name of the metadata and a path that cannot be', async () => {
    const path = join(folder.path, 'refused.safetensors');
    const short: StoredTensor = { dtype: 'F32', shape: [2], bytes: new Uint8Array(4) };
    await expectRefusal(
      writeSafetensors(path, new Map([['w', short]])),
      DataError,
      'write weights: needed 8 bytes for w, found 4',
    );
    await expectRefusal(
      writeSafetensors(path, new Map([['__metadata__', short]])),
      UsageError,
      'write weights: needed another name, found a tensor named __metadata__',
    );
    await mkdir(path);
    await expectRefusal(
      writeSafetensors(path, new Map()),
      UsageError,
      `write weights: needed a path that can be written, found ${path} (EISDIR)`,
    );
    await rm(path, { recursive: true });
  });
});
