import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createBackbone } from '../../src/backbones/index.ts';
import { DataError, ShapeError } from '../../src/errors.ts';
import { LayerNorm, Linear, Module } from '../../src/nn/index.ts';
import { tensorCount, toFloat32Array } from '../../src/tensor/index.ts';
import {
  loadBackboneWeights,
  moduleTensors,
  openSafetensors,
  readCheckpoint,
  type StoredTensor,
  saveModule,
  toFloat32,
  weightsSha256,
  writeSafetensors,
} from '../../src/weights/index.ts';
import { expectRefusal, temporaryFolder } from '../spatial/section-files.ts';
import { goldenPath } from '../support/paths.ts';
import { float32 } from './weight-files.ts';

const atStart = tensorCount();
afterAll(() => expect(tensorCount()).toBe(atStart));

/** The module that the golden checkpoints were made from. */
class Network extends Module {
  readonly norm = this.child('norm', new LayerNorm(4, 1e-5));
  readonly fc1 = this.child('fc1', new Linear(4, 6));
  readonly fc2 = this.child('fc2', new Linear(6, 4));
}

interface Golden {
  readonly values: readonly number[];
}
type GoldenDict = Readonly<Record<string, Golden>>;
const golden = JSON.parse(readFileSync(goldenPath('checkpoints/expected.json'), 'utf8')) as Record<
  string,
  Readonly<Record<string, GoldenDict>>
>;

function withNetwork<T>(work: (module: Network) => Promise<T>): Promise<T> {
  const module = new Network();
  return work(module).finally(() => module.dispose());
}

function expectValues(module: Module, expected: GoldenDict, prefix: string): void {
  for (const [name, parameter] of module.namedParameters()) {
    expect([...toFloat32Array(parameter)], name).toEqual(expected[prefix + name]!.values);
  }
}

const NAMES = ['norm.weight', 'norm.bias', 'fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'];

describe('loadBackboneWeights', () => {
  const folder = temporaryFolder();

  it.each([
    ['training_zip.pth', 'torch zip'],
    ['training_legacy.pth', 'torch legacy'],
  ])('fills a module from %s', async (name, format) => {
    const path = goldenPath(`checkpoints/${name}`);
    await withNetwork(async (module) => {
      const loaded = await loadBackboneWeights(module, path);
      expectValues(module, golden[name]!.teacher!, 'module.backbone.');
      expect(loaded).toEqual({
        path,
        format,
        sha256: weightsSha256(module),
        used: NAMES,
        ignored: ['module.dino_head.mlp.0.weight', 'module.ibot_head.mlp.0.bias'],
        foundUnder: 'teacher',
        prefix: 'module.backbone.',
        metadata: {},
      });
      const student = await loadBackboneWeights(module, path, { under: 'student' });
      expectValues(module, golden[name]!.student!, 'module.backbone.');
      expect(student).toMatchObject({ foundUnder: 'student', ignored: [] });
      expect(student.sha256).not.toBe(loaded.sha256);
    });
  });

  it('fills a module from a flat training state: the teacher, or the student by name', async () => {
    const path = goldenPath('checkpoints/sharded_zip.bin');
    await withNetwork(async (module) => {
      const loaded = await loadBackboneWeights(module, path);
      expectValues(module, golden['sharded_zip.bin']!.model!, 'teacher.backbone.');
      expect(loaded).toMatchObject({ foundUnder: 'model', prefix: 'teacher.backbone.' });
      expect(loaded.ignored).toHaveLength(NAMES.length + 2);
      const student = await loadBackboneWeights(module, path, { under: 'student' });
      expectValues(module, golden['sharded_zip.bin']!.model!, 'student.backbone.');
      expect(student).toMatchObject({ foundUnder: 'model.student', prefix: 'backbone.' });
    });
  });

  const parts = (change: (given: Map<string, StoredTensor>) => void) =>
    withNetwork(async (module) => {
      const given = moduleTensors(module.initialize(1));
      change(given);
      const path = join(folder.path, 'changed.safetensors');
      await writeSafetensors(path, given);
      return path;
    });
  const NEXT = 'check that the checkpoint belongs to this backbone and these options';

  it.each([
    [
      'a missing parameter',
      DataError,
      (given: Map<string, StoredTensor>) => given.delete('fc1.bias'),
      'needed 6 parameters, among them fc1.bias, found 5 tensors without them in',
    ],
    [
      'an unknown parameter',
      DataError,
      (given: Map<string, StoredTensor>) => given.set('fc3.bias', float32([1], [0])),
      'needed only parameters of this backbone, found fc3.bias in',
    ],
    [
      'a parameter of another shape',
      ShapeError,
      (given: Map<string, StoredTensor>) => given.set('fc2.weight', float32([6, 4], Array(24).fill(1))),
      'needed fc2.weight of shape [4, 6], found [6, 4] in',
    ],
    [
      'integers',
      DataError,
      (given: Map<string, StoredTensor>) =>
        given.set('fc2.bias', { dtype: 'I32', shape: [4], bytes: new Uint8Array(16) }),
      'needed floating point values for fc2.bias, found type I32 in',
    ],
  ] as const)('refuses %s and leaves the module as it was', async (_, kind, change, message) => {
    const path = await parts((given) => void change(given));
    await withNetwork(async (module) => {
      const before = weightsSha256(module.initialize(2));
      await expectRefusal(
        loadBackboneWeights(module, path),
        kind,
        `load weights: ${message} ${path}; ${NEXT}`,
      );
      expect(weightsSha256(module)).toBe(before);
    });
  });

  it('names the part in its errors', async () => {
    const path = goldenPath('checkpoints/training_zip.pth');
    const module = new LayerNorm(3, 1e-5);
    await expectRefusal(
      loadBackboneWeights(module, path),
      DataError,
      'load weights: needed 2 parameters, among them weight, bias, found 8 tensors without them in ' +
        `${path} under "teacher"; ${NEXT}`,
    ).finally(() => module.dispose());
  });

  it('lists what the caller lets pass', async () => {
    const path = await parts((given) => {
      given.set('register', float32([1], [0]));
    });
    await withNetwork(async (module) => {
      const loaded = await loadBackboneWeights(module, path, { mayIgnore: (name) => name === 'register' });
      expect(loaded.ignored).toEqual(['register']);
    });
  });
});

describe('saveModule', () => {
  const folder = temporaryFolder();

  it('writes names, values and texts', async () => {
    const path = join(folder.path, 'network.safetensors');
    await withNetwork(async (module) => {
      await saveModule(module.initialize(3), path, { backbone: 'network' });
      const file = openSafetensors(path);
      expect(file.metadata).toEqual({ backbone: 'network' });
      expect([...file.tensors.keys()].sort()).toEqual([...NAMES].sort());
      for (const [name, parameter] of module.namedParameters()) {
        const stored = file.tensors.get(name)!;
        expect(stored.dtype).toBe('F32');
        expect(toFloat32(stored)).toEqual(toFloat32Array(parameter));
      }
      file.close();
    });
  });

  it('writes half precision when asked to, and it loads back rounded', async () => {
    const path = join(folder.path, 'half.safetensors');
    await withNetwork(async (module) => {
      await saveModule(module.initialize(3), path, {}, { dtype: 'BF16' });
      const before = toFloat32Array(module.fc1.namedParameters().get('weight')!);
      await loadBackboneWeights(module, path);
      const after = toFloat32Array(module.fc1.namedParameters().get('weight')!);
      const worst = Math.max(...before.map((value, i) => Math.abs(after[i]! - value) / Math.abs(value)));
      expect(worst).toBeGreaterThan(0);
      expect(worst).toBeLessThanOrEqual(2 ** -8);
    });
  });

  it('has the fingerprint of the file without metadata, which depends on the values alone', async () => {
    const path = join(folder.path, 'plain.safetensors');
    await withNetwork(async (module) => {
      await saveModule(module.initialize(3), path);
      const digest = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      expect(weightsSha256(module)).toBe(digest);
      expect(weightsSha256(module.initialize(4))).not.toBe(digest);
      const { sha256 } = await loadBackboneWeights(module, path);
      expect(sha256).toBe(digest);
    });
  });
});

describe('MV_Hybrid', () => {
  const folder = temporaryFolder();

  it('has the names and shapes of the published state dict, in its order', () => {
    const text = readFileSync(goldenPath('model/mvhybrid_s_state_dict_shapes.json'), 'utf8');
    const published = JSON.parse(text) as Record<string, number[]>;
    const backbone = createBackbone('mv-hybrid');
    const ours = Object.fromEntries(
      [...backbone.namedParameters()].map(([name, { shape }]) => [name, shape]),
    );
    backbone.dispose();
    expect(ours).toEqual(published);
  });

  it('loads back to the same bytes, holding one tensor at a time', async () => {
    const path = join(folder.path, 'mv-hybrid.safetensors');
    const backbone = createBackbone('mv-hybrid').initialize(5);
    await saveModule(backbone, path, { backbone: 'mv-hybrid' });
    const first = weightsSha256(backbone);
    backbone.dispose();
    const again = createBackbone('mv-hybrid');
    const loaded = await loadBackboneWeights(again, path);
    expect(loaded.sha256).toBe(first);
    expect(loaded.metadata).toEqual({ backbone: 'mv-hybrid' });
    const copy = join(folder.path, 'copy.safetensors');
    await saveModule(again, copy, { backbone: 'mv-hybrid' });
    again.dispose();
    expect((await readFile(copy)).equals(await readFile(path))).toBe(true);
    const checkpoint = await readCheckpoint(path);
    expect([...checkpoint.tensors.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(
      4 * 30_963_072,
    );
    checkpoint.close();
  });
});
