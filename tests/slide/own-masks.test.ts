import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { contourArea } from '../../src/slide/tissue/contours.ts';
import { readGeojsonTissue } from '../../src/slide/tissue/geojson-mask.ts';
import { maskPng, readMaskTissue } from '../../src/slide/tissue/mask-image.ts';
import { temporaryFolder } from './pictures.ts';

const file = temporaryFolder('masks');
const square = (a: number, b: number) => [
  [a, a],
  [b, a],
  [b, b],
  [a, b],
  [a, a],
];
const feature = (coordinates: unknown, type = 'Polygon', classification?: unknown) => ({
  type: 'Feature',
  geometry: { type, coordinates },
  properties: { objectType: 'annotation', ...(classification === undefined ? {} : { classification }) },
});

async function read(json: unknown, classes?: string[]) {
  await writeFile(file('a.geojson'), typeof json === 'string' ? json : JSON.stringify(json));
  return readGeojsonTissue(file('a.geojson'), classes === undefined ? {} : { classes });
}

describe('readGeojsonTissue', () => {
  const qupath = {
    type: 'FeatureCollection',
    features: [
      feature([square(10.5, 50.5), square(20, 30)], 'Polygon', { name: 'Tumor', color: [200, 0, 0] }),
      feature([[square(100, 120)], [square(200, 240), square(210, 220)]], 'MultiPolygon', { name: 'Stroma' }),
      feature([square(0, 4)]),
    ],
  };

  it('reads polygons and multipolygons with holes', async () => {
    const { parts, reason, offsetX } = await read(qupath);
    expect(reason).toBeUndefined();
    expect(offsetX).toBe(0);
    expect(parts.map(({ outline, holes }) => [contourArea(outline), holes.map(contourArea)])).toEqual([
      [1600, [100]],
      [400, []],
      [1600, [100]],
      [16, []],
    ]);
    expect([...parts[0]!.outline.points]).toEqual([10.5, 10.5, 50.5, 10.5, 50.5, 50.5, 10.5, 50.5]);
  });

  it('selects classes and names those that are there', async () => {
    expect((await read(qupath, ['Stroma'])).parts.length).toBe(2);
    expect((await read(qupath, ['unclassified', 'Tumor'])).parts.length).toBe(2);
    await expect(read(qupath, ['Lung'])).rejects.toThrow(UsageError);
    await expect(read(qupath, ['Lung'])).rejects.toThrow('"Tumor", "Stroma", "unclassified"');
  });

  it('takes a list, a feature, a bare geometry, and a class as text', async () => {
    expect((await read([feature([square(0, 4)], 'Polygon', 'A')], ['A'])).parts.length).toBe(1);
    expect((await read(feature([square(0, 4)]))).parts.length).toBe(1);
    expect((await read({ type: 'Polygon', coordinates: [square(0, 4)] })).parts.length).toBe(1);
    const empty = await read({ type: 'FeatureCollection', features: [] });
    expect([empty.parts.length, empty.reason]).toEqual([0, `${file('a.geojson')} holds no polygon`]);
  });

  it('refuses points, broken rings and text with one line each', async () => {
    const bad = [
      '{',
      'null',
      { type: 'Polygon', coordinates: [[[1, 2]]] },
      feature([square(0, 4)], 'Circle'),
    ];
    for (const json of bad) {
      await expect(read(json)).rejects.toThrow(DataError);
      await expect(read(json)).rejects.toThrow(/^[^\n]*a\.geojson[^\n]*$/);
    }
    await expect(read(feature([3, 4], 'Point'))).rejects.toThrow('found a Point of class unclassified');
    await expect(readGeojsonTissue(file('none'))).rejects.toThrow(UsageError);
  });
});

describe('readMaskTissue', () => {
  const data = new Uint8Array(20 * 10);
  for (let y = 2; y < 7; y++) data.fill(1, 20 * y + 4, 20 * y + 12);
  data[20 * 4 + 8] = 0;

  it('scales the outlines of a PNG mask to the slide', async () => {
    await writeFile(file('mask.png'), await maskPng({ data, width: 20, height: 10 }));
    const tissue = await readMaskTissue(file('mask.png'), { widthPx: 2000, heightPx: 1003 });
    const [part] = tissue.parts;
    expect(tissue.parts.length).toBe(1);
    expect(Math.min(...part!.outline.points.filter((_, i) => i % 2 === 0))).toBe(400);
    expect(Math.max(...part!.outline.points.filter((_, i) => i % 2 === 1))).toBe(Math.trunc(6 * 100.3));
    expect(part!.holes.length).toBe(1);
    expect([tissue.offsetX, tissue.offsetY]).toEqual([50, 50.15]);
  });

  it('counts every colour but black, and says when all is black', async () => {
    const colour = { width: 20, height: 10, channels: 3 as const, background: '#000003' };
    await sharp({ create: colour }).png().toFile(file('blue.png'));
    const slide = { widthPx: 200, heightPx: 100 };
    expect((await readMaskTissue(file('blue.png'), slide)).parts.length).toBe(1);
    await sharp({ create: { ...colour, background: '#000' } })
      .png()
      .toFile(file('black.png'));
    expect((await readMaskTissue(file('black.png'), slide)).reason).toContain('black everywhere');
  });

  it('refuses a mask of another slide', async () => {
    await writeFile(file('mask.png'), await maskPng({ data, width: 20, height: 10 }));
    await expect(readMaskTissue(file('mask.png'), { widthPx: 2000, heightPx: 1700 })).rejects.toThrow(
      'a mask with the proportions of the slide (2000 x 1700 pixels)',
    );
  });
});
