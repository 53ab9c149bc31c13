/** The paper-size backbones against the published classes, weights from the recipe: every block's tokens, features. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backbone, createBackbone } from '../../src/backbones/index.ts';
import {
  cat,
  item,
  mean,
  meanAll,
  mul,
  noGrad,
  scope,
  select,
  sub,
  type Tensor,
  tensor,
  tensorCount,
  toFloat32Array,
} from '../../src/tensor/index.ts';
import { readGolden } from '../support/fixtures.ts';
import { fillByRecipe, image } from '../support/recipe.ts';

/** What the golden file holds of one forward pass. */
interface Seen {
  readonly feat: Float32Array;
  readonly patchtoken_first: Float32Array;
  readonly patchtoken_last: Float32Array;
  readonly block_cls: Float32Array;
  readonly block_mean: Float32Array;
  readonly block_std: Float32Array;
}

/** Standard deviation with n - 1, as torch's. */
function deviation(x: Tensor): number {
  const centred = sub(x, meanAll(x));
  return Math.sqrt((item(meanAll(mul(centred, centred))) * x.elementCount) / (x.elementCount - 1));
}

function observe(model: Backbone, size: number, clsAt: number): Seen {
  return noGrad(() =>
    scope(() => {
      const images = tensor(image(`full/img${size}`, 1, size, size), [1, 3, size, size]);
      const blocks: { cls: Float32Array; mean: number; std: number }[] = [];
      const { cls, patches } = model.forward(images, {
        onBlock: (i, x) => {
          expect(i).toBe(blocks.length);
          blocks.push({
            cls: toFloat32Array(select(x, 1, clsAt)),
            mean: item(meanAll(x)),
            std: deviation(x),
          });
        },
      });
      return {
        feat: toFloat32Array(cat([cls, mean(patches, [1])], { dim: 1 })),
        patchtoken_first: toFloat32Array(select(patches, 1, 0)),
        patchtoken_last: toFloat32Array(select(patches, 1, -1)),
        block_cls: Float32Array.from(blocks.flatMap((block) => [...block.cls])),
        block_mean: Float32Array.from(blocks, (block) => block.mean),
        block_std: Float32Array.from(blocks, (block) => block.std),
      };
    }),
  );
}

describe.each([
  ['mv-hybrid', 'full_mvhybrid_s', { 256: 128, 112: 24 }],
  ['vit-12', 'full_vit_s_12', { 256: 0, 112: 0 }],
] as const)('%s at paper size', (name, file, clsAt) => {
  let model: Backbone;
  let start: number;
  beforeAll(() => {
    start = tensorCount();
    model = fillByRecipe(createBackbone(name));
  });
  afterAll(() => {
    model.dispose();
    expect(tensorCount()).toBe(start);
  });

  it.each([256, 112] as const)('%i px', (size) => {
    const golden = readGolden(file);
    const seen = observe(model, size, clsAt[size]);
    for (const [key, values] of Object.entries(seen)) {
      const expected = golden.get(`${size}.${key}`).data;
      // The mean over a whole sequence nearly cancels: it is compared on the scale of the values it averages.
      const tolerance =
        key === 'block_mean' ? { atol: 1e-4 * Math.max(...seen.block_std) } : golden.tolerance('out');
      expect(values, `${size}.${key}`).toBeClose(expected, tolerance);
    }
    // Each block on its own scale, too: early blocks are small beside late ones.
    for (let i = 0; i < seen.block_mean.length; i++) {
      const row = [i * 384, (i + 1) * 384] as const;
      const expected = golden.get(`${size}.block_cls`).data.slice(...row);
      expect(seen.block_cls.slice(...row), `cls after block ${i}`).toBeClose(
        expected,
        golden.tolerance('out'),
      );
    }
  });
});
