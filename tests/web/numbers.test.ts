import { describe, expect, it } from 'vitest';
import { counted, formatDuration, formatNumber, formatShare } from '../../web/src/numbers/format.ts';
import {
  alignValues,
  correlation,
  differenceOf,
  joinByBarcode,
  joinByPosition,
} from '../../web/src/numbers/join.ts';
import { quantile } from '../../web/src/numbers/quantiles.ts';
import { scaleBar } from '../../web/src/numbers/scale-bar.ts';
import { compare, pick, summarise } from '../../web/src/numbers/summary.ts';
import { SpatialIndex } from '../../web/src/overlay/spatial-index.ts';

const NAN = Number.NaN;

describe('statistics', () => {
  it('summarise values by hand', () => {
    const { rows, missing, mean, sd, min, quartiles, max } = summarise(
      Float32Array.from([4, NAN, 1, 3, 2, 10]),
    );
    expect([rows, missing, mean, min, max]).toEqual([6, 1, 4, 1, 10]);
    // Squares about 4: 0 + 9 + 1 + 4 + 36 = 50, over n - 1 = 4.
    expect(sd).toBeCloseTo(Math.sqrt(12.5), 12);
    expect(quartiles).toEqual([2, 3, 4]);
  });

  it('of nothing are not numbers', () => {
    const { rows, missing, mean, sd, quartiles } = summarise(Float32Array.from([NAN]));
    expect([rows, missing]).toEqual([1, 1]);
    expect([mean, sd, ...quartiles].every(Number.isNaN)).toBe(true);
    expect(summarise(Float32Array.from([5])).sd).toBe(NAN);
  });

  it('interpolate quantiles', () => {
    expect(quantile([1, 2, 4, 8], 0.5)).toBe(3);
    expect(quantile([1, 2, 4, 8], 0.25)).toBe(1.75);
    expect(quantile([], 0.5)).toBe(NAN);
  });

  it('compare two groups by mean and by rank', () => {
    // Pairs of {3, 5} and {1, 3, 4}: 3>1, 3=3, 3<4, 5>1, 5>3, 5>4: 4.5 of 6.
    const { meanDifference, probabilityAbove } = compare(
      Float32Array.from([5, 3]),
      Float32Array.from([4, 1, 3, NAN]),
    );
    expect(probabilityAbove).toBeCloseTo(0.75, 12);
    expect(meanDifference).toBeCloseTo(4 - 8 / 3, 12);
  });

  it('pick rows by a mask', () => {
    const mask = Uint8Array.from([1, 0, 1]);
    expect([...pick(Float32Array.from([7, 8, 9]), mask, 1)]).toEqual([7, 9]);
    expect([...pick(Float32Array.from([7, 8, 9]), mask, 0)]).toEqual([8]);
  });
});

describe('joining tables', () => {
  it('by barcode, whatever the order', () => {
    const join = joinByBarcode(['a', 'b', 'c'], ['c', 'x', 'a']);
    expect([[...join.rows], join.matched, join.by]).toEqual([[2, -1, 0], 2, 'barcode']);
    expect([...alignValues(join, Float32Array.from([30, 99, 10]))]).toEqual([10, NAN, 30]);
  });

  it('by place, within reach', () => {
    const index = new SpatialIndex(Float32Array.from([0, 0, 100, 0]));
    const join = joinByPosition(Float32Array.from([98, 3, 50, 0]), index, 10);
    expect([[...join.rows], join.by]).toEqual([[1, -1], 'position']);
  });

  it('give differences and correlations', () => {
    const a = Float32Array.from([1, 2, 3, NAN]);
    const b = Float32Array.from([2, 4, 6, 8]);
    expect([...differenceOf(a, b)]).toEqual([1, 2, 3, NAN]);
    expect(correlation(a, b)).toBeCloseTo(1, 12);
    expect(correlation(Float32Array.from([1, 2, 3, 4]), Float32Array.from([1, 3, 2, 4]))).toBeCloseTo(
      0.8,
      12,
    );
    expect(correlation(a, new Float32Array(4))).toBe(NAN);
  });
});

describe('scale bar', () => {
  it('is a round length that fits', () => {
    // 0.5 um per px at 0.1 CSS px per px: 0.2 CSS px per um; 140 CSS px hold 700 um, so 500 um = 100 CSS px.
    expect(scaleBar(0.1, 0.5, 140)).toEqual({ widthPx: 100, label: '500 \u00b5m' });
    expect(scaleBar(0.01, 0.5, 140).label).toBe('5 mm');
    expect(scaleBar(2, null, 140)).toEqual({ widthPx: 100, label: '50 px' });
    expect(scaleBar(40, 0.25, 140).label).toBe('0.5 \u00b5m');
  });

  it('is between two fifths and all of the room', () => {
    for (let zoom = 0.001; zoom < 50; zoom *= 1.07) {
      const { widthPx } = scaleBar(zoom, 0.2523, 140);
      expect(widthPx).toBeLessThanOrEqual(140 * 1.000001);
      expect(widthPx).toBeGreaterThanOrEqual(0.4 * 140);
    }
  });
});

describe('numbers as text', () => {
  it('have about three digits', () => {
    expect([0, 1.234, 12.34, 123.4, 12345, 0.1234, 0.00001, -2.5, NAN, null].map(formatNumber)).toEqual([
      '0',
      '1.23',
      '12.3',
      '123',
      '12,345',
      '0.123',
      '1.0e-5',
      '-2.50',
      '-',
      '-',
    ]);
  });

  it('count, share and time', () => {
    expect([counted(1, 'spot'), counted(1200, 'spot')]).toEqual(['1 spot', '1,200 spots']);
    expect([formatShare(0.934), formatShare(0.034), formatShare(null)]).toEqual(['93 %', '3.4 %', '-']);
    expect([45, 125, 4200].map(formatDuration)).toEqual(['45 s', '2 min 5 s', '1 h 10 min']);
  });
});
