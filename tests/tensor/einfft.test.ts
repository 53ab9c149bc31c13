/** EinFFT as one operator: images on their own threads, without gradients, against float64 and against its parts. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  einfft,
  einfftComposed,
  narrow,
  noGrad,
  scope,
  setThreads,
  type Tensor,
  tensor,
  threadCount,
  toFloat32Array,
  toFloat64Array,
} from '../../src/tensor/index.ts';

interface Case {
  readonly batch: number;
  readonly tokens: number;
  readonly blocks: number;
  readonly width: number;
}

/** x [batch, tokens, blocks * width], two layers of [blocks, 2 width, 2 width] and [blocks, 2 width]. */
function draw({ batch, tokens, blocks, width }: Case): { shapes: number[][]; arrays: Float32Array[] } {
  const side = 2 * width;
  const layer = [
    [blocks, side, side],
    [blocks, side],
  ];
  const shapes = [[batch, tokens, blocks * width], ...layer, ...layer];
  const rng = new Rng(`einfft ${batch} ${tokens} ${blocks} ${width}`);
  const arrays = shapes.map((shape, i) => {
    const scale = i === 0 ? 1 : 1 / Math.sqrt(side);
    return Float32Array.from(
      { length: shape.reduce((product, n) => product * n, 1) },
      () => scale * rng.normal(),
    );
  });
  return { shapes, arrays };
}

function mixed(call: typeof einfft, shapes: number[][], arrays: (Float32Array | Float64Array)[]): Tensor {
  const [x, weight1, bias1, weight2, bias2] = arrays.map((array, i) => tensor(array, shapes[i]!));
  return call(x!, weight1!, bias1!, weight2!, bias2!, 0.1);
}

describe('einfft without gradients', () => {
  it.each<Case>([
    { batch: 8, tokens: 257, blocks: 4, width: 24 },
    { batch: 9, tokens: 1, blocks: 1, width: 3 },
    { batch: 8, tokens: 17, blocks: 5, width: 7 },
    // The hidden layer in two and in three pieces of rows, the last one shorter.
    { batch: 8, tokens: 321, blocks: 2, width: 8 },
    { batch: 8, tokens: 961, blocks: 2, width: 4 },
  ])('of whole images is what float64 gives: %o', (size) => {
    const { shapes, arrays } = draw(size);
    scope(() =>
      noGrad(() => {
        const exact = toFloat64Array(
          mixed(
            einfftComposed,
            shapes,
            arrays.map((array) => Float64Array.from(array)),
          ),
        );
        const before = threadCount();
        const found = [1, 2, 3].map((threads) => {
          setThreads(threads);
          return toFloat32Array(mixed(einfft, shapes, arrays));
        });
        setThreads(before);
        const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(largest).toBeGreaterThan(0.1);
        expect(found[0]!).toBeClose(exact, { atol: 3e-6 * largest });
        for (const other of found.slice(1)) expect(other).toEqual(found[0]);
      }),
    );
  });

  it('of an image does not depend on how many go with it', () => {
    const size = { batch: 8, tokens: 65, blocks: 4, width: 12 };
    const { shapes, arrays } = draw(size);
    scope(() =>
      noGrad(() => {
        const together = mixed(einfft, shapes, arrays);
        const row = size.tokens * size.blocks * size.width;
        const alone = mixed(
          einfft,
          [[1, ...shapes[0]!.slice(1)], ...shapes.slice(1)],
          [arrays[0]!.slice(3 * row, 4 * row), ...arrays.slice(1)],
        );
        expect(toFloat32Array(alone)).toBeClose(toFloat32Array(narrow(together, 0, 3, 1)), { atol: 1e-5 });
      }),
    );
  });

  it('names the shapes it needs', () => {
    const { shapes, arrays } = draw({ batch: 1, tokens: 4, blocks: 2, width: 3 });
    const wrong = () =>
      mixed(einfft, [[1, 3, 8], ...shapes.slice(1)], [new Float32Array(24), ...arrays.slice(1)]);
    expect(() => scope(wrong)).toThrow(/einfft: needs x \[batch, tokens, blocks \* width\].*got \[1, 3, 8\]/);
  });
});
