import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areaOf,
  boundsOf,
  boxBetween,
  insidePolygon,
  type Polygon,
  polygonOfBox,
} from '../../web/src/geometry/polygon.ts';
import { boxOf, shiftBetween, strideFor, toScreen, toSlide, type View } from '../../web/src/overlay/layer.ts';
import { Pace } from '../../web/src/overlay/pace.ts';
import { SpatialIndex } from '../../web/src/overlay/spatial-index.ts';

/** A U: the notch between its arms is outside. */
const U: Polygon = [
  [0, 0],
  [10, 0],
  [10, 10],
  [7, 10],
  [7, 3],
  [3, 3],
  [3, 10],
  [0, 10],
];

describe('polygons', () => {
  it('know inside from outside, in notches too', () => {
    expect(insidePolygon(1, 8, U)).toBe(true);
    expect(insidePolygon(5, 8, U)).toBe(false);
    expect(insidePolygon(5, 2, U)).toBe(true);
    expect(insidePolygon(11, 5, U)).toBe(false);
  });

  it('have bounds and area', () => {
    expect(boundsOf(U)).toEqual({ x: 0, y: 0, width: 10, height: 10 });
    expect(areaOf(U)).toBe(100 - 4 * 7);
    expect(areaOf([...U].reverse())).toBe(72);
    expect(polygonOfBox(boxBetween([8, 1], [2, 5]))).toEqual([
      [2, 1],
      [8, 1],
      [8, 5],
      [2, 5],
    ]);
  });
});

const places = fc
  .array(
    fc.tuple(
      fc.double({ min: -5000, max: 5000, noNaN: true }),
      fc.double({ min: -10, max: 90_000, noNaN: true }),
    ),
    { minLength: 1, maxLength: 300 },
  )
  .map((points) => Float32Array.from(points.flat()));

describe('spatial index', () => {
  it('finds the nearest row within reach', () => {
    const index = new SpatialIndex(Float32Array.from([0, 0, 10, 0, Number.NaN, 5, 0, 10]));
    expect([...index.order].sort()).toEqual([0, 1, 3]);
    expect(index.nearest(8, 1, 5)).toBe(1);
    expect(index.nearest(5, 5, 3)).toBe(undefined);
    expect(index.nearest(-3, 12, 5)).toBe(3);
    expect(new SpatialIndex(new Float32Array()).nearest(0, 0, 5)).toBe(undefined);
  });

  it('agrees with looking at every row', () => {
    fc.assert(
      fc.property(
        places,
        fc.tuple(
          fc.double({ min: -6000, max: 6000, noNaN: true }),
          fc.double({ min: -6000, max: 95_000, noNaN: true }),
        ),
        ([...positions], [x, y]) => {
          const index = new SpatialIndex(Float32Array.from(positions));
          const distance = (row: number) =>
            Math.hypot(Math.fround(positions[2 * row]!) - x, Math.fround(positions[2 * row + 1]!) - y);
          const all = Array.from({ length: positions.length / 2 }, (_, row) => distance(row));
          const least = Math.min(...all);
          const found = index.nearest(x, y, 4000);
          if (least > 4000.001) expect(found).toBe(undefined);
          else if (least < 3999.999) expect(distance(found!)).toBeCloseTo(least, 6);
        },
      ),
    );
  });

  it('chooses the rows inside a polygon and no others', () => {
    fc.assert(
      fc.property(places, (positions) => {
        const polygon: Polygon = [
          [-3000, 0],
          [4000, 20_000],
          [1000, 80_000],
          [-500, 30_000],
        ];
        const mask = new SpatialIndex(positions).maskOf(polygon);
        const wanted = Array.from(mask, (_, row) =>
          Number(insidePolygon(positions[2 * row]!, positions[2 * row + 1]!, polygon)),
        );
        expect([...mask]).toEqual(wanted);
      }),
    );
  });

  it('lists every row of a box once', () => {
    fc.assert(
      fc.property(places, (positions) => {
        const index = new SpatialIndex(positions);
        const box = { x: -1000, y: 1000, width: 3000, height: 50_000 };
        const listed = index.runsIn(box).flatMap(({ start, end }) => [...index.order.slice(start, end)]);
        expect(new Set(listed).size).toBe(listed.length);
        for (let row = 0; row < positions.length / 2; row++) {
          const [x, y] = [positions[2 * row]!, positions[2 * row + 1]!];
          const inside = x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
          if (inside) expect(listed).toContain(row);
        }
      }),
    );
  });
});

describe('views', () => {
  const view: View = { x: 1000, y: 2000, zoom: 0.5, widthPx: 800, heightPx: 600 };

  it('map the slide to the screen and back', () => {
    expect(toScreen(view, 1000, 2000)).toEqual([400, 300]);
    expect(toScreen(view, 1100, 2000)).toEqual([450, 300]);
    expect(toSlide(view, 450, 300)).toEqual([1100, 2000]);
    expect(boxOf(view, 10)).toEqual({ x: 1000 - 810, y: 2000 - 610, width: 1620, height: 1220 });
  });

  it('move a picture of one view to where another has it', () => {
    const now: View = { x: 1040, y: 1980, zoom: 0.8, widthPx: 800, heightPx: 600 };
    const [a, , , d, left, top] = shiftBetween(view, now)
      .match(/[-\d.]+/g)!
      .map(Number);
    const [drawnX, drawnY] = toScreen(view, 1234, 1777);
    const [x, y] = toScreen(now, 1234, 1777);
    expect([a! * drawnX + left!, d! * drawnY + top!]).toEqual([expect.closeTo(x, 6), expect.closeTo(y, 6)]);
  });

  it('thin out more rows than a screen can show', () => {
    expect([100_000, 250_000, 250_001, 2_000_000, 1e9].map(strideFor)).toEqual([1, 1, 2, 8, 31]);
  });
});

describe('pace of drawing', () => {
  it('draws each frame where frames are quick', () => {
    const pace = new Pace();
    for (let now = 0; now < 500; now += 17) {
      expect(pace.mayDraw(now)).toBe(true);
      pace.drew(now);
      pace.secondFrame(now + 34);
    }
  });

  it('leaves a pause of five costs where they are slow', () => {
    const pace = new Pace();
    for (let i = 0; i < 30; i++) {
      pace.drew(i * 1000);
      pace.secondFrame(i * 1000 + 160);
    }
    expect(pace.intervalMs).toBeCloseTo(400, 0);
    expect([pace.mayDraw(29_300), pace.mayDraw(29_401)]).toEqual([false, true]);
  });
});
