/** What today's PyTorch writes differently from the one that made the golden files, and what old ones wrote. */
import { describe, expect, it } from 'vitest';
import { readCheckpoint, toFloat32 } from '../../src/weights/index.ts';
import { temporaryFolder } from '../spatial/section-files.ts';
import { dictOf, FLOATS, op, pickle, storage, tensorOver, torchLegacy, torchZip } from './weight-files.ts';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const pair = { shape: [2], stride: [1] };

describe('hand-made checkpoints', () => {
  const folder = temporaryFolder();

  async function read(content: Uint8Array): Promise<Record<string, number[]>> {
    const checkpoint = await readCheckpoint(await folder.write('handmade.pt', content));
    const values = [...checkpoint.tensors].map(([name, stored]) => [name, [...toFloat32(stored)]]);
    checkpoint.close();
    return Object.fromEntries(values) as Record<string, number[]>;
  }

  it('with the entries that PyTorch 2 adds', async () => {
    const root = dictOf({ w: tensorOver(storage(FLOATS, '0', 2), pair) });
    const entries = {
      '.format_version': '1',
      '.storage_alignment': '64',
      byteorder: 'little',
      'data/0': floats(3, 4),
      version: '3\n',
      '.data/serialization_id': '1234',
    };
    expect(await read(torchZip(pickle(root), entries))).toEqual({ w: [3, 4] });
  });

  it('with untyped storages and the type in the tensor', async () => {
    const reference = storage(op.global('torch.storage', 'UntypedStorage'), '0', 8);
    const typed = (name: string, offset: number, shape: number[]) =>
      tensorOver(
        reference,
        { offset, shape, stride: [1] },
        { builder: '_rebuild_tensor_v3', more: [op.false, op.none, op.global('torch', name)] },
      );
    const root = dictOf({
      f: typed('float32', 1, [1]),
      h: typed('bfloat16', 1, [2]),
      c: typed('complex64', 0, [1]),
    });
    expect(await read(torchZip(pickle(root), { 'data/0': floats(1.5, -2) }))).toEqual({
      f: [-2],
      h: [1.5, 0],
    });
  });

  it('with parameters that carry state, subclasses of tensors and several names for one tensor', async () => {
    const inner = tensorOver(storage(FLOATS, '0', 2), pair, { builder: '_rebuild_tensor', more: [] });
    const withState = [
      ...op.global('torch._utils', '_rebuild_parameter_with_state'),
      ...op.tupleOf(inner, op.true, op.none, dictOf({})),
      ...op.reduce,
    ];
    const subclass = [
      ...op.global('torch._tensor', '_rebuild_from_type_v2'),
      ...op.tupleOf(
        op.global('torch._utils', '_rebuild_tensor_v2'),
        op.global('mypackage', 'Tensor'),
        op.tupleOf(
          storage(FLOATS, '0', 2),
          op.integer(1),
          op.tupleOf(op.integer(1)),
          op.tupleOf(op.integer(1)),
          op.false,
          op.none,
        ),
        dictOf({}),
      ),
      ...op.reduce,
      ...op.put(1),
    ];
    const root = dictOf({ p: withState, s: subclass, again: op.get(1) });
    expect(await read(torchZip(pickle(root), { 'data/0': floats(5, 6) }))).toEqual({
      p: [5, 6],
      s: [6],
      again: [6],
    });
  });

  it('written by Python 2, with an OrderedDict of pairs and views of storages', async () => {
    const whole = storage(FLOATS, 'k', 4, op.none);
    const view = storage(FLOATS, 'k', 4, op.tupleOf(op.python2Text('v'), op.integer(1), op.integer(2)));
    const entry = (name: string, value: number[]) => [
      ...op.emptyList,
      ...op.python2Text(name),
      ...op.append,
      ...value,
      ...op.append,
    ];
    const pairs = [
      ...op.emptyList,
      ...entry('whole', tensorOver(whole, { shape: [2, 2], stride: [1, 2] })),
      ...op.append,
      ...entry('view', tensorOver(view, pair)),
      ...op.append,
    ];
    const dict = [...op.global('collections', 'OrderedDict'), ...op.tupleOf(pairs), ...op.reduce];
    const content = torchLegacy(dict, [{ key: 'k', count: 4, bytes: floats(1, 2, 3, 4) }]);
    expect(await read(content)).toEqual({ whole: [1, 3, 2, 4], view: [2, 3] });
  });

  it('with dicts in dicts, whose names are joined', async () => {
    const tensor = tensorOver(storage(FLOATS, '0', 2), pair);
    const root = dictOf({
      model: dictOf({ backbone: dictOf({ norm: dictOf({ weight: tensor }) }), step: op.integer(1) }),
    });
    const checkpoint = await readCheckpoint(
      await folder.write('nested.pt', torchZip(pickle(root), { 'data/0': floats(1, 2) })),
    );
    expect([...checkpoint.tensors.keys()]).toEqual(['backbone.norm.weight']);
    expect(checkpoint.foundUnder).toBe('model');
    checkpoint.close();
  });

  it('with objects of unknown classes, which are never built', async () => {
    const evil = [
      ...op.global('os', 'system'),
      ...op.tupleOf(op.text('echo run > ran')),
      ...op.reduce,
      ...dictOf({ cmd: op.text('x') }),
      ...op.build,
    ];
    const filled = [
      ...op.global('easydict', 'EasyDict'),
      ...op.emptyTuple,
      ...op.newObject,
      ...op.mark,
      ...op.text('a'),
      ...op.integer(1),
      ...op.setItems,
    ];
    const list = [
      ...op.global('my', 'List'),
      ...op.emptyTuple,
      ...op.newObject,
      ...op.integer(1),
      ...op.append,
    ];
    const quantized = tensorOver(storage(op.global('torch', 'QInt8Storage'), '1', 2), pair);
    const root = dictOf({ evil, filled, list, quantized, w: tensorOver(storage(FLOATS, '0', 2), pair) });
    expect(await read(torchZip(pickle(root), { 'data/0': floats(1, 2) }))).toEqual({ w: [1, 2] });
  });

  it('with a tensor of repeated elements', async () => {
    const root = dictOf({ w: tensorOver(storage(FLOATS, '0', 1), { shape: [2, 3], stride: [0, 0] }) });
    expect(await read(torchZip(pickle(root), { 'data/0': floats(7) }))).toEqual({ w: [7, 7, 7, 7, 7, 7] });
  });
});
