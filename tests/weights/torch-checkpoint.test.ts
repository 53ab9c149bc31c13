import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  readCheckpoint,
  type StoredDtype,
  type StoredTensor,
  toFloat32,
} from '../../src/weights/index.ts';
import { goldenPath } from '../support/paths.ts';

interface Golden {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}
type GoldenDict = { readonly [name: string]: Golden | GoldenDict };

const golden = JSON.parse(readFileSync(goldenPath('checkpoints/expected.json'), 'utf8')) as Record<
  string,
  GoldenDict
>;

const NAMES: Readonly<Record<string, StoredDtype>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

/** Exact values as Python printed them. */
function valuesOf(stored: StoredTensor): (number | string | boolean)[] {
  const { dtype, bytes } = stored;
  const { buffer } = Uint8Array.from(bytes);
  if (dtype === 'F64') return [...new Float64Array(buffer)];
  if (dtype === 'I64') return [...new BigInt64Array(buffer)].map(String);
  if (dtype === 'I32') return [...new Int32Array(buffer)];
  if (dtype === 'I16') return [...new Int16Array(buffer)];
  if (dtype === 'I8') return [...new Int8Array(buffer)];
  if (dtype === 'U8') return [...new Uint8Array(buffer)];
  if (dtype === 'BOOL') return [...new Uint8Array(buffer)].map(Boolean);
  return [...toFloat32(stored)];
}

function expectTensors(checkpoint: Checkpoint, expected: GoldenDict): void {
  expect([...checkpoint.tensors.keys()]).toEqual(Object.keys(expected));
  for (const [name, stored] of checkpoint.tensors) {
    const { dtype, shape, values } = expected[name] as Golden;
    expect(stored.dtype, name).toBe(NAMES[dtype]);
    expect(stored.shape, name).toEqual(shape);
    expect(valuesOf(stored), name).toEqual(values);
  }
}

describe('PyTorch checkpoints', () => {
  it.each([
    ['flat_zip.pth', 'torch zip'],
    ['flat_legacy.pth', 'torch legacy'],
    ['flat_protocol4.pt', 'torch zip'],
    ['flat_legacy_protocol4.pt', 'torch legacy'],
  ])('%s: all element types and memory layouts', async (name, format) => {
    const checkpoint = await readCheckpoint(goldenPath(`checkpoints/${name}`));
    expect(checkpoint).toMatchObject({ format, foundUnder: '', prefix: '', ignored: [], metadata: {} });
    expect(checkpoint.tensors.size).toBe(22);
    expectTensors(checkpoint, golden[name]!);
    checkpoint.close();
  });

  it.each(['training_zip.pth', 'training_legacy.pth'])(
    '%s: the teacher, and others by name',
    async (name) => {
      const path = goldenPath(`checkpoints/${name}`);
      const teacher = await readCheckpoint(path);
      expect(teacher.foundUnder).toBe('teacher');
      expectTensors(teacher, golden[name]!.teacher as GoldenDict);
      teacher.close();
      const student = await readCheckpoint(path, { under: 'student' });
      expect(student.foundUnder).toBe('student');
      expectTensors(student, golden[name]!.student as GoldenDict);
      student.close();
      expect(golden[name]!.teacher).not.toEqual(golden[name]!.student);
    },
  );

  it('sharded_zip.bin: parts that are told apart by names only', async () => {
    const path = goldenPath('checkpoints/sharded_zip.bin');
    const all = golden['sharded_zip.bin']!.model as GoldenDict;
    const whole = await readCheckpoint(path);
    expect(whole.foundUnder).toBe('model');
    expectTensors(whole, all);
    whole.close();
    const student = await readCheckpoint(path, { under: 'student' });
    const own = Object.entries(all).filter(([name]) => name.startsWith('student.'));
    expect(student.foundUnder).toBe('model.student');
    expectTensors(
      student,
      Object.fromEntries(own.map(([name, value]) => [name.slice('student.'.length), value])),
    );
    expect(student.ignored).toEqual(Object.keys(all).filter((name) => !name.startsWith('student.')));
    student.close();
  });
});
