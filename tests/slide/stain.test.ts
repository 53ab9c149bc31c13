import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { hedFromRgb, rgbFromHed } from '../../src/slide/stain/hed.ts';
import { labFromRgb, rgbFromLab } from '../../src/slide/stain/lab.ts';
import { eigenvectors, percentile } from '../../src/slide/stain/linear.ts';
import { fitMacenko, macenkoColours, normalizeMacenko, stainAmounts } from '../../src/slide/stain/macenko.ts';
import { fitReinhard, normalizeReinhard, reinhardColours } from '../../src/slide/stain/reinhard.ts';
import { readEvalGolden } from '../support/paths.ts';

interface GoldenFit {
  readonly HE: readonly [readonly number[], readonly number[]];
  readonly maxC: readonly [number, number];
}

interface StainGolden {
  readonly source: number[][][];
  readonly target: number[][][];
  readonly hed: { readonly value: number[][][] };
  readonly macenko: {
    readonly source: GoldenFit;
    readonly target: GoldenFit;
    readonly conc_source: readonly [number[], number[]];
    readonly normalised: number[][][];
  };
  readonly reinhard_lab: {
    readonly lab_source: number[][][];
    readonly mean_std: Readonly<Record<'src_mean' | 'src_std' | 'tgt_mean' | 'tgt_std', number[]>>;
    readonly normalised: number[][][];
  };
  readonly reinhard_lms: { readonly normalised: number[][] };
}

const golden = readEvalGolden<StainGolden>('stain');
const source = Uint8Array.from(golden.source.flat(2));
const target = Uint8Array.from(golden.target.flat(2));
const TIGHT = { atol: 1e-6 };

describe('HED', () => {
  it('equals scikit-image and returns to the colours', () => {
    const amounts = hedFromRgb(source);
    expect(amounts).toBeClose(golden.hed.value.flat(2), TIGHT);
    // Negative amounts were cut off, so the way back is close, not exact.
    expect(rgbFromHed(amounts)).toBeClose([...source], { atol: 2.5 });
  });
});

describe('Macenko', () => {
  const [from, to] = [fitMacenko(source), fitMacenko(target)];

  it('finds the golden stains and strengths', () => {
    for (const [fit, one] of [
      [from, golden.macenko.source],
      [to, golden.macenko.target],
    ] as const) {
      expect(fit.haematoxylin).toBeClose(one.HE[0], TIGHT);
      expect(fit.eosin).toBeClose(one.HE[1], TIGHT);
      expect([fit.maxHaematoxylin, fit.maxEosin]).toBeClose(one.maxC, TIGHT);
    }
    const { haematoxylin, eosin } = stainAmounts(source, from);
    expect(haematoxylin).toBeClose(golden.macenko.conc_source[0], TIGHT);
    expect(eosin).toBeClose(golden.macenko.conc_source[1], TIGHT);
  });

  it('gives the golden colours, rounded for bytes', () => {
    const colours = macenkoColours(source, from, to);
    expect(colours).toBeClose(golden.macenko.normalised.flat(2), TIGHT);
    const bytes = normalizeMacenko(source, from, to);
    expect(bytes).toBeClose([...colours], { atol: 0.5 + 1e-9 });
  });

  it('refuses glass and a single stain', () => {
    expect(() => fitMacenko(new Uint8Array(300).fill(235))).toThrow(DataError);
    expect(() => fitMacenko(new Uint8Array(300).fill(235))).toThrow('found 0 of 100');
    const single = Uint8Array.from({ length: 3000 }, (_, i) => [120, 80, 150][i % 3]!);
    expect(() => fitMacenko(single)).toThrow('a single colour');
  });
});

describe('Reinhard', () => {
  it('equals scikit-image in LAB', () => {
    const lab = Array.from({ length: source.length / 3 }, (_, i) =>
      labFromRgb(source[3 * i]!, source[3 * i + 1]!, source[3 * i + 2]!),
    );
    expect(lab.flat()).toBeClose(golden.reinhard_lab.lab_source.flat(2), TIGHT);
    const [from, to] = [fitReinhard(source), fitReinhard(target)];
    const { src_mean, src_std, tgt_mean, tgt_std } = golden.reinhard_lab.mean_std;
    expect([...from.mean, ...from.std]).toBeClose([...src_mean, ...src_std], TIGHT);
    expect([...to.mean, ...to.std]).toBeClose([...tgt_mean, ...tgt_std], TIGHT);
    const colours = reinhardColours(source, from, to);
    expect(colours).toBeClose(golden.reinhard_lab.normalised.flat(2), TIGHT);
    expect(normalizeReinhard(source, from, to)).toBeClose([...colours], { atol: 0.5 + 1e-9 });
  });

  it('equals the golden colours in the original space', () => {
    const fits = [fitReinhard(source, 'lms'), fitReinhard(target, 'lms')] as const;
    expect(reinhardColours(source, ...fits)).toBeClose(golden.reinhard_lms.normalised.flat(), TIGHT);
  });

  it('moves a plain picture to the mean and refuses mixed spaces', () => {
    const plain = new Uint8Array(30).fill(100);
    const moved = normalizeReinhard(plain, fitReinhard(plain), { ...fitReinhard(plain), mean: [80, 0, 0] });
    const expected = rgbFromLab(80, 0, 0).map(Math.round);
    expect([...moved.subarray(0, 3)]).toEqual(expected);
    expect(() => normalizeReinhard(plain, fitReinhard(plain), fitReinhard(plain, 'lms'))).toThrow(UsageError);
    expect(() => fitReinhard(new Uint8Array())).toThrow(UsageError);
  });
});

describe('linear algebra', () => {
  it('diagonalises a matrix with known axes', () => {
    const [first, second, third] = eigenvectors([2, 1, 0, 1, 2, 0, 0, 0, 5]);
    expect(first.map(Math.abs)).toBeClose([0, 0, 1], { atol: 1e-14 });
    expect(second.map(Math.abs)).toBeClose([Math.SQRT1_2, Math.SQRT1_2, 0], { atol: 1e-14 });
    expect(third[0] * third[1]).toBeCloseTo(-0.5, 14);
  });

  it('interpolates percentiles', () => {
    expect([0, 25, 50, 99, 100].map((p) => percentile(Float64Array.of(3, 1, 2), p))).toBeClose(
      [1, 1.5, 2, 2.98, 3],
      { atol: 1e-14 },
    );
  });
});
