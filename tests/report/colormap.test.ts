import { describe, expect, it } from 'vitest';
import { sequentialColormap } from '../../src/report/colormap.ts';
import { niceTicks } from '../../src/report/ticks.ts';

type Triple = readonly [number, number, number];

function linear(rgb: Triple): Triple {
  const [red, green, blue] = rgb.map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [red!, green!, blue!];
}

/** sRGB to OKLab, the inverse direction of what the colour scale computes. */
function oklab(rgb: Triple): Triple {
  const [r, g, b] = linear(rgb);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

describe('sequentialColormap', () => {
  const colours = Array.from({ length: 17 }, (_, i) => sequentialColormap(i / 16));

  it('goes from dark violet over green to yellow, and limits its input', () => {
    const [first, middle, last] = [colours[0]!, colours[8]!, colours[16]!];
    expect(first[2]).toBeGreaterThan(first[1]);
    expect(middle[1]).toBeGreaterThan(middle[0]);
    expect(Math.min(last[0], last[1])).toBeGreaterThan(200);
    expect(last[2]).toBeLessThan(90);
    expect(sequentialColormap(-3)).toEqual(first);
    expect(sequentialColormap(7)).toEqual(last);
  });

  it('has a lightness that only rises, from 0.27 to 0.93', () => {
    const lightness = Array.from({ length: 256 }, (_, i) => oklab(sequentialColormap(i / 255))[0]);
    for (let i = 1; i < 256; i++) expect(lightness[i]!).toBeGreaterThan(lightness[i - 1]! - 0.003);
    expect([lightness[0]!, lightness[255]!]).toBeClose([0.27, 0.93], { atol: 0.01 });
  });

  it('takes equal steps in perceived colour', () => {
    const labs = colours.map(oklab);
    const steps = labs.slice(1).map((p, i) => Math.hypot(...p.map((value, c) => value - labs[i]![c]!)));
    const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
    for (const step of steps) expect(Math.abs(step / mean - 1)).toBeLessThan(0.12);
  });
});

describe('niceTicks', () => {
  const labels = (low: number, high: number) => niceTicks(low, high).map(({ label }) => label);

  it('uses round numbers inside the range', () => {
    expect(labels(0, 4.3)).toEqual(['0', '1', '2', '3', '4']);
    expect(labels(0.03, 0.31)).toEqual(['0.1', '0.2', '0.3']);
    expect(labels(-0.5, 0.5)).toEqual(['-0.4', '-0.2', '0.0', '0.2', '0.4']);
    expect(labels(12, 1180)).toEqual(['500', '1000']);
    expect(labels(0, 2.5e7)).toEqual(['0', '5.0e+6', '1.0e+7', '1.5e+7', '2.0e+7', '2.5e+7']);
  });
});
