import { afterEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { DinoHead, type HeadOptions } from '../../src/ssl/index.ts';
import {
  backward,
  gradientOf,
  mul,
  scope,
  sumAll,
  tensor,
  tensorCount,
  toFloat32Array,
  vectorNorm,
  zeros,
} from '../../src/tensor/index.ts';
import { loadIntoModule } from '../../src/weights/load-into-module.ts';
import { readGolden } from '../support/fixtures.ts';
import { floats, stored } from './golden.ts';

afterEach(() => expect(tensorCount()).toBe(0));

const SMALL: HeadOptions = { hidden: 8, bottleneck: 4, prototypes: 6, layers: 3 };

function withHead(inputs: number, options: HeadOptions, work: (head: DinoHead) => void): void {
  const head = new DinoHead(inputs, options);
  try {
    scope(() => work(head));
  } finally {
    head.dispose();
  }
}

describe('DinoHead', () => {
  it('equals the reference in values and all gradients', () => {
    const golden = readGolden('dino_head');
    withHead(16, { hidden: 32, bottleneck: 8, prototypes: 24, layers: 3 }, (head) => {
      loadIntoModule(head, stored(golden.group('w.')), { source: 'the golden file' });
      const x = floats(golden, 'in.x', { trained: true });
      const y = head.forward(x);
      expect(toFloat32Array(y)).toBeClose(golden.get('out.y').data, golden.tolerance('out'));
      backward(sumAll(mul(y, floats(golden, 'gout.y'))));
      const leaves = new Map([['in.x', x], ...head.namedParameters()]);
      for (const [name, { data }] of golden.group('grad.')) {
        const gradient = gradientOf(leaves.get(name)!)!;
        expect(toFloat32Array(gradient), name).toBeClose(data, golden.tolerance('grad'));
      }
      expect(leaves.size).toBe(golden.group('grad.').size);
    });
  });

  it('starts with unit scales, zero biases and 22 352 128 parameters at the published size', () => {
    withHead(384, { hidden: 2048, bottleneck: 256, prototypes: 65_536, layers: 3 }, (head) => {
      expect(head.parameterCount()).toBe(22_352_128);
    });
    withHead(5, SMALL, (head) => {
      const parameters = head.initialize(1).namedParameters();
      expect([...parameters.keys()]).toEqual([
        'mlp.0.weight',
        'mlp.0.bias',
        'mlp.2.weight',
        'mlp.2.bias',
        'mlp.4.weight',
        'mlp.4.bias',
        'last_layer.weight_g',
        'last_layer.weight_v',
      ]);
      expect(new Set(toFloat32Array(parameters.get('last_layer.weight_g')!))).toEqual(new Set([1]));
      expect(new Set(toFloat32Array(parameters.get('mlp.2.bias')!))).toEqual(new Set([0]));
      const v = toFloat32Array(parameters.get('last_layer.weight_v')!);
      expect(Math.max(...v.map(Math.abs))).toBeLessThanOrEqual(0.5);
    });
  });

  it('gives cosines: logits within [-1, 1], and 0 for a zero bottleneck', () => {
    withHead(5, SMALL, (head) => {
      head.initialize(1);
      const logits = toFloat32Array(
        head.forward(
          tensor(
            Float32Array.from({ length: 50 }, (_, i) => i % 7),
            [10, 5],
          ),
        ),
      );
      expect(Math.max(...logits.map(Math.abs))).toBeLessThanOrEqual(1 + 1e-6);
      expect(Math.max(...logits.map(Math.abs))).toBeGreaterThan(0.1);
      expect(new Set(toFloat32Array(head.forward(zeros([2, 5]))))).toEqual(new Set([0]));
    });
  });

  it('of one layer is a single projection named mlp', () => {
    withHead(5, { ...SMALL, layers: 1 }, (head) => {
      expect([...head.namedParameters().keys()].slice(0, 2)).toEqual(['mlp.weight', 'mlp.bias']);
      const logits = head.initialize(2).forward(tensor(Float32Array.of(1, 2, 3, 4, 5), [1, 5]));
      expect(logits.shape).toEqual([1, 6]);
      expect(toFloat32Array(vectorNorm(logits))[0]).toBeGreaterThan(0);
    });
  });

  it('refuses sizes that are no positive whole numbers', () => {
    expect(() => new DinoHead(5, { ...SMALL, prototypes: 0 })).toThrow(UsageError);
    expect(() => new DinoHead(5, { ...SMALL, layers: 1.5 })).toThrow(
      /projection head: needed positive whole numbers as sizes, found .*"layers":1.5/,
    );
  });
});
