/** What a caller of a backbone relies on: input checks, hooks, options, features. */
import { describe, expect, it } from 'vitest';
import {
  type Backbone,
  createBackbone,
  embed,
  type FeatureKind,
  features,
  featureWidth,
  fitMiddlePositions,
  imagesFromRgb,
  MvHybrid,
  Vim,
  Vit,
} from '../../src/backbones/index.ts';
import { Rng } from '../../src/core/rng.ts';
import { ShapeError } from '../../src/errors.ts';
import {
  narrow,
  noGrad,
  scope,
  setThreads,
  type Tensor,
  tensor,
  tensorCount,
  threadCount,
  toDtype,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';
import { image } from '../support/recipe.ts';

const hybrid = (options = {}): MvHybrid =>
  new MvHybrid({ width: 32, heads: 2, depth: 4, ...options }).initialize(1);
const vit = (options = {}): Vit =>
  new Vit({ width: 32, heads: 2, depth: 2, imagePx: 64, layerScale: 1, ...options }).initialize(1);

function images(batch: number, height: number, width = height): Tensor {
  return tensor(image('forward', batch, height, width), [batch, 3, height, width]);
}

/** Runs without gradients in a scope, disposes the model, and checks that nothing stays. */
function using<M extends Backbone>(make: () => M, work: (model: M) => void): void {
  const start = tensorCount();
  const model = make();
  noGrad(() => scope(() => work(model)));
  model.dispose();
  expect(tensorCount()).toBe(start);
}

const named =
  (name: string, fixed: object) =>
  (options = {}): Backbone =>
    createBackbone(name, { width: 32, ...fixed, ...options }).initialize(1);
const hydra = { states: 8, headWidth: 16 };

describe.each<[string, (options?: { dropPath?: number }) => Backbone]>([
  ['MV_Hybrid', hybrid],
  ['ViT', vit],
  ['ViM_EinFFT', named('vim-einfft', { depth: 2 })],
  ['Hydra_EinFFT', named('hydra-einfft', { depth: 2, hydra })],
  ['Hydra_Hybrid', named('hydra-hybrid', { depth: 2, heads: 2, hydra })],
  ['Vim', named('vim', { depth: 2, imagePx: 64, maskToken: true })],
  [
    'a custom list of blocks',
    named('custom', {
      heads: 2,
      hydra: { ...hydra, groups: 2 },
      vim: { divideOut: false, states: 3 },
      layerScale: 0.5,
      blocks: [
        { mixer: 'vim', channelMixer: 'swiglu' },
        { mixer: 'hydra', channelMixer: 'einfft', count: 2 },
        { mixer: 'attention', channelMixer: 'mlp' },
      ],
    }),
  ],
])('%s', (_, make) => {
  it.each([
    [1, 3, 60, 64],
    [1, 3, 64, 65],
    [1, 3, 0, 64],
    [1, 1, 64, 64],
    [1, 4, 64, 64],
  ])('refuses images [%i, %i, %i, %i] with a remedy', (...shape) => {
    using(make, (model) => {
      const call = () => model.forward(zeros(shape, { dtype: 'float32' }));
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(
        `patch embedding: needed images [B, 3, H, W] with H and W multiples of 16, found [${shape.join(', ')}]; ` +
          'resize or crop to a multiple of 16 pixels, e.g. 224 or 256',
      );
    });
  });

  it('gives an image the same tokens alone and in batches', () => {
    using(make, (model) => {
      const all = images(5, 64);
      const tokens = (from: number, count: number): Float32Array =>
        toFloat32Array(model.forward(narrow(all, 0, from, count)).patches);
      const whole = tokens(0, 5);
      const parts = [tokens(0, 1), tokens(1, 3), tokens(4, 1)].flatMap((part) => [...part]);
      const worst = parts.reduce((most, v, i) => Math.max(most, Math.abs(v - whole[i]!)), 0);
      expect(worst).toBeLessThan(1e-5);
      expect(parts).toHaveLength(whole.length);
    });
  });

  it('refuses a picture without its batch axis', () => {
    using(make, (model) => {
      expect(() => model.forward(zeros([3, 64, 64], { dtype: 'float32' }))).toThrow(ShapeError);
    });
  });

  it('takes wide pictures, tokens in raster order', () => {
    using(make, (model) => {
      const { cls, patches } = model.forward(images(2, 32, 80));
      expect([cls.shape, patches.shape]).toEqual([
        [2, 32],
        [2, 10, 32],
      ]);
    });
  });

  it('treats every picture of a batch alone', () => {
    using(make, (model) => {
      const both = model.forward(images(2, 64));
      const side = 3 * 64 * 64;
      const second = image('forward', 2, 64, 64).slice(side);
      const alone = model.forward(tensor(second, [1, 3, 64, 64]));
      expect(toFloat32Array(both.cls).slice(32)).toBeClose(toFloat32Array(alone.cls), { rtolOfMax: 1e-5 });
    });
  });

  it('calls the hook once per block, in order, with the whole sequence', () => {
    using(make, (model) => {
      const seen: [number, readonly number[]][] = [];
      model.forward(images(2, 48), { onBlock: (i, x) => seen.push([i, x.shape]) });
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => [i, [2, 10, 32]]));
      expect(seen.length).toBe(
        [...model.namedParameters().keys()].filter((n) => /\d\.norm1?\.weight$/.test(n)).length,
      );
    });
  });

  it('ignores the pixels under a mask', () => {
    using(make, (model) => {
      const mask = toDtype(
        tensor(
          Uint8Array.from({ length: 16 }, (_, i) => Number(i < 4)),
          [1, 16],
        ),
        'bool',
      );
      const one = image('forward', 1, 64, 64);
      const other = one.map((v, i) => (i % (64 * 64) < 16 * 64 ? -v : v)); // the first row of patches
      const run = (pixels: Float32Array, masked: boolean): Float32Array =>
        toFloat32Array(model.forward(tensor(pixels, [1, 3, 64, 64]), masked ? { mask } : {}).patches);
      expect(run(one, true)).toEqual(run(other, true));
      expect(run(one, false)).not.toEqual(run(other, false));
    });
  });

  it('gives the same bits with one thread and with two', () => {
    const before = threadCount();
    using(make, (model) => {
      const run = (threads: number): Float32Array => {
        setThreads(threads);
        return toFloat32Array(model.forward(images(3, 64)).patches);
      };
      expect(run(1)).toEqual(run(2));
    });
    setThreads(before);
  });

  it('drops branches only in training, reproducibly', () => {
    using(
      () => make({ dropPath: 0.5 }),
      (model) => {
        const run = (rng?: Rng): Float32Array =>
          toFloat32Array(model.forward(images(6, 64), rng === undefined ? {} : { rng }).cls);
        expect(run()).toEqual(run());
        expect(run(new Rng(1))).toEqual(run(new Rng(1)));
        expect(run(new Rng(1))).not.toEqual(run(new Rng(2)));
        expect(run(new Rng(1))).not.toEqual(run());
      },
    );
  });
});

describe('options of MV_Hybrid', () => {
  it.each([
    { einfft: false },
    { einfftMambaOnly: false },
    { layerScale: 0.1 },
    { depth: 3 },
    { depth: 1 },
    { patchPx: 8 },
  ])('%o changes the result', (options) => {
    using(hybrid, (plain) => {
      const expected = toFloat32Array(plain.forward(images(1, 64)).cls);
      using(
        () => hybrid(options),
        (model) => {
          const values = toFloat32Array(model.forward(images(1, 64)).cls);
          expect(values.every(Number.isFinite)).toBe(true);
          expect(values).not.toEqual(expected);
        },
      );
    });
  });

  it('layerScale 0 leaves every block the identity', () => {
    using(
      () => hybrid({ layerScale: 0 }),
      (model) => {
        const seen: Float32Array[] = [];
        model.forward(images(1, 64), { onBlock: (_, x) => seen.push(toFloat32Array(x)) });
        for (const sequence of seen) expect(sequence).toEqual(seen[0]);
      },
    );
  });
});

describe('stock Vim', () => {
  it('refuses a mask without a mask token', () => {
    using(named('vim', { depth: 1 }), (model) => {
      const mask = toDtype(zeros([1, 196], { dtype: 'float32' }), 'bool');
      expect(() => model.forward(images(1, 224), { mask })).toThrow(
        'vim: needed a mask token for masked patches, found the published model, which has none; ' +
          'create it with maskToken: true',
      );
    });
  });

  it('fits its positions to another size, the class token keeping its own', () => {
    using(
      () => new Vim({ width: 32, depth: 1, imagePx: 64 }).initialize(4),
      (model) => {
        const table = toFloat32Array(model.positions);
        const fitted = fitMiddlePositions(model.positions, 3, 5);
        const cls = 32 * 8;
        expect(fitted.shape).toEqual([1, 16, 32]);
        const at = 32 * 7;
        expect(toFloat32Array(fitted).slice(at, at + 32)).toEqual(table.slice(cls, cls + 32));
        expect(toFloat32Array(fitMiddlePositions(model.positions, 4, 4))).toEqual(table);
      },
    );
  });
});

describe('features', () => {
  const side = 32;
  const rgb = Uint8Array.from({ length: 2 * side * side * 3 }, (_, i) => (i * 37) % 256);

  it('normalise each channel with the card', () => {
    using(hybrid, ({ card }) => {
      const values = toFloat32Array(imagesFromRgb(rgb, side, card));
      const at = (b: number, c: number, y: number, x: number): number =>
        values[((b * 3 + c) * side + y) * side + x]!;
      for (const [b, c, y, x] of [
        [0, 0, 0, 0],
        [0, 2, 5, 31],
        [1, 1, 31, 7],
      ] as const) {
        const byte = rgb[((b * side + y) * side + x) * 3 + c]!;
        expect(at(b, c, y, x)).toBeCloseTo((byte / 255 - card.mean[c]!) / card.std[c]!, 5);
      }
    });
  });

  it.each<[FeatureKind, number]>([
    ['cls', 32],
    ['cls+mean', 64],
  ])('%s are %i numbers per picture, made of the tokens', (kind, width) => {
    using(hybrid, (model) => {
      expect(featureWidth(model.card, kind)).toBe(width);
      const { cls, patches } = model.forward(imagesFromRgb(rgb, side, model.card));
      const [c, p] = [toFloat32Array(cls), toFloat32Array(patches)];
      const n = patches.size(1);
      const expected = Array.from({ length: 2 }, (_, b) => {
        const means = Array.from({ length: 32 }, (_, d) => {
          let total = 0;
          for (let i = 0; i < n; i++) total += p[(b * n + i) * 32 + d]!;
          return total / n;
        });
        return [...c.subarray(b * 32, (b + 1) * 32), ...(kind === 'cls' ? [] : means)];
      }).flat();
      const got = embed(model, rgb, side, kind);
      expect(got).toHaveLength(2 * width);
      expect(got).toBeClose(expected, { rtolOfMax: 1e-6 });
    });
  });

  it('record nothing for gradients', () => {
    const start = tensorCount();
    const model = hybrid();
    scope(() => {
      expect(features(model, images(1, 32), 'cls').requiresGrad).toBe(false);
      expect(model.forward(images(1, 32)).cls.requiresGrad).toBe(true);
    });
    model.dispose();
    expect(tensorCount()).toBe(start);
  });

  it.each([new Uint8Array(10), new Uint8Array(0)])('refuse %o as pictures', (bytes) => {
    using(hybrid, (model) => {
      expect(() => embed(model, bytes, side, 'cls')).toThrow(
        `embed: needed whole pictures of 32 x 32 RGB pixels, found ${bytes.length} bytes`,
      );
    });
  });
});
