import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { readCheckpoint } from '../../src/weights/index.ts';
import { expectRefusal, temporaryFolder } from '../spatial/section-files.ts';
import { goldenPath } from '../support/paths.ts';
import { dictOf, FLOATS, op, pickle, storage, tensorOver, torchLegacy, torchZip } from './weight-files.ts';

const COPY = 'the file is cut off or damaged: copy or download it again';
const AGAIN = 'write the checkpoint again';
const STATE_DICT = 'save the state_dict() of the model with torch.save';

const pair = { shape: [2], stride: [1] };
const sound = tensorOver(storage(FLOATS, '0', 2), pair);
const zipOf = (root: number[], data = 8) => torchZip(pickle(root), { 'data/0': new Uint8Array(data) });
const block = { key: '0', count: 2, bytes: new Uint8Array(8) };
const legacyOf = (root = dictOf({ w: sound }), blocks = [block], facts = {}) =>
  torchLegacy(root, blocks, facts);

/** [what, content, need, found, next]; found is followed by the path. */
type Refusal = readonly [what: string, content: Uint8Array, need: string, found: string, next?: string];

const CONTENT: readonly Refusal[] = [
  [
    'nothing',
    new Uint8Array(0),
    'a safetensors file or a PyTorch checkpoint',
    '0 bytes of something else',
    COPY,
  ],
  [
    'text',
    Buffer.from('hello, world'),
    'a safetensors file or a PyTorch checkpoint',
    '12 bytes of something else',
    COPY,
  ],
  [
    'a Git LFS pointer',
    Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
    'a safetensors file or a PyTorch checkpoint',
    'a Git LFS pointer',
    'fetch the file itself with git lfs pull',
  ],
  [
    'a web page',
    Buffer.from('<!doctype html>'),
    'a safetensors file or a PyTorch checkpoint',
    'a web page or XML',
    'download the file itself',
  ],
  [
    'a gzip file',
    Buffer.from([0x1f, 0x8b, 8, 0]),
    'a safetensors file or a PyTorch checkpoint',
    'a gzip file',
    'unpack it',
  ],
  [
    'an HDF5 file',
    Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'),
    'a safetensors file or a PyTorch checkpoint',
    'an HDF5 file',
    'choose a weights file',
  ],
];

const ZIP: readonly Refusal[] = [
  [
    'a cut-off zip file',
    zipOf(dictOf({ w: sound })).subarray(0, 200),
    'a sound zip file',
    'End of central directory record signature not found. Either not a zip file, or file is truncated.',
    COPY,
  ],
  [
    'a zip file of other things',
    torchZip(new Uint8Array(1)).map((byte) => (byte === 0x6b ? 0x6c : byte)), // data.pll
    'a zip file written by torch.save',
    'no data.pkl',
    'save the state dict with torch.save',
  ],
  [
    'a TorchScript program',
    torchZip(pickle(op.none), { 'constants.pkl': pickle(op.none) }),
    'a state dict',
    'a TorchScript program',
    'save its state_dict() with torch.save',
  ],
  [
    'a compressed file',
    torchZip(pickle(op.none, ...Array<number[]>(99).fill(op.none)), {}, 6),
    'an uncompressed entry archive/data.pkl',
    'a compressed one',
    'save it again with torch.save',
  ],
  [
    'big-endian numbers',
    torchZip(pickle(op.none), { byteorder: 'big' }),
    'little-endian numbers',
    'byte order "big"',
    'save it on a little-endian machine',
  ],
  ['a missing storage', torchZip(pickle(sound)), 'an entry archive/data/0', 'none', COPY],
  ['a storage of another size', zipOf(sound, 7), '2 elements of type F32 in storage 0', '7 bytes', COPY],
  [
    'one storage of two types',
    zipOf(dictOf({ a: sound, b: tensorOver(storage(op.global('torch', 'IntStorage'), '0', 2), pair) })),
    '2 elements of type I32 in storage 0',
    '8 bytes',
    COPY,
  ],
];

const LEGACY: readonly Refusal[] = [
  [
    'a pickle of something else',
    pickle(dictOf({ w: op.integer(1) })),
    'a checkpoint written by torch.save',
    'another pickle',
    'save the state dict with torch.save',
  ],
  [
    'another format version',
    legacyOf(undefined, undefined, { protocol: 1002 }),
    "PyTorch's format 1001",
    '1002',
  ],
  [
    'big-endian numbers',
    legacyOf(undefined, undefined, { littleEndian: false }),
    'little-endian numbers',
    'another byte order',
    'save it on a little-endian machine',
  ],
  ['a missing storage', legacyOf(dictOf({ w: sound }), []), 'storage 0', 'none', COPY],
  [
    'a storage nobody uses',
    legacyOf(dictOf({}), [block]),
    'storages that tensors of known types use',
    'another one',
    'save only the state dict',
  ],
  [
    'a storage of another size',
    legacyOf(undefined, [{ ...block, count: 3 }]),
    '2 elements in storage 0',
    '3',
    COPY,
  ],
  [
    'a storage that is cut off',
    legacyOf(undefined, [{ ...block, bytes: new Uint8Array(5) }]),
    '8 bytes of storage 0',
    '5 bytes before the end',
    COPY,
  ],
  [
    'one storage of two sizes',
    legacyOf(dictOf({ a: sound, b: tensorOver(storage(FLOATS, '0', 3), pair) })),
    'storage 0 of one type and size',
    'F32 and F32',
  ],
  [
    'a view beyond its storage',
    legacyOf(
      tensorOver(storage(FLOATS, '0', 2, op.tupleOf(op.text('v'), op.integer(1), op.integer(2))), pair),
    ),
    'a part of the 2 elements of storage 0',
    'one that reaches beyond',
  ],
];

const layout = (shape: number[], stride: number[], offset = 0) =>
  zipOf(tensorOver(storage(FLOATS, '0', 2), { offset, shape, stride }));

const TENSORS: readonly Refusal[] = [
  [
    'an offset beyond the storage',
    layout([1], [1], 2),
    'a tensor within the 2 elements of storage 0',
    'offset 2, shape [1], strides [1]',
  ],
  [
    'strides beyond the storage',
    layout([2, 2], [1, 1]),
    'a tensor within the 2 elements of storage 0',
    'offset 0, shape [2, 2], strides [1, 1]',
  ],
  [
    'repeated elements that would fill the memory',
    layout([100000, 100000], [0, 0]),
    'a tensor no larger than its storage',
    'shape [100000, 100000] over 2 elements',
  ],
  [
    'a negative size',
    layout([-1], [1]),
    'a tensor with an offset, sizes and as many strides',
    'one with other arguments',
  ],
  [
    'a negative stride',
    layout([2], [-1]),
    'a tensor with an offset, sizes and as many strides',
    'one with other arguments',
  ],
  [
    'a negative offset',
    layout([1], [1], -1),
    'a tensor with an offset, sizes and as many strides',
    'one with other arguments',
  ],
  [
    'too few strides',
    layout([1, 1], [1]),
    'a tensor with an offset, sizes and as many strides',
    'one with other arguments',
  ],
  [
    'too many axes',
    layout(Array(65).fill(1), Array(65).fill(1)),
    'a tensor with an offset, sizes and as many strides',
    'one with other arguments',
  ],
  ['a tensor over nothing', zipOf(tensorOver(op.none, pair)), 'a tensor over a storage', 'one without'],
  [
    'a reference to something else',
    zipOf([...op.tupleOf(op.text('file'), op.text('x')), ...op.persistent]),
    'references to storages',
    'a reference to something else',
  ],
  [
    'an OrderedDict of single items',
    zipOf([
      ...op.global('collections', 'OrderedDict'),
      ...op.tupleOf([...op.emptyList, ...op.text('ab'), ...op.append]),
      ...op.reduce,
    ]),
    'a dict of pairs',
    'other items',
  ],
  ['a number', zipOf(op.integer(3)), 'a state dict, that is tensors by name', 'something else', STATE_DICT],
  [
    'a dict of numbers',
    zipOf(dictOf({ a: op.integer(3) })),
    'a state dict, that is tensors by name',
    'a dict without tensors',
    STATE_DICT,
  ],
  ['a tensor alone', zipOf(sound), 'a state dict, that is tensors by name', 'a single tensor', STATE_DICT],
];

/** Opcodes of a pickle and what is wrong with them; the error names the byte of the file behind the last opcode. */
const PICKLES: readonly (readonly [string, number[], string])[] = [
  ['an unknown opcode', [0x01], 'opcode 0x01'],
  ['an opcode of protocol 0', [0x49], 'opcode 0x49'],
  ['an extension code', [0x82], 'opcode 0x82'],
  ['a protocol of the future', [0x80, 6], 'protocol 6'],
  ['an empty stack', [0x85], 'an empty stack'],
  ['a tuple that reaches below a mark', [0x4e, 0x28, 0x85], 'an empty stack'],
  ['a missing mark', [0x74], 'no mark'],
  ['a value never remembered', [0x68, 9], 'no remembered value 9'],
  ['an append to a number', [0x4b, 1, 0x4e, 0x61], 'items without a list'],
  ['entries for a list', [0x5d, 0x4e, 0x4e, 0x73], 'entries without a dict'],
  ['a key without a value', [0x7d, 0x28, 0x4e, 0x75], 'a key without a value'],
  ['members for a list', [0x5d, 0x28, 0x4e, 0x90], 'items without a set'],
  ['a call without a tuple', [0x4e, 0x4e, 0x52], 'arguments that are no tuple'],
  ['a class named by a number', [0x4e, 0x4e, 0x93], 'a name that is no text'],
  ['an integer of 256 bytes', [0x8b, 0, 1, 0, 0], 'an integer of 256 bytes'],
];

describe('readCheckpoint refuses', () => {
  const folder = temporaryFolder();

  describe.each([
    ['other files', CONTENT],
    ['zip files', ZIP],
    ['legacy files', LEGACY],
    ['objects', TENSORS],
  ] as const)('%s:', (group, refusals) => {
    for (const [what, content, need, found, next] of refusals) {
      it(what, async () => {
        const path = await folder.write(`${group}/${what}.pth`.replaceAll(' ', '-'), content);
        const parts = { need, found: `${found} in ${path}`, ...(next === undefined ? {} : { next }) };
        await expectRefusal(readCheckpoint(path), DataError, new DataError('read weights', parts).message);
      });
    }
  });

  describe('pickles:', () => {
    for (const [what, opcodes, found] of PICKLES) {
      it(what, async () => {
        const content = torchZip(Uint8Array.from(opcodes));
        const path = await folder.write('pickle.pth', content);
        const start = 30 + 'archive/data.pkl'.length; // behind the entry's own header
        const place = `${found} before byte ${start + opcodes.length}`;
        const message = `read weights: needed a sound pickle, found ${place} in ${path}; ${AGAIN}`;
        await expectRefusal(readCheckpoint(path), DataError, message);
      });
    }

    it('a text that is cut off', async () => {
      const path = await folder.write('text.pth', torchZip(Uint8Array.from([0x58, 9, 0, 0, 0, 0x41])));
      await expect(readCheckpoint(path)).rejects.toThrow(
        /^read weights: needed 9 bytes at byte \d+, found 1 bytes before the end in /,
      );
    });

    it('a pickle without an end', async () => {
      const path = await folder.write('end.pth', torchZip(Uint8Array.from([0x80, 2, 0x4e])));
      await expect(readCheckpoint(path)).rejects.toThrow(
        'needed 1 bytes at byte 49, found 0 bytes before the end',
      );
    });

    it('a name without an end', async () => {
      const path = await folder.write('line.pth', torchZip(new Uint8Array(9000).fill(0x63)));
      await expect(readCheckpoint(path)).rejects.toThrow('needed a line of at most 4096 characters');
    });

    it('more steps than fit into memory', async () => {
      const path = await folder.write('steps.pth', torchZip(new Uint8Array(5_000_001).fill(0x4e)));
      await expect(readCheckpoint(path)).rejects.toThrow(
        'needed a sound pickle, found more than 5000000 steps',
      );
    });

    it('dicts built over and over', async () => {
      const pairs = [...op.emptyList, ...op.mark];
      for (let i = 0; i < 3000; i++) pairs.push(...op.integer(i), ...op.none, ...op.tuple2);
      const again = [...op.global('collections', 'OrderedDict'), ...op.tupleOf(op.get(1)), ...op.reduce];
      const root = [...pairs, 0x65, ...op.put(1), ...Array<number[]>(2000).fill(again).flat()];
      const path = await folder.write('dicts.pth', torchZip(pickle(root)));
      await expect(readCheckpoint(path)).rejects.toThrow('needed at most 5000000 entries, found more');
    });

    it('a builder that would call itself for ever', async () => {
      const self = [...op.global('torch._tensor', '_rebuild_from_type_v2'), ...op.put(1)];
      const args = [...op.emptyList, ...op.put(2), ...op.get(1), ...op.append, ...op.none, ...op.append];
      const root = [...self, ...args, ...op.get(2), ...op.append, ...op.reduce];
      const path = await folder.write('self.pth', torchZip(pickle(root)));
      await expect(readCheckpoint(path)).rejects.toThrow('found an object of class an unnamed object');
    });

    it('dicts that hold one another', async () => {
      const self = [...op.emptyDict, ...op.put(1)];
      const entries = 'abcdefghijklmnopqrstuvwxyz'
        .split('')
        .flatMap((key) => [...op.text(key), ...op.get(1)]);
      const root = [...self, ...op.mark, ...entries, ...op.setItems];
      const path = await folder.write('cycle.pth', torchZip(pickle(root)));
      await expect(readCheckpoint(path)).rejects.toThrow('found a dict without tensors');
    });
  });

  it('a pickled module and a single tensor of PyTorch itself', async () => {
    await expect(readCheckpoint(goldenPath('checkpoints/module_zip.pth'))).rejects.toThrow(
      'needed a state dict, that is tensors by name, found an object of class torch.nn.modules.container.ModuleDict in ',
    );
    await expect(readCheckpoint(goldenPath('checkpoints/tensor_zip.pth'))).rejects.toThrow(
      'found a single tensor in ',
    );
  });

  it('a zip64 directory beyond all numbers', async () => {
    const whole = await readFile(goldenPath('checkpoints/flat_zip.pth'));
    const locator = whole.lastIndexOf(Buffer.from([0x50, 0x4b, 6, 7]));
    expect(locator).toBeGreaterThan(0);
    const far = Buffer.from(whole);
    far.fill(0xff, locator + 8, locator + 16);
    await expect(readCheckpoint(await folder.write('far.pth', far))).rejects.toThrow(DataError);
    const directory = Buffer.from(whole);
    const record = Number(whole.readBigUInt64LE(locator + 8));
    directory.fill(0xff, record + 48, record + 56);
    await expect(readCheckpoint(await folder.write('directory.pth', directory))).rejects.toThrow(DataError);
  });
});
