/** Who owns tensors, and memory shared with typed arrays. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { EngineError, ShapeError } from '../../src/errors.ts';
import {
  add,
  addInto,
  fillInto,
  full,
  item,
  keep,
  mulScalarInto,
  permute,
  scope,
  shareTensor,
  type Tensor,
  tensor,
  tensorBytes,
  tensorCount,
  toBytes,
  toDtype,
  toFloat32Array,
  toFloat64Array,
  zeros,
} from '../../src/tensor/index.ts';

const numbers = (...values: number[]): Tensor => tensor(Float32Array.from(values), [values.length]);

/** Collects garbage and lets its callbacks run, until `done` or so many times. */
async function collectGarbage(done: () => boolean, times = 50): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < times; i++) {
    await turn();
    gc();
    await turn();
    if (done()) return;
  }
}

describe('scope', () => {
  it('disposes what was made in it and keeps what it returns', () => {
    const start = tensorCount();
    let inner: Tensor | undefined;
    const result = scope(() => {
      inner = numbers(1);
      return add(inner, inner);
    });
    expect([inner!.isAlive, result.isAlive]).toEqual([false, true]);
    expect(tensorCount()).toBe(start + 1);
    result.dispose();
    expect(tensorCount()).toBe(start);
  });

  it('hands over tensors inside arrays, maps, sets and plain objects', () => {
    const start = tensorCount();
    scope(() => {
      const { list, map, set, deep } = scope(() => ({
        list: [numbers(1), numbers(2)],
        map: new Map([['a', numbers(3)]]),
        set: new Set([numbers(4)]),
        deep: { er: [{ t: numbers(5) }] },
      }));
      const all = [...list, ...map.values(), ...set, deep.er[0]!.t];
      expect(all.map(item)).toEqual([1, 2, 3, 4, 5]);
      expect(tensorCount()).toBe(start + 5);
    });
    expect(tensorCount()).toBe(start);
  });

  it('disposes everything when the work throws', () => {
    const start = tensorCount();
    expect(() =>
      scope(() => {
        keep(numbers(1)).dispose();
        scope(() => numbers(2));
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(tensorCount()).toBe(start);
  });

  it('refuses asynchronous work', async () => {
    let work: Promise<unknown> | undefined;
    const call = () =>
      scope(() => {
        work = Promise.resolve(1);
        return work;
      });
    expect(call).toThrow(TypeError);
    await work;
  });

  it('lets kept tensors live, through several scopes', () => {
    const start = tensorCount();
    const kept = scope(() => scope(() => ({ hidden: () => keep(numbers(7)) }))).hidden();
    const other = scope(() => {
      const mine = scope(() => [keep(numbers(8))]);
      return { get: () => mine[0]! };
    }).get();
    expect([item(kept), item(other)]).toEqual([7, 8]);
    kept.dispose();
    other.dispose();
    expect(tensorCount()).toBe(start);
  });
});

describe('a disposed tensor', () => {
  const gone = (): Tensor => {
    const t = numbers(1, 2);
    expect(t.shape).toEqual([2]);
    t.dispose();
    t.dispose();
    return t;
  };

  it.each<[string, (t: Tensor) => unknown]>([
    ['add', (t) => add(t, t)],
    ['shape', (t) => t.shape],
    ['dtype', (t) => t.dtype],
    ['device', (t) => t.device],
    ['requiresGrad', (t) => t.requiresGrad],
    ['requiresGrad', (t) => (t.requiresGrad = true)],
    ['moveTo', (t) => t.moveTo('cpu')],
    ['read tensor', (t) => toBytes(t)],
  ])('throws in %s', (operation, use) => {
    const t = gone();
    expect(() => use(t)).toThrow(EngineError);
    expect(() => use(t)).toThrow(
      `${operation}: needed living tensors, found one that was disposed; return it from its scope or keep() it`,
    );
  });

  it('is not confused with the tensor that took its place', () => {
    const t = numbers(1);
    t.dispose();
    const next = numbers(2);
    expect(() => item(t)).toThrow(EngineError);
    expect(item(next)).toBe(2);
    expect(`${t} ${next}`).toBe('Tensor (disposed) Tensor float32[1]');
    next.dispose();
  });
});

describe('memory', () => {
  it('is counted in tensors and bytes', () => {
    const [count, bytes] = [tensorCount(), tensorBytes()];
    const t = zeros([256, 4], { dtype: 'float32' });
    expect([tensorCount() - count, tensorBytes() - bytes]).toEqual([1, 4096]);
    const view = permute(t, [1, 0]);
    expect([tensorCount() - count, tensorBytes() - bytes]).toEqual([2, 4096]);
    view.dispose();
    t.dispose();
    expect([tensorCount(), tensorBytes()]).toEqual([count, bytes]);
  });

  it('of a forgotten tensor comes back with garbage collection', async () => {
    const start = tensorCount();
    (() => {
      for (let i = 0; i < 100; i++) full([100], i);
    })();
    expect(tensorCount()).toBeGreaterThan(start);
    await collectGarbage(() => tensorCount() <= start);
    expect(tensorCount()).toBe(start);
  });

  it('of an array outlives the array while a tensor shares it, and no longer', async () => {
    // Told by the collector itself: looking at a WeakRef would keep the array alive for that turn.
    let gone = false;
    const watch = new FinalizationRegistry(() => {
      gone = true;
    });
    const shared = ((): Tensor => {
      const array = Float32Array.from({ length: 100_000 }, (_, i) => i);
      watch.register(array, undefined);
      return shareTensor(array, [100_000]);
    })();
    await collectGarbage(() => gone, 5);
    expect(gone).toBe(false);
    expect(toFloat32Array(shared).at(-1)).toBe(99_999);
    shared.dispose();
    await collectGarbage(() => gone);
    expect(gone).toBe(true);
  });
});

describe('sharing without a copy', () => {
  it('shows writes of the tensor in the array and back', () => {
    scope(() => {
      const array = Float32Array.of(1, 2, 3, 4);
      const t = shareTensor(array, [2, 2]);
      mulScalarInto(t, 10);
      expect([...array]).toEqual([10, 20, 30, 40]);
      array[3] = 5;
      expect(toFloat32Array(t)[3]).toBe(5);
    });
  });

  it('shows writes of the array it returns in the tensor', () => {
    scope(() => {
      const t = numbers(1, 2);
      const [one, two] = [toFloat32Array(t, { share: true }), toFloat32Array(t, { share: true })];
      one[0] = 7;
      expect([...toFloat32Array(t), ...two]).toEqual([7, 2, 7, 2]);
      addInto(t, t);
      expect([...one]).toEqual([14, 4]);
    });
  });

  it('keeps the memory of a disposed tensor for its array', async () => {
    const array = scope(() => toFloat32Array(full([100_000], 3, { dtype: 'float32' }), { share: true }));
    await collectGarbage(() => false, 5);
    expect(array.every((v) => v === 3)).toBe(true);
  });

  it('is a copy by default, and where the layout differs', () => {
    scope(() => {
      const array = Float32Array.of(1, 2, 3, 4, 5, 6);
      const t = tensor(array, [2, 3]);
      array[0] = 9;
      const copy = toFloat32Array(t);
      const turned = toFloat32Array(permute(t, [1, 0]), { share: true });
      fillInto(t, 0);
      expect([...copy]).toEqual([1, 2, 3, 4, 5, 6]);
      expect([...turned]).toEqual([1, 4, 2, 5, 3, 6]);
    });
  });
});

describe('typed arrays', () => {
  it.each([
    [Float32Array.of(-1.5, 2), 'float32'],
    [Float64Array.of(-1.5, 2), 'float64'],
    [Int32Array.of(-7, 2), 'int32'],
    [Int16Array.of(-7, 2), 'int16'],
    [Int8Array.of(-7, 2), 'int8'],
    [Uint8Array.of(200, 2), 'uint8'],
    [BigInt64Array.of(-7n, 2n), 'int64'],
  ] as const)('%o has the element type %s', (array, dtype) => {
    scope(() => {
      const t = tensor(array, [2]);
      expect([t.dtype, [...t.shape], t.device, t.elementCount, t.size(-1)]).toEqual([
        dtype,
        [2],
        'cpu',
        2,
        2,
      ]);
      expect([...toFloat64Array(t)]).toEqual([...array].map(Number));
      expect(toBytes(t)).toEqual(new Uint8Array(array.buffer));
    });
  });

  it('may hold another type by its bytes', () => {
    scope(() => {
      const t = tensor(new Uint8Array(Uint16Array.of(0x3fc0).buffer), [1], { dtype: 'bfloat16' });
      expect(item(t)).toBe(1.5);
      expect(item(toDtype(t, 'float16'))).toBe(1.5);
    });
  });

  it('must fill the shape', () => {
    expect(() => tensor(new Float32Array(3), [2])).toThrow(
      'tensor: needed a valid call, found shape and dtype ask for 8 bytes, the array has 12',
    );
    expect(() => shareTensor(new Float32Array(3), [4])).toThrow(EngineError);
  });

  it('and single values: item refuses more than one', () => {
    scope(() => {
      expect(() => item(numbers(1, 2))).toThrow(ShapeError);
      expect(() => item(numbers(1, 2))).toThrow('item: needed a tensor with one element, found [2]');
      expect(() => numbers(1).size(1)).toThrow(RangeError);
    });
  });

  it('may be empty', () => {
    scope(() => {
      expect(toFloat32Array(tensor(new Float32Array(0), [0, 3]), { share: true })).toHaveLength(0);
    });
  });
});
