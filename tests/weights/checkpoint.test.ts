import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { readCheckpoint, writeSafetensors } from '../../src/weights/index.ts';
import { bestPrefix, partWithNames, underPart } from '../../src/weights/parameter-names.ts';
import { expectRefusal, temporaryFolder } from '../spatial/section-files.ts';
import { goldenPath } from '../support/paths.ts';
import { dictOf, FLOATS, float32, op, pickle, storage, tensorOver, torchZip } from './weight-files.ts';

const one = float32([1], [1]);
const named = (...names: string[]) => new Map(names.map((name) => [name, one]));
const WANTED = new Set(['norm.weight', 'norm.bias']);

describe('bestPrefix', () => {
  const under = (...prefixes: string[]) =>
    bestPrefix(new Set(prefixes.flatMap((prefix) => [...WANTED].map((name) => prefix + name))), WANTED);

  it.each([
    [[''], ''],
    [['module.'], 'module.'],
    [['_orig_mod.backbone.'], '_orig_mod.backbone.'],
    [['teacher.module.backbone._orig_mod.'], 'teacher.module.backbone._orig_mod.'],
    [['model.'], 'model.'],
    [['student.backbone.', 'teacher.backbone.'], 'teacher.backbone.'],
    [['teacher.backbone.', 'student.backbone.'], 'teacher.backbone.'],
    [['student.', 'module.backbone.'], 'module.backbone.'],
    [['module.backbone.', 'backbone.'], 'backbone.'],
    [['encoder.'], ''],
  ])('of %j', (prefixes, expected) => {
    expect(under(...prefixes)).toBe(expected);
  });

  it('takes the one that leads to most names, and stops at a name of the module itself', () => {
    const names = new Set(['backbone.norm.weight', 'teacher.norm.weight', 'teacher.norm.bias']);
    expect(bestPrefix(names, WANTED)).toBe('teacher.');
    expect(bestPrefix(new Set(['module.backbone.x']), new Set(['backbone.x']))).toBe('module.');
    expect(bestPrefix(new Set(['backbone.backbone.x']), new Set(['backbone.x']))).toBe('backbone.');
  });
});

describe('partWithNames', () => {
  it('keeps what is under the prefix and lists heads and the rest', () => {
    const given = named(
      'teacher.backbone.norm.weight',
      'teacher.backbone.norm.bias',
      'teacher.backbone.head.weight',
      'teacher.backbone.extra',
      'teacher.dino_head.mlp.0.weight',
      'student.backbone.norm.weight',
      'dino_loss.center',
    );
    const { tensors, prefix, ignored } = partWithNames(given, WANTED);
    expect(prefix).toBe('teacher.backbone.');
    expect([...tensors.keys()]).toEqual(['norm.weight', 'norm.bias', 'extra']);
    expect(ignored).toEqual([
      'teacher.backbone.head.weight',
      'teacher.dino_head.mlp.0.weight',
      'student.backbone.norm.weight',
      'dino_loss.center',
    ]);
  });

  it('drops dino_head, ibot_head and head, unless they are wanted, and nothing that is only named alike', () => {
    const given = named(
      'norm.weight',
      'norm.bias',
      'dino_head.a',
      'ibot_head.a',
      'head.a',
      'header.a',
      'norm.head.a',
    );
    expect(partWithNames(given, WANTED).ignored).toEqual(['dino_head.a', 'ibot_head.a', 'head.a']);
    expect(partWithNames(given, new Set([...WANTED, 'head.a'])).ignored).toEqual([
      'dino_head.a',
      'ibot_head.a',
    ]);
  });

  it('removes a prefix from all names or from none', () => {
    const { tensors, prefix } = partWithNames(
      named('module.norm.weight', 'norm.bias'),
      new Set(['norm.bias', 'x']),
    );
    expect(prefix).toBe('');
    expect([...tensors.keys()]).toEqual(['module.norm.weight', 'norm.bias']);
  });
});

describe('underPart', () => {
  it('finds a part behind wrappers', () => {
    const given = named(
      'module.student.a',
      'student.b',
      'teacher.student.c',
      'teacher.d',
      'encoder.student.e',
    );
    const { tensors, ignored } = underPart(given, 'student');
    expect([...tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(ignored).toEqual(['teacher.d', 'encoder.student.e']);
  });
});

describe('readCheckpoint', () => {
  const folder = temporaryFolder();
  const floats = { 'data/0': new Uint8Array(Float32Array.of(1, 2).buffer) };
  const tensor = tensorOver(storage(FLOATS, '0', 2), { shape: [2], stride: [1] });

  it('tells formats by content, not by name', async () => {
    const formats: Record<string, string> = {};
    await writeSafetensors(join(folder.path, 'safetensors'), named('a'));
    await copyFile(goldenPath('checkpoints/flat_zip.pth'), join(folder.path, 'zip'));
    await copyFile(goldenPath('checkpoints/flat_legacy.pth'), join(folder.path, 'legacy'));
    for (const name of ['safetensors', 'zip', 'legacy']) {
      const path = join(folder.path, `${name}.csv`);
      await copyFile(join(folder.path, name), path);
      const checkpoint = await readCheckpoint(path);
      formats[name] = checkpoint.format;
      checkpoint.close();
    }
    expect(formats).toEqual({ safetensors: 'safetensors', zip: 'torch zip', legacy: 'torch legacy' });
  });

  it('takes a header length of 0x80 bytes for safetensors, not for a pickle', async () => {
    const path = join(folder.path, 'long.safetensors');
    const base = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.length;
    const wrapper = '"__metadata__":{"k":""},'.length;
    await writeSafetensors(path, named('a'), { metadata: { k: 'x'.repeat(0x80 - base - wrapper) } });
    const checkpoint = await readCheckpoint(path);
    expect(checkpoint.format).toBe('safetensors');
    expect(checkpoint.metadata.k).toMatch(/^x+$/);
    checkpoint.close();
  });

  const nested = (value: number[]) => dictOf({ w: value });
  const number = op.integer(1);
  it.each([
    [
      'teacher before the rest',
      { student: nested(tensor), model: nested(tensor), teacher: nested(tensor) },
      'teacher',
    ],
    ['model next', { student: nested(tensor), state_dict: nested(tensor), model: nested(tensor) }, 'model'],
    ['state_dict next', { student: nested(tensor), state_dict: nested(tensor) }, 'state_dict'],
    [
      'model_state_dict next',
      { student: nested(tensor), model_state_dict: nested(tensor) },
      'model_state_dict',
    ],
    ['student last', { student: nested(tensor), epoch: number }, 'student'],
    [
      'one inside another',
      { model: dictOf({ teacher: nested(tensor), student: nested(tensor) }) },
      'model.teacher',
    ],
    ['no key without tensors', { teacher: nested(number), model: nested(tensor) }, 'model'],
    ['the whole when nothing else fits', { w: tensor, teacher: number }, ''],
  ] as [string, Record<string, number[]>, string][])('takes %s', async (_, root, foundUnder) => {
    const path = await folder.write('nested.pth', torchZip(pickle(dictOf(root)), floats));
    const checkpoint = await readCheckpoint(path);
    expect(checkpoint.foundUnder).toBe(foundUnder);
    expect([...checkpoint.tensors.keys()]).toEqual(['w']);
    checkpoint.close();
  });

  it.each([
    ['student', 'student'],
    ['ema', 'ema'],
    ['deep', 'model.deep'],
  ])('takes what the caller names: %s', async (under, foundUnder) => {
    const root = { teacher: nested(tensor), student: nested(tensor), ema: nested(tensor) };
    const model = dictOf({ deep: nested(tensor), w: tensor });
    const content = torchZip(pickle(dictOf({ ...root, model })), floats);
    const checkpoint = await readCheckpoint(await folder.write('named.pth', content), { under });
    expect(checkpoint.foundUnder).toBe(foundUnder);
    expect([...checkpoint.tensors.keys()]).toEqual(['w']);
    checkpoint.close();
  });

  it('names what there is when the part is not', async () => {
    const path = goldenPath('checkpoints/training_zip.pth');
    await expectRefusal(
      readCheckpoint(path, { under: 'ema' }),
      UsageError,
      `read weights: needed tensors under "ema", found student, teacher, module in ${path}; ` +
        'name one of these, or none for the usual choice',
    );
    const flat = join(folder.path, 'flat.safetensors');
    await writeSafetensors(flat, named('a.x', 'b.x', 'c.x', 'd.x', 'e.x', 'f.x', 'g.x'));
    await expectRefusal(
      readCheckpoint(flat, { under: 'teacher' }),
      UsageError,
      `read weights: needed tensors under "teacher", found a, b, c, d, e, f, ... in ${flat}; ` +
        'name one of these, or none for the usual choice',
    );
  });

  it('takes a part of a safetensors file by its names', async () => {
    const path = join(folder.path, 'parts.safetensors');
    await writeSafetensors(path, named('student.backbone.w', 'teacher.backbone.w', 'center'));
    const checkpoint = await readCheckpoint(path, { under: 'student', names: new Set(['w']) });
    expect(checkpoint).toMatchObject({
      foundUnder: 'student',
      prefix: 'backbone.',
      ignored: ['center', 'teacher.backbone.w'],
    });
    expect([...checkpoint.tensors.keys()]).toEqual(['w']);
    checkpoint.close();
  });

  it('refuses a missing file', async () => {
    const path = join(folder.path, 'none.pth');
    const message = `read weights: needed a weights file, found ${path} (no such file); check the path`;
    await expectRefusal(readCheckpoint(path), UsageError, message);
  });
});
