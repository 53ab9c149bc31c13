import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matrixFromRows } from '../../src/core/matrix.ts';
import { ShapeError, UsageError } from '../../src/errors.ts';
import { spotsToCsv, spotsToGeoJson, withH5ad, writeExpressionH5ad } from '../../src/spatial/index.ts';
import { parseTable } from '../../src/spatial/text-file.ts';
import { expectMessage, expectRefusal, temporaryFolder } from './section-files.ts';

const table = {
  spots: [
    { barcode: 'AAAC-1', x: 10.125, y: 20 },
    { barcode: 'b,"2"', x: 1e6, y: 0.1 },
  ],
  names: ['ERBB2', 'HLA-A, "x"'],
  values: matrixFromRows([
    [0.1, -2],
    [Number.NaN, 1 / 3],
  ]),
};

describe('spotsToCsv', () => {
  it('writes numbers that read back the same, quotes what needs it, and leaves gaps empty', () => {
    const text = spotsToCsv(table);
    expect(text).toBe(
      'barcode,x,y,ERBB2,"HLA-A, ""x"""\nAAAC-1,10.125,20,0.1,-2\n"b,""2""",1000000,0.1,,0.3333333333333333\n',
    );
    const parsed = parseTable(text, ',', 'test', 'text');
    expect(parsed.columns).toEqual(['barcode', 'x', 'y', ...table.names]);
    expect(parsed.rows.map((row) => row.barcode)).toEqual(table.spots.map(({ barcode }) => barcode));
  });
  it('refuses values of another size', () => {
    const call = () => spotsToCsv({ ...table, names: ['A'] });
    expect(call).toThrow(ShapeError);
    expectMessage(call, 'spotsToCsv: needed values of 2 spots x 1 names, found 2 x 2');
  });
});

describe('spotsToGeoJson', () => {
  it('writes points with measurements', () => {
    expect(JSON.parse(spotsToGeoJson(table))).toEqual({
      type: 'FeatureCollection',
      features: [
        {
          type: 'Feature',
          geometry: { type: 'Point', coordinates: [10.13, 20] },
          properties: {
            objectType: 'annotation',
            name: 'AAAC-1',
            measurements: { ERBB2: 0.1, 'HLA-A, "x"': -2 },
          },
        },
        {
          type: 'Feature',
          geometry: { type: 'Point', coordinates: [1e6, 0.1] },
          properties: {
            objectType: 'annotation',
            name: 'b,"2"',
            measurements: { 'HLA-A, "x"': 1 / 3 },
          },
        },
      ],
    });
  });
  it('writes circles as closed polygons around the centre', () => {
    const { features } = JSON.parse(spotsToGeoJson(table, { diameterPx: 8, corners: 36 })) as {
      features: { geometry: { type: string; coordinates: [number, number][][] }; properties: object }[];
    };
    const { type, coordinates } = features[0]!.geometry;
    const ring = coordinates[0]!;
    expect([type, ring.length]).toEqual(['Polygon', 37]);
    expect(ring[36]).toEqual(ring[0]);
    for (const [x, y] of ring) expect(Math.abs(Math.hypot(x - 10.125, y - 20) - 4)).toBeLessThan(0.01);
    expect(features[0]!.properties).toMatchObject({ objectType: 'detection' });
    const call = () => spotsToGeoJson(table, { diameterPx: 0 });
    expect(call).toThrow(UsageError);
    expectMessage(call, 'spotsToGeoJson: needed a diameter above 0 and 3 or more corners, found 0 and 24');
  });
});

describe('writeExpressionH5ad', () => {
  const folder = temporaryFolder();
  const content = {
    barcodes: ['a', 'b'],
    genes: ['G1', 'G2'],
    values: matrixFromRows([
      [0.5, 1],
      [-1, 2],
    ]),
    spatial: [
      { x: 1, y: 2 },
      { x: 3, y: 4.5 },
    ],
    layers: {
      measured: matrixFromRows([
        [1, 0],
        [0, 3],
      ]),
    },
    uns: { mvhybrid: { model: 'mv_hybrid_s', fold: 2, genes: ['G1', 'G2'] } },
    var: { pcc: { kind: 'numbers', type: 'float64', values: Float64Array.of(0.25, Number.NaN) } },
    spotDiameterPx: 110,
  } as const;

  it('keeps values, places, layers and what made them', async () => {
    const path = join(folder.path, 'predicted.h5ad');
    await writeExpressionH5ad(path, content);
    await withH5ad(path, async (file) => {
      expect(await file.obs.index()).toEqual(content.barcodes);
      expect(await file.var.table()).toEqual({ index: content.genes, columns: content.var });
      expect(await file.matrix()).toEqual({ kind: 'dense', ...content.values });
      expect(await file.matrix('layers/measured')).toEqual({ kind: 'dense', ...content.layers.measured });
      expect([...(await file.obsm('spatial')).data]).toEqual([1, 2, 3, 4.5]);
      expect(await file.uns('')).toEqual({
        ...content.uns,
        spatial: { ST: { images: {}, scalefactors: { spot_diameter_fullres: 110 } } },
      });
    });
  });

  it('refuses places that do not fit', async () => {
    await expectRefusal(
      writeExpressionH5ad(join(folder.path, 'x.h5ad'), { ...content, spatial: [{ x: 1, y: 2 }] }),
      ShapeError,
      'writeExpressionH5ad: needed 2 places, one per barcode, found 1',
    );
  });
});
