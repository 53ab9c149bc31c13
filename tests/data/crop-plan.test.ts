import { describe, expect, it } from 'vitest';
import { type Augmentation, type CropRecipe, createAugmentation } from '../../src/data/augmentation.ts';
import { type CropPlan, cropRng, drawCropPlan } from '../../src/data/crop-plan.ts';
import { UsageError } from '../../src/errors.ts';

const CARD = { mean: [0.7, 0.54, 0.66], std: [0.22, 0.26, 0.21] } as const;
const SIZE = { widthPx: 256, heightPx: 256 };
const DRAWS = 4000;

function plans(recipe: CropRecipe): CropPlan[] {
  return Array.from({ length: DRAWS }, (_, sample) =>
    drawCropPlan(cropRng({ seed: 5, pass: 0, sample, view: 0 }), recipe, SIZE),
  );
}

/** Share of plans for which something holds; 4 standard deviations of a share of 0.5 are 0.032. */
const share = (list: readonly CropPlan[], holds: (plan: CropPlan) => boolean) =>
  list.filter(holds).length / list.length;

describe('createAugmentation', () => {
  it('has the published values by default', () => {
    const { global1, global2, local, localCrops, mean, std } = createAugmentation(CARD);
    expect({ localCrops, mean, std }).toEqual({ localCrops: 8, ...CARD });
    expect([global1.sizePx, global2.sizePx, local.sizePx]).toEqual([256, 256, 112]);
    expect([global1.scale, local.scale]).toEqual([
      [0.32, 1],
      [0.05, 0.32],
    ]);
    for (const recipe of [global1, global2, local]) {
      expect(recipe.ratio).toEqual([3 / 4, 4 / 3]);
      expect(recipe.jitter).toEqual({
        probability: 0.8,
        brightness: 0.2,
        contrast: 0.2,
        saturation: 0.2,
        hue: 0.1,
      });
      expect([recipe.flipProbability, recipe.grayscaleProbability]).toEqual([0.5, 0.2]);
      expect(recipe.blur.sigma).toEqual([0.1, 2]);
      expect(recipe.solarize.probability).toBe(0);
    }
  });

  const blurs = ({ global1, global2, local }: Augmentation) =>
    [global1, global2, local].map(({ blur }) => blur.probability);

  it('offers both readings of the blur and both strengths of colour', () => {
    expect(blurs(createAugmentation(CARD))).toEqual([0, 0.9, 0.5]);
    expect(blurs(createAugmentation({ ...CARD, blur: 'intended' }))).toEqual([1, 0.1, 0.5]);
    const { global1, global2, local } = createAugmentation({ ...CARD, colour: 'dinov2' });
    for (const { jitter } of [global1, global2, local])
      expect([jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue]).toEqual([
        0.4, 0.4, 0.2, 0.1,
      ]);
    expect([global1, global2, local].map(({ solarize }) => solarize.probability)).toEqual([0, 0.2, 0]);
  });

  it.each([
    [{ globalPx: 4 }, 'found globalPx 4'],
    [{ localPx: 12.5 }, 'localPx 12.5'],
    [{ localCrops: -1 }, 'localCrops -1'],
    [{ globalScale: [0, 1] as const }, 'found [0, 1]'],
    [{ localScale: [0.4, 0.3] as const }, 'localScale'],
    [{ blur: 'sometimes' as 'published' }, 'needed blur as published or intended, found "sometimes"'],
    [{ colour: 'toString' as 'published' }, 'needed colour as published or dinov2'],
  ])('refuses %j', (options, message) => {
    const create = () => createAugmentation({ ...CARD, ...options });
    expect(create).toThrow(UsageError);
    expect(create).toThrow(message);
  });
});

describe('drawCropPlan', () => {
  const { global1, global2, local } = createAugmentation(CARD);

  it('depends on every part of the key and on nothing else', () => {
    const key = { seed: 1, pass: 2, sample: 3, view: 4 };
    const draw = (change: Partial<typeof key>) => drawCropPlan(cropRng({ ...key, ...change }), local, SIZE);
    expect(draw({})).toEqual(draw({}));
    for (const change of [{ seed: 2 }, { pass: 3 }, { sample: 4 }, { view: 5 }])
      expect(draw(change)).not.toEqual(draw({}));
  });

  it('does each thing as often as asked', () => {
    const list = plans(global2);
    expect(share(list, ({ flip }) => flip)).toBeCloseTo(0.5, 1);
    expect(share(list, ({ colour }) => colour.length === 4)).toBeCloseTo(0.8, 1);
    expect(share(list, ({ colour }) => colour.length === 0)).toBeCloseTo(0.2, 1);
    expect(share(list, ({ grayscale }) => grayscale)).toBeCloseTo(0.2, 1);
    expect(share(list, ({ blurSigma }) => blurSigma !== undefined)).toBeCloseTo(0.9, 1);
    expect(share(list, ({ solarizeFrom }) => solarizeFrom !== undefined)).toBe(0);
    expect(share(plans(global1), ({ blurSigma }) => blurSigma !== undefined)).toBe(0);
    expect(share(plans(local), ({ blurSigma }) => blurSigma !== undefined)).toBeCloseTo(0.5, 1);
    const dinov2 = plans(createAugmentation({ ...CARD, colour: 'dinov2', blur: 'intended' }).global2);
    expect(share(dinov2, ({ solarizeFrom }) => solarizeFrom === 128)).toBeCloseTo(0.2, 1);
    expect(share(dinov2, ({ blurSigma }) => blurSigma !== undefined)).toBeCloseTo(0.1, 1);
  });

  it('draws strengths over their whole ranges, in all 24 orders', () => {
    const list = plans(global2).filter(({ colour }) => colour.length > 0);
    const range = (values: number[]) => [Math.min(...values), Math.max(...values)];
    const steps = list.flatMap(({ colour }) => colour);
    for (const kind of ['brightness', 'contrast', 'saturation']) {
      const [low, high] = range(
        steps.flatMap((s) => (s.kind === kind && s.kind !== 'hue' ? [s.factor] : [])),
      );
      expect(low).toBeGreaterThanOrEqual(0.8);
      expect(low).toBeLessThan(0.805);
      expect(high).toBeLessThan(1.2);
      expect(high).toBeGreaterThan(1.195);
    }
    const [low, high] = range(steps.flatMap((s) => (s.kind === 'hue' ? [s.shift] : [])));
    expect(low).toBeGreaterThanOrEqual(-0.1);
    expect(low).toBeLessThan(-0.098);
    expect(high).toBeGreaterThan(0.098);
    const sigma = range(list.flatMap(({ blurSigma }) => blurSigma ?? []));
    expect(sigma[0]).toBeGreaterThanOrEqual(0.1);
    expect(sigma[0]).toBeLessThan(0.11);
    expect(sigma[1]).toBeGreaterThan(1.99);
    expect(new Set(list.map(({ colour }) => colour.map(({ kind }) => kind).join())).size).toBe(24);
  });
});
