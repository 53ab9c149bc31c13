import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { UsageError } from '../../src/errors.ts';
import { partGrid } from '../../src/slide/tiles/grid.ts';
import { boundsOf, type Contour, contourArea, findParts } from '../../src/slide/tissue/contours.ts';
import { laplacianVariance } from '../../src/slide/tissue/focus.ts';
import { PolygonIndex } from '../../src/slide/tissue/polygon-index.ts';
import { TISSUE_PRESETS, tissueSettings } from '../../src/slide/tissue/presets.ts';
import { above, closeMask, medianBlur, otsuThreshold } from '../../src/slide/tissue/raster.ts';
import { AreaSums, rasterize } from '../../src/slide/tissue/rasterize.ts';
import { hsv, saturation } from '../../src/slide/tissue/saturation.ts';
import { segmentPicture } from '../../src/slide/tissue/segment.ts';
import { goldenPath, readEvalGolden } from '../support/paths.ts';

interface GoldenContour {
  readonly area: number;
  readonly bbox: readonly number[];
  readonly points: readonly (readonly number[])[];
}

interface Runs {
  readonly first: 0 | 1;
  readonly runs: readonly number[];
}

interface TissueGolden {
  readonly rgb_to_hsv: { readonly rgb: readonly number[][]; readonly hsv: readonly number[][] };
  readonly saturation_histogram: readonly number[];
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly params: Readonly<Record<string, number>> & { readonly use_otsu: boolean };
        readonly threshold: number;
        readonly median_saturation_sum: number;
        readonly mask_before_close: Runs;
        readonly mask: Runs;
        readonly tissue_pixels: number;
        readonly contours: readonly GoldenContour[];
        readonly holes: readonly (readonly GoldenContour[])[];
        readonly patches: Readonly<Record<string, readonly (readonly (readonly number[])[])[]>>;
      }
    >
  >;
}

interface OpenCvGolden {
  readonly hsvSha256: string;
  readonly cases: readonly {
    readonly width: number;
    readonly height: number;
    readonly mask: readonly number[];
    readonly parts: readonly { outline: number[]; area: number; holes: number[][] }[];
    readonly grey: readonly number[];
    readonly medianSize: number;
    readonly median: readonly number[];
    readonly closeSize: number;
    readonly closed: readonly number[];
    readonly otsu: number;
    readonly outline: readonly number[];
    readonly points: readonly (readonly [number, number])[];
    readonly sides: readonly number[];
    readonly laplacianVariance: number;
  }[];
}

const golden = readEvalGolden<TissueGolden>('tissue_mask');
const opencv = readEvalGolden<OpenCvGolden>('opencv_rasters');
const pixels = new Uint8Array(readFileSync(goldenPath('eval/tissue_img_uint8_160x160x3.bin')));
const picture = { pixels, widthPx: 160, heightPx: 160 };

function unpack({ first, runs }: Runs): number[] {
  return runs.flatMap((length, i) => Array<number>(length).fill((first + i) % 2));
}

function pairs({ points }: Contour): number[][] {
  return Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!]);
}

const facts = (contour: Contour) => {
  const { x, y, width, height } = boundsOf(contour);
  return { area: contourArea(contour), bbox: [x, y, width, height], points: pairs(contour) };
};

describe('HSV', () => {
  it('equals OpenCV for single colours and the golden picture', () => {
    for (const [i, [r, g, b]] of golden.rgb_to_hsv.rgb.entries())
      expect(hsv(r!, g!, b!)).toEqual(golden.rgb_to_hsv.hsv[i]);
    const histogram = new Array<number>(256).fill(0);
    for (const value of saturation(pixels)) histogram[value]!++;
    expect(histogram).toEqual(golden.saturation_histogram);
  });

  it('equals OpenCV for all 2^24 colours', () => {
    const hash = createHash('sha256');
    const slice = new Uint8Array(3 * 65_536);
    for (let r = 0; r < 256; r++) {
      for (let i = 0; i < 65_536; i++) slice.set(hsv(r, i >> 8, i & 255), 3 * i);
      hash.update(slice);
    }
    expect(hash.digest('hex')).toBe(opencv.hsvSha256);
  });
});

describe.each(Object.entries(golden.cases))('golden case %s', (_name, one) => {
  const { params } = one;
  const settings = {
    saturation: params.sthresh!,
    otsu: params.use_otsu,
    medianPx: params.mthresh!,
    closePx: params.close!,
    minTissuePatches: params.a_t!,
    minHolePatches: params.a_h!,
    maxHoles: params.max_n_holes!,
    refPatchPx: params.ref_patch_size!,
  };
  const found = segmentPicture(picture, { x: 1, y: 1 }, settings);

  it('has threshold and masks exactly', () => {
    expect(found.threshold).toBe(one.threshold);
    expect(found.blurred.data.reduce((a, b) => a + b, 0)).toBe(one.median_saturation_sum);
    expect([...above(found.blurred, found.threshold).data]).toEqual(unpack(one.mask_before_close));
    expect([...found.mask.data]).toEqual(unpack(one.mask));
    expect(found.mask.data.reduce((a, b) => a + b, 0)).toBe(one.tissue_pixels);
  });

  it('has contours and holes exactly', () => {
    expect(found.parts.map(({ outline }) => facts(outline))).toEqual(
      one.contours.map(({ area, bbox, points }) => ({ area, bbox, points })),
    );
    expect(found.parts.map(({ holes }) => holes.map(facts))).toEqual(
      one.holes.map((holes) => holes.map(({ area, bbox, points }) => ({ area, bbox, points }))),
    );
  });

  it.each(Object.entries(one.patches))('has the grid %s exactly', (name, lists) => {
    const [, rule, side, step, pad] = /^(.*)_ps(\d+)_step(\d+)_pad(True|False)$/.exec(name)!;
    const spec = {
      sidePx: Number(side),
      stepPx: Number(step),
      rule: rule as 'four_pt',
      padEdges: pad === 'True',
      slideWidthPx: 160,
      slideHeightPx: 160,
    };
    const grids = found.parts.map((part) => partGrid(part, spec).map(({ x, y }) => [x, y]));
    expect(grids).toEqual(lists);
  });
});

describe('rasters against OpenCV', () => {
  it.each(opencv.cases.map((one, i) => [i, one] as const))('case %i', (_i, one) => {
    const { width, height } = one;
    const mask = { data: Uint8Array.from(one.mask), width, height };
    const grey = { data: Uint8Array.from(one.grey), width, height };
    expect(
      findParts(mask).map(({ outline, holes }) => ({
        outline: [...outline.points],
        area: contourArea(outline),
        holes: holes.map(({ points }) => [...points]),
      })),
    ).toEqual(one.parts);
    expect([...medianBlur(grey, one.medianSize).data]).toEqual(one.median);
    expect([...closeMask(mask, one.closeSize).data]).toEqual(one.closed);
    expect(otsuThreshold(grey)).toBe(one.otsu);
    const index = new PolygonIndex({ points: Int32Array.from(one.outline) });
    expect(one.points.map(([x, y]) => index.side(x, y))).toEqual(one.sides);
    const rgb = Uint8Array.from({ length: 3 * one.grey.length }, (_, at) => one.grey[Math.floor(at / 3)]!);
    expect(laplacianVariance(rgb, width, height)).toBeCloseTo(one.laplacianVariance, 2);
  });
});

describe('AreaSums and rasterize', () => {
  it('give the area of a polygon with a hole', () => {
    const square = (a: number, b: number) => ({ points: Int32Array.of(a, a, b, a, b, b, a, b) });
    const part = { outline: square(10, 50), holes: [square(20, 30)] };
    const grid = { width: 40, height: 40, scaleX: 2, scaleY: 2, offsetX: 0, offsetY: 0 };
    const mask = rasterize([part], grid);
    expect(mask.data.reduce((a, b) => a + b, 0)).toBe(20 * 20 - 5 * 5);
    const sums = new AreaSums(mask);
    expect(sums.share(5, 5, 10, 10)).toBe(1);
    expect(sums.share(10, 10, 15, 15)).toBe(0);
    expect(sums.share(0, 5, 10, 10)).toBe(0.5);
    expect(sums.share(-10, -10, 30, 30)).toBeCloseTo(375 / 1600, 12);
  });

  it('give fractional rectangles as the sum of parts of pixels', () => {
    const rng = new Rng(3);
    const mask = { data: Uint8Array.from({ length: 90 }, () => rng.integer(0, 1)), width: 10, height: 9 };
    const sums = new AreaSums(mask);
    for (let n = 0; n < 200; n++) {
      const [left, top] = [rng.uniform(0, 8), rng.uniform(0, 7)];
      const [right, bottom] = [left + rng.uniform(0.1, 10 - left), top + rng.uniform(0.1, 9 - top)];
      let area = 0;
      for (let i = 0; i < 90; i++) {
        const [x, y] = [i % 10, Math.floor(i / 10)];
        const wide = Math.max(0, Math.min(right, x + 1) - Math.max(left, x));
        const high = Math.max(0, Math.min(bottom, y + 1) - Math.max(top, y));
        area += mask.data[i]! * wide * high;
      }
      expect(sums.share(left, top, right, bottom)).toBeCloseTo(area / ((right - left) * (bottom - top)), 10);
    }
  });
});

describe('laplacianVariance', () => {
  it('is 0 on a plain, on a ramp inside, and on single pixels', () => {
    expect(laplacianVariance(new Uint8Array(300).fill(90), 10, 10)).toBe(0);
    expect(laplacianVariance(Uint8Array.of(1, 2, 3), 1, 1)).toBe(0);
  });
});

describe('tissueSettings', () => {
  it('has CLAM presets, and single settings replace theirs', () => {
    expect(tissueSettings()).toEqual(TISSUE_PRESETS.biopsy);
    expect(TISSUE_PRESETS.biopsy).toEqual({
      otsu: false,
      refPatchPx: 512,
      saturation: 15,
      medianPx: 11,
      closePx: 2,
      minTissuePatches: 1,
      minHolePatches: 1,
      maxHoles: 2,
    });
    expect(tissueSettings('tcga', { otsu: true })).toEqual({ ...TISSUE_PRESETS.tcga, otsu: true });
  });

  it('refuses what cannot be', () => {
    expect(() => tissueSettings('lung' as never)).toThrow('biopsy, resection, tcga');
    for (const bad of [{ medianPx: 4 }, { saturation: 300 }, { closePx: -1 }, { maxHoles: 0.5 }])
      expect(() => tissueSettings('biopsy', bad)).toThrow(UsageError);
    const tiny = { data: new Uint8Array(4), width: 2, height: 2 };
    expect(() => medianBlur(tiny, 2)).toThrow(UsageError);
    expect(() => closeMask(tiny, -1)).toThrow(UsageError);
  });
});
