/** Errors, gradients, random numbers, threads: what the engine promises beside the operators. */
import { describe, expect, it } from 'vitest';
import { EngineError, UsageError } from '../../src/errors.ts';
import {
  add,
  backward,
  cat,
  clearGradient,
  describeEngine,
  dtypeCode,
  dtypeNamed,
  Generator,
  gradientOf,
  linear,
  matmul,
  mul,
  noGrad,
  normalInto,
  operatorSchema,
  parseDevice,
  reshape,
  scope,
  selectiveScan,
  setThreads,
  sumAll,
  type Tensor,
  tensor,
  tensorCount,
  threadCount,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';
import { values } from '../support/compare-forms.ts';

function leaf(...numbers: number[]): Tensor {
  const t = tensor(Float32Array.from(numbers), [numbers.length]);
  t.requiresGrad = true;
  return t;
}

describe('an error of libtorch', () => {
  const floats = (...shape: number[]): Tensor => zeros(shape, { dtype: 'float32' });

  it.each<[string, () => unknown, RegExp]>([
    [
      'matmul',
      () => matmul(floats(2, 3), floats(4, 5)),
      /^matmul: needed arguments that the operation accepts, found Float\[2, 3\], Float\[4, 5\]; .*2x3 and 4x5/,
    ],
    ['add', () => add(floats(2), floats(3)), /^add: .*Float\[2\], Float\[3\].*; .*must match/],
    [
      'reshape',
      () => reshape(floats(4), [3]),
      /^reshape: .*Float\[4\], \[3\]; .*invalid for input of size 4/,
    ],
    [
      'cat',
      () => cat([floats(2, 2), floats(2, 3)]),
      /^cat: .*\( \[2, 2\] \[2, 3\] \), 0; .*[Ss]izes of tensors/,
    ],
    [
      'linear',
      () => linear(floats(2, 3), floats(4, 5)),
      /^linear: .*Float\[2, 3\], Float\[4, 5\].*; .*ends in 3, weight \[4, 5\] takes 5/,
    ],
    [
      'selective_scan',
      () => selectiveScan(floats(1, 2, 3), floats(1, 2, 3), floats(4, 1), floats(1, 2, 1), floats(1, 2, 1)),
      /^selective_scan: .*A must be \[3, states\], got \[4, 1\]/,
    ],
  ])('in %s names operation and shapes', (_, call, message) => {
    const start = tensorCount();
    scope(() => {
      expect(call).toThrow(EngineError);
      expect(call).toThrow(message);
    });
    expect(tensorCount()).toBe(start);
  });

  it('keeps no source lines of libtorch', () => {
    scope(() => {
      let message = '';
      try {
        matmul(floats(2, 3), floats(4, 5));
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).not.toMatch(/Exception raised from|\.cpp/);
      expect(message).not.toContain('\n');
    });
  });

  it('says which argument has the wrong JavaScript type', () => {
    scope(() => {
      const call = () => reshape(floats(4), ['a'] as unknown as number[]);
      expect(call).toThrow(
        'reshape: needed a valid call, found shape is not of the expected JavaScript type',
      );
      expect(() => reshape(floats(4), [1.5])).toThrow('must be a whole number, got 1.5');
    });
  });
});

describe('gradients', () => {
  it('add up over calls until cleared', () => {
    scope(() => {
      const x = leaf(1, 2);
      expect(gradientOf(x)).toBeUndefined();
      for (let i = 1; i <= 2; i++) {
        backward(sumAll(mul(x, x)));
        expect(values(gradientOf(x)!)).toEqual([2 * i, 4 * i]);
      }
      clearGradient(x);
      expect(gradientOf(x)).toBeUndefined();
    });
  });

  it('take a cotangent for results with several elements', () => {
    scope(() => {
      const x = leaf(1, 2);
      backward(mul(x, x), tensor(Float32Array.of(10, 100), [2]));
      expect(values(gradientOf(x)!)).toEqual([20, 400]);
      expect(() => backward(mul(x, x))).toThrow(
        /^backward: .*grad can be implicitly created only for scalar/,
      );
    });
  });

  it('go through a graph once, unless it is kept', () => {
    scope(() => {
      const x = leaf(3);
      const y = sumAll(mul(x, x));
      backward(y, undefined, { retainGraph: true });
      backward(y);
      expect(() => backward(y)).toThrow(EngineError);
      expect(() => backward(y)).toThrow(/^backward: .*Trying to backward through the graph a second time/);
    });
  });

  it('go through custom operators once, too', () => {
    scope(() => {
      const [x, w] = [reshape(leaf(1, 2), [1, 2]), reshape(leaf(1, 2), [1, 2])];
      const y = sumAll(linear(x, w));
      backward(y);
      expect(() => backward(y)).toThrow(/second time/);
    });
  });

  it('are not recorded in noGrad, also after an error in it', () => {
    scope(() => {
      const x = leaf(1);
      expect(noGrad(() => mul(x, x).requiresGrad)).toBe(false);
      expect(() =>
        noGrad(() => {
          throw new Error('stop');
        }),
      ).toThrow('stop');
      expect(mul(x, x).requiresGrad).toBe(true);
      noGrad(() => noGrad(() => 1));
      expect(mul(x, x).requiresGrad).toBe(true);
      expect(() => noGrad(() => Promise.resolve(1))).toThrow(TypeError);
      expect(() => backward(noGrad(() => sumAll(x)))).toThrow(/^backward: .*does not require grad/);
    });
  });

  it('cannot flow through a leaf changed in place', () => {
    scope(() => {
      const x = leaf(1, 2);
      expect(() => normalInto(x)).toThrow(/^normal_: .*leaf Variable that requires grad/);
    });
  });
});

describe('NaN', () => {
  it('in one row reaches that row of every custom operator', () => {
    noGrad(() =>
      scope(() => {
        const row = (n: number, bad: boolean): Float32Array =>
          Float32Array.from({ length: n }, (_, i) => (bad && i === 1 ? Number.NaN : Math.sin(i)));
        const x = tensor(row(3 * 33, true), [1, 33, 3]);
        const ones = (shape: number[]): Tensor =>
          tensor(
            row(
              shape.reduce((a, b) => a * b),
              false,
            ),
            shape,
          );
        const y = selectiveScan(ones([1, 33, 3]), x, ones([3, 2]), ones([1, 33, 2]), ones([1, 33, 2]), {
          deltaSoftplus: true,
        });
        const numbers = toFloat32Array(y);
        expect(Number.isNaN(numbers[1])).toBe(true);
        expect(Number.isNaN(numbers[3 * 32 + 1])).toBe(true); // the state never forgets it
        expect(Number.isNaN(numbers[0])).toBe(false);
      }),
    );
  });
});

describe('random numbers', () => {
  const draw = (generator: Generator): number[] =>
    scope(() => values(normalInto(zeros([5], { dtype: 'float32' }), { generator })));

  it('repeat with the seed and differ between seeds', () => {
    const [a, b, c] = [new Generator(1), new Generator(1), new Generator(2)];
    const first = draw(a);
    expect(draw(b)).toEqual(first);
    expect(draw(c)).not.toEqual(first);
    expect(draw(a)).not.toEqual(first);
    for (const one of [a, b, c]) one.dispose();
  });

  it('go on from a stored state', () => {
    const generator = new Generator(9);
    draw(generator);
    scope(() => {
      const state = generator.state;
      const next = draw(generator);
      generator.state = state;
      expect(draw(generator)).toEqual(next);
    });
    generator.dispose();
  });

  it('end with their generator, whose place is used again', () => {
    const old = new Generator(1);
    const place = old.handle;
    old.dispose();
    old.dispose();
    expect(() => draw(old)).toThrow('Generator: needed a valid call, found a generator that was disposed');
    const next = new Generator(1);
    expect(next.handle).toBe(place);
    old.dispose();
    expect(draw(next)).toHaveLength(5);
    next.dispose();
  });
});

describe('the engine', () => {
  it('describes itself', () => {
    const about = describeEngine();
    expect(about.libtorch).toMatch(/^\d+\.\d+/);
    expect([4, 8, 16]).toContain(about.vectorWidth);
    expect(about.cuda).toBe(about.cudaDevices > 0);
    for (const text of [about.blas, about.matmul, about.parallel, about.config]) expect(text).not.toBe('');
  });

  it('uses as many threads as it is told', () => {
    const before = threadCount();
    setThreads(1);
    expect(threadCount()).toBe(1);
    setThreads(before);
    expect(threadCount()).toBe(before);
  });

  it('knows operators by their schema', () => {
    expect(operatorSchema('aten::relu')).toBe('aten::relu(Tensor self) -> Tensor');
    expect(operatorSchema('aten::no_such_operator')).toBeUndefined();
  });

  it('knows devices and element types by name', () => {
    expect(['cpu', 'cuda', 'cuda:3'].map(parseDevice)).toEqual(['cpu', 'cuda', 'cuda:3']);
    for (const text of ['gpu', 'cuda:', 'cuda:x', ' cpu'])
      expect(() => parseDevice(text)).toThrow(UsageError);
    expect(dtypeNamed(dtypeCode('bfloat16'))).toBe('bfloat16');
    expect(() => dtypeNamed(99)).toThrow(RangeError);
  });
});
