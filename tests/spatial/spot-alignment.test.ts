import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { spotsOverTissue, transformSpots } from '../../src/spatial/index.ts';
import { expectMessage } from './section-files.ts';

const spots = [
  { barcode: 'a', x: 10, y: 0, arrayRow: 1, arrayCol: 2 },
  { barcode: 'b', x: 0, y: 20 },
];

describe('transformSpots', () => {
  it('turns from right to down, scales, then shifts, and keeps the rest', () => {
    const moved = transformSpots(spots, { scale: 2, rotationDeg: 90, shiftXPx: 100, shiftYPx: -5 });
    expect(moved[0]!.barcode).toBe('a');
    expect(moved[0]).toMatchObject({ arrayRow: 1, arrayCol: 2 });
    expect(moved.flatMap(({ x, y }) => [x, y])).toBeClose([100, 15, 60, -5], { atol: 1e-12 });
    expect(transformSpots(spots, undefined)).toBe(spots);
    expect(transformSpots(spots, {})).toEqual(spots);
  });

  it('keeps distances up to the scale', () => {
    const numbers = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    const transforms = fc.record({
      scale: fc.double({ min: 0.01, max: 100, noNaN: true }),
      rotationDeg: numbers,
      shiftXPx: numbers,
      shiftYPx: numbers,
    });
    fc.assert(
      fc.property(transforms, (transform) => {
        const [a, b] = transformSpots(spots, transform);
        const distance = Math.hypot(a!.x - b!.x, a!.y - b!.y);
        const expected = transform.scale * Math.hypot(10, 20);
        expect(Math.abs(distance - expected)).toBeLessThan(1e-8 * (1 + expected));
      }),
    );
  });

  it.each([{ scale: 0 }, { scale: -1 }, { rotationDeg: Number.NaN }, { shiftXPx: Number.POSITIVE_INFINITY }])(
    'refuses %o',
    (transform) => {
      expect(() => transformSpots(spots, transform)).toThrow(UsageError);
    },
  );
});

describe('spotsOverTissue', () => {
  it('gives the share and names the spots beside the tissue', () => {
    expect(spotsOverTissue(spots, (x, y) => x > 5 && y < 5)).toEqual({
      spots: 2,
      overTissue: 1,
      share: 0.5,
      outside: ['b'],
    });
    expectMessage(
      () => spotsOverTissue([], () => true),
      'spotsOverTissue: needed at least one spot, found none',
    );
  });
});
