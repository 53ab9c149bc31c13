import { describe, expect, it } from 'vitest';
import {
  colourOf,
  colourTable,
  DIVERGING_MAP,
  SEQUENTIAL_MAPS,
  TABLE_SIZE,
  tableIndex,
} from '../../web/src/colour/colour-maps.ts';
import { jointRange, percentileRange, symmetricRange } from '../../web/src/colour/range.ts';

/** CIE lightness (0 to 100) of a table's entry. */
function lightness(table: Uint8Array, i: number): number {
  const linear = (byte: number) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const [r, g, b] = [0, 1, 2].map((c) => linear(table[4 * i + c]!));
  const y = 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

describe('colour maps', () => {
  it('have the published ends', () => {
    expect([...colourTable('viridis').slice(0, 4)]).toEqual([0x44, 0x01, 0x54, 255]);
    expect([...colourTable('viridis').slice(-4)]).toEqual([0xfd, 0xe7, 0x25, 255]);
    expect([...colourTable('magma').slice(0, 3)]).toEqual([0, 0, 4]);
    expect([...colourTable('cividis').slice(-4, -1)]).toEqual([0xff, 0xea, 0x46]);
  });

  it.each(SEQUENTIAL_MAPS)('%s rises in lightness from step to step', (name) => {
    const table = colourTable(name);
    for (let i = 8; i < TABLE_SIZE; i += 8) {
      expect(lightness(table, i), `step ${i}`).toBeGreaterThan(lightness(table, i - 8));
    }
  });

  it('differences are lightest at zero and as dark at both ends', () => {
    const table = colourTable(DIVERGING_MAP);
    expect(lightness(table, 127)).toBeGreaterThan(95);
    expect(Math.abs(lightness(table, 0) - lightness(table, 255))).toBeLessThan(3);
    expect(table[2]!).toBeGreaterThan(table[0]!);
    expect(table[4 * 255]!).toBeGreaterThan(table[4 * 255 + 2]!);
  });

  it('give values beyond the range the colours of its ends', () => {
    expect([-5, 0, 2.5, 5, 9].map((value) => tableIndex(value, 0, 5))).toEqual([0, 0, 128, 255, 255]);
    expect(tableIndex(3, 3, 3)).toBe(128);
    expect(colourOf('viridis', 10, 0, 1)).toBe('rgb(253 231 37)');
  });
});

describe('ranges', () => {
  const values = Float32Array.from([Number.NaN, ...Array.from({ length: 101 }, (_, i) => i)]);

  it('lie between percentiles of the numbers', () => {
    expect(percentileRange(values, { low: 1, high: 99 })).toEqual({ low: 1, high: 99 });
    expect(percentileRange(values, { low: 0, high: 50 })).toEqual({ low: 0, high: 50 });
  });

  it('fall back to minimum and maximum where most values are equal', () => {
    const rare = new Float32Array(1000);
    rare[3] = 7;
    expect(percentileRange(rare, { low: 1, high: 99 })).toEqual({ low: 0, high: 7 });
    expect(percentileRange(new Float32Array([Number.NaN]), { low: 1, high: 99 })).toEqual({
      low: 0,
      high: 1,
    });
  });

  it('of differences are symmetric', () => {
    expect(symmetricRange(Float32Array.from([-1, 0, 4]), { low: 0, high: 100 })).toEqual({
      low: -4,
      high: 4,
    });
    expect(symmetricRange(new Float32Array(5), { low: 1, high: 99 })).toEqual({ low: -1, high: 1 });
  });

  it('join to one that holds all', () => {
    expect(
      jointRange([
        { low: 1, high: 3 },
        { low: -2, high: 2 },
      ]),
    ).toEqual({ low: -2, high: 3 });
    expect(jointRange([])).toEqual({ low: 0, high: 1 });
  });
});
