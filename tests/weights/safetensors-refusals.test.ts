import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { openSafetensors } from '../../src/weights/index.ts';
import { repeatedKey } from '../../src/weights/repeated-keys.ts';
import { temporaryFolder } from '../spatial/section-files.ts';
import { safetensorsBytes } from './weight-files.ts';

const COPY = 'the file is cut off or damaged: copy or download it again';

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** [what, content, need, found, next]; found is followed by the path. */
const REFUSED: readonly (readonly [string, Uint8Array, string, string, string?])[] = [
  ['an empty file', Buffer.alloc(0), 'a safetensors file', '0 bytes', COPY],
  ['a file without a header', Buffer.alloc(7), 'a safetensors file', '7 bytes', COPY],
  [
    'a header longer than the file',
    Buffer.concat([Buffer.from([200, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
    'a header of 200 bytes',
    '2 bytes behind its length',
    COPY,
  ],
  [
    'a header that would fill the memory',
    Buffer.concat([Buffer.alloc(8, 255), Buffer.from('{}')]),
    'a header of at most 100000000 bytes',
    'a length of 18446744073709552000',
  ],
  ['a header that is no JSON', safetensorsBytes('{"a":'), 'a safetensors header in JSON', 'other text', COPY],
  ['an empty header', safetensorsBytes(''), 'a safetensors header in JSON', 'other text', COPY],
  [
    'a header that is not UTF-8',
    Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0x7b, 0x22, 0xff, 0x7d])]),
    'a safetensors header in JSON',
    'other text',
    COPY,
  ],
  ['a list as header', safetensorsBytes('[1]'), 'a JSON object as safetensors header', '[1]'],
  ['null as header', safetensorsBytes('null'), 'a JSON object as safetensors header', 'null'],
  ['a number as header', safetensorsBytes('12'), 'a JSON object as safetensors header', '12'],
  [
    'a repeated name',
    safetensorsBytes(`{"a":${JSON.stringify(entry(0, 4))},"\\u0061":${JSON.stringify(entry(4, 8))}}`, 8),
    'every name once',
    '"a" twice',
  ],
  [
    'a repeated key inside a tensor',
    safetensorsBytes('{"a":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}', 8),
    'every name once',
    '"shape" twice',
  ],
  [
    'an unknown type',
    safetensorsBytes({ a: entry(0, 4, [1], 'F31') }, 4),
    'a type among U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8, BOOL',
    '"F31" for tensor "a"',
  ],
  [
    'a type named like a property of objects',
    safetensorsBytes({ a: entry(0, 4, [1], 'toString') }, 4),
    'a type among U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8, BOOL',
    '"toString" for tensor "a"',
  ],
  [
    'a tensor that is a text',
    safetensorsBytes({ a: 'F32' }),
    'a type among U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8, BOOL',
    'nothing for tensor "a"',
  ],
  [
    'a negative size',
    safetensorsBytes({ a: entry(0, 4, [-1]) }, 4),
    'a shape of whole numbers from 0',
    '[-1] for tensor "a"',
  ],
  [
    'a broken size',
    safetensorsBytes({ a: entry(0, 4, [0.5, 2]) }, 4),
    'a shape of whole numbers from 0',
    '[0.5,2] for tensor "a"',
  ],
  [
    'a shape that is a number',
    safetensorsBytes({ a: entry(0, 4, 1) }, 4),
    'a shape of whole numbers from 0',
    '1 for tensor "a"',
  ],
  [
    'negative offsets',
    safetensorsBytes({ a: entry(-4, 0, [1]) }, 4),
    'data_offsets [begin, end] with 0 <= begin <= end',
    '[-4,0] for tensor "a"',
  ],
  [
    'offsets in the wrong order',
    safetensorsBytes({ a: entry(4, 0, [1]) }, 4),
    'data_offsets [begin, end] with 0 <= begin <= end',
    '[4,0] for tensor "a"',
  ],
  [
    'three offsets',
    safetensorsBytes({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, 4),
    'data_offsets [begin, end] with 0 <= begin <= end',
    '[0,4,8] for tensor "a"',
  ],
  [
    'data that are cut off',
    safetensorsBytes({ a: entry(0, 4), b: entry(4, 16) }, 15),
    'bytes 4 to 16 for tensor "b"',
    '15 bytes of data',
    COPY,
  ],
  [
    'a shape that does not fill its range',
    safetensorsBytes({ a: entry(0, 8, [3]) }, 8),
    'shape x 4 bytes',
    '8 for tensor "a" of type F32 and shape [3]',
  ],
  [
    'a shape beyond all numbers',
    safetensorsBytes({ a: entry(0, 8, [...Array(21).fill(Number.MAX_SAFE_INTEGER), 0]) }, 8),
    'shape x 4 bytes',
    `8 for tensor "a" of type F32 and shape [${Array(21).fill(Number.MAX_SAFE_INTEGER).join(', ')}, 0]`,
  ],
  [
    'shared bytes',
    safetensorsBytes({ a: entry(0, 8), b: entry(4, 12) }, 12),
    'tensors that follow one another',
    '"b" at 4, which overlaps the tensor before it,',
  ],
  [
    'a gap',
    safetensorsBytes({ a: entry(0, 4), b: entry(8, 12) }, 12),
    'tensors that follow one another',
    '"b" at 8, which leaves a gap before it,',
  ],
  [
    'bytes that belong to nothing',
    safetensorsBytes({ a: entry(0, 4) }, 5),
    '4 bytes of data, as the header says',
    '5',
    COPY,
  ],
  [
    'metadata that are no texts',
    safetensorsBytes({ __metadata__: { step: 3 } }),
    'an object of texts under __metadata__',
    '{"step":3}',
  ],
  [
    'metadata that are a text',
    safetensorsBytes({ __metadata__: 'x'.repeat(80) }),
    'an object of texts under __metadata__',
    `"${'x'.repeat(56)}...`,
  ],
];

function expectThrown(work: () => unknown, kind: new (...args: never[]) => Error, message: string): void {
  let thrown: unknown;
  try {
    work();
  } catch (error) {
    thrown = error;
  }
  expect((thrown as Error | undefined)?.message).toBe(message);
  expect(thrown).toBeInstanceOf(kind);
}

describe('openSafetensors refuses', () => {
  const folder = temporaryFolder();

  for (const [what, content, need, found, next] of REFUSED) {
    it(what, async () => {
      const path = await folder.write(`${what.replaceAll(' ', '-')}.safetensors`, content);
      const parts = { need, found: `${found} in ${path}`, ...(next === undefined ? {} : { next }) };
      expectThrown(() => openSafetensors(path), DataError, new DataError('read weights', parts).message);
    });
  }

  it('a path without a file and a folder', () => {
    const missing = join(folder.path, 'none.safetensors');
    expect(() => openSafetensors(missing)).toThrow(
      `read weights: needed a weights file, found ${missing} (no such file); check the path`,
    );
    expect(() => openSafetensors(missing)).toThrow(UsageError);
    expect(() => openSafetensors(folder.path)).toThrow(
      `read weights: needed a weights file, found ${folder.path} (not a regular file); check the path`,
    );
  });

  it('nothing that the format allows', async () => {
    const loose =
      '{ "__proto__" : {"dtype":"U8","shape":[1],"data_offsets":[4,5], "note": 1} ,"":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]}}   ';
    const file = openSafetensors(await folder.write('loose.safetensors', safetensorsBytes(loose, 5)));
    expect([...file.tensors].map(([name, { shape, bytes }]) => [name, shape, bytes.length])).toEqual([
      ['__proto__', [1], 1],
      ['', [], 4],
      ['e', [0, 3], 0],
    ]);
    file.close();
    openSafetensors(await folder.write('empty.safetensors', safetensorsBytes('{}'))).close();
  });
});

describe('repeatedKey', () => {
  it.each([
    ['{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}', undefined],
    ['{"a":"a\\":\\"","b":"{","c":"}"}', undefined],
    ['{"a":["a","a"],"b":"a"}', undefined],
    ['{"a":1,"b":2,"a":3}', 'a'],
    ['{"x":{"b":1,"b" : 2}}', 'b'],
    ['{"x":[{"y":{}},{"é":1,"\\u00e9":2}]}', 'é'],
    ['{"a\\"":1,"a\\u0022":2}', 'a"'],
  ])('of %s', (text, key) => {
    expect(repeatedKey(text)).toBe(key);
  });
});
