/** A head fitted on a generated cohort, applied to a generated slide. */
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { embed, openBackbone } from '../../../src/backbones/index.ts';
import { matrix } from '../../../src/core/matrix.ts';
import { UsageError } from '../../../src/errors.ts';
import { type ExpressionHead, predictRows } from '../../../src/eval/index.ts';
import {
  type EncoderSettings,
  fitHead,
  predictSlide,
  type SlidePredictionFiles,
} from '../../../src/pipeline/index.ts';
import { heatMapDownsample } from '../../../src/pipeline/slides/heat-map.ts';
import { patchRange, sequentialColormap } from '../../../src/report/index.ts';
import { openSlide, readTile } from '../../../src/slide/index.ts';
import { readCohort, withH5ad } from '../../../src/spatial/index.ts';
import { writeSyntheticCohort, writeSyntheticSlide } from '../../../src/synthetic/index.ts';
import { tensorCount } from '../../../src/tensor/index.ts';
import { buildWorker } from '../../data/built-worker.ts';
import { temporaryFolder } from '../../slide/pictures.ts';
import { pythonJson, pythonWith } from '../../support/python.ts';
import { runCli } from '../../support/run-cli.ts';
import { writeSmallEncoder } from './small-slides.ts';

const python = pythonWith('anndata');
const file = temporaryFolder('predict');
let head: ExpressionHead;
let genes: string[];
let files: SlidePredictionFiles;
let rows: string[][];

const options = () => ({
  folder: file('out'),
  mapGenes: genes,
  weights: file('encoder.safetensors'),
  patches: { grid: 'slide' as const },
});

beforeAll(async () => {
  await buildWorker();
  await writeSmallEncoder(file('encoder.safetensors'));
  await writeSyntheticSlide(file('slide.svs'), { seed: 3, widthPx: 3000, heightPx: 2400 });
  await writeSyntheticCohort(file('cohort'), {
    seed: 5,
    studies: 2,
    patientsPerStudy: 1,
    spotsPerSection: 60,
  });
  const { sections } = await readCohort(file('cohort'));
  const settings: EncoderSettings = {
    weights: file('encoder.safetensors'),
    features: 'cls+mean',
    patchUm: 56,
    sizePx: 32,
    batch: 8,
  };
  const place = { path: file('head.safetensors'), folder: file('fit') };
  const fitted = await fitHead(sections, place, settings, {
    targets: { genes: { method: 'hvg', count: 12 } },
    probe: { alpha: 'hest', intercept: true },
    components: undefined,
  });
  head = fitted.head;
  genes = head.genes.slice(0, 2);
  files = await predictSlide(head, file('slide.svs'), options());
  const [header, ...lines] = readFileSync(files.table, 'utf8').trimEnd().split('\n');
  expect(header).toBe(['barcode', 'x_px', 'y_px', ...head.genes].join(','));
  rows = lines.map((line) => line.split(','));
}, 600_000);

const numbers = (row: readonly string[]) => row.slice(1).map(Number);

describe('prediction of a whole slide', () => {
  it('is the head applied to the features of each patch, at its centre', async () => {
    expect(rows.length).toBe(files.patches);
    expect(rows.length).toBeGreaterThan(50);
    const slide = await openSlide(file('slide.svs'));
    const { backbone } = await openBackbone({ weights: file('encoder.safetensors') });
    const before = tensorCount();
    try {
      for (const row of [rows[0]!, rows[17]!, rows.at(-1)!]) {
        const [x, y, ...values] = numbers(row);
        expect(row[0]).toBe(`${x! - 56}_${y! - 56}`);
        const grid = { corners: Float64Array.of(x! - 56, y! - 56), sidePx: 112, sizePx: 32 };
        const features = embed(backbone, await readTile(slide, grid, 0), 32, 'cls+mean');
        const { data } = predictRows(matrix(1, features.length, features), head.probe);
        expect(values).toBeClose(data, { rtolOfMax: 1e-4 });
      }
      expect(tensorCount()).toBe(before);
    } finally {
      backbone.dispose();
      await slide.close();
    }
  });

  it.skipIf(python === undefined)("opens in Python's anndata with the numbers of the table", () => {
    const script =
      "import sys, json, anndata; a = anndata.read_h5ad(sys.argv[1]); print(json.dumps([list(a.obs_names), list(a.var_names), a.obsm['spatial'].tolist(), a.X.tolist(), sorted(a.uns['mvhybrid'])]))";
    const [names, columns, places, values, card] = pythonJson<
      [string[], string[], number[][], number[][], string[]]
    >(python!, script, files.h5ad);
    expect([names, columns]).toEqual([rows.map(([barcode]) => barcode), head.genes]);
    expect(places).toEqual(rows.map((row) => numbers(row).slice(0, 2)));
    expect(values.flat()).toBeClose(
      rows.flatMap((row) => numbers(row).slice(2)),
      { rtolOfMax: 1e-6 },
    );
    expect(card).toContain('weights');
  });

  it('has the same numbers in the AnnData file and in the squares', async () => {
    await withH5ad(files.h5ad, async (ad) => {
      expect(await ad.obs.index()).toEqual(rows.map(([barcode]) => barcode));
      expect(await ad.var.index()).toEqual(head.genes);
      expect([...(await ad.obsm('spatial')).data]).toEqual(rows.flatMap((row) => numbers(row).slice(0, 2)));
      const x = await ad.matrix();
      expect(x.kind).toBe('dense');
      // Seven digits in the table, float32 in the file.
      const table = rows.flatMap((row) => numbers(row).slice(2));
      expect(x.data).toBeClose(table, { rtolOfMax: 1e-6 });
      expect(await ad.unsNames('mvhybrid')).toContain('weights');
    });
    const { features } = JSON.parse(readFileSync(files.geojson, 'utf8')) as {
      features: {
        geometry: { coordinates: [number, number][][] };
        properties: { name: string; measurements: Record<string, number> };
      }[];
    };
    expect(features).toHaveLength(rows.length);
    for (const [i, { geometry, properties }] of features.entries()) {
      const [x, y, ...values] = numbers(rows[i]!);
      const ring = geometry.coordinates[0]!;
      expect(ring).toHaveLength(5);
      expect(ring[0]).toEqual([x! - 56, y! - 56]);
      expect(ring[2]).toEqual([x! + 56, y! + 56]);
      expect(properties.name).toBe(rows[i]![0]);
      expect(properties.measurements).toEqual({ [genes[0]!]: values[0], [genes[1]!]: values[1] });
    }
  });

  it('is drawn where it belongs: colours of the scale on patches, the slide elsewhere', async () => {
    const values = rows.map((row) => numbers(row)[2]!);
    const [low, high] = patchRange(values);
    const k = heatMapDownsample(112);
    expect(k).toBe(2);
    const [map, slide] = [await openSlide(files.maps[0]!.heatMap), await openSlide(file('slide.svs'))];
    try {
      expect([map.widthPx, map.heightPx, map.mpp]).toEqual([1500, 1200, 1]);
      expect(map.levels.length).toBeGreaterThan(1);
      for (const i of [0, 9, 33]) {
        const [x, y] = numbers(rows[i]!).map((value) => Math.floor(value / k));
        const region = { x: x! - 4, y: y! - 4, width: 8, height: 8 };
        const drawn = mean(await map.readRegion(region));
        const place = { x: k * region.x, y: k * region.y, width: k * 8, height: k * 8 };
        const [r, g, b] = mean((await slide.readScaled(place, { widthPx: 8, heightPx: 8 })).pixels);
        const grey = 0.299 * r! + 0.587 * g! + 0.114 * b!;
        const colour = sequentialColormap((values[i]! - low) / (high - low));
        // JPEG at quality 90.
        expect(drawn).toBeClose(
          colour.map((c) => 0.8 * c + 0.2 * grey),
          { atol: 6 },
        );
      }
      const corner = { x: 0, y: 0, width: 8, height: 8 };
      const glass = (
        await slide.readScaled({ x: 0, y: 0, width: 16, height: 16 }, { widthPx: 8, heightPx: 8 })
      ).pixels;
      expect(mean(await map.readRegion(corner))).toBeClose(mean(glass), { atol: 4 });
    } finally {
      await map.close();
      await slide.close();
    }
    for (const { path } of files.maps) expect(readFileSync(path).subarray(1, 4).toString()).toBe('PNG');
  });

  it('shows the middle of patches that overlap', async () => {
    const patches = { grid: 'slide' as const, overlapUm: 28 };
    const { table, maps } = await predictSlide(head, file('slide.svs'), {
      ...options(),
      folder: file('overlap'),
      patches,
    });
    const lines = readFileSync(table, 'utf8').trimEnd().split('\n').slice(1);
    const found = lines.map((line) => numbers(line.split(',')));
    const values = found.map((row) => row[2]!);
    const [low, high] = patchRange(values);
    expect(lines.length).toBeGreaterThan(3 * rows.length);
    const map = await openSlide(maps[0]!.heatMap);
    try {
      const { mpp } = map;
      const k = mpp! / 0.5;
      for (const i of [5, 40, 120]) {
        const [x, y, value] = found[i]!;
        const side = 56 / k;
        const region = { x: x! / k - side / 4, y: y! / k - side / 4, width: side / 2, height: side / 2 };
        const colour = sequentialColormap((value! - low) / (high - low));
        const drawn = mean(await map.readRegion(region));
        // The share of the tissue's grey is the same in all channels.
        const rest = drawn.map((c, j) => c - 0.8 * colour[j]!);
        expect(rest[0]).toBeCloseTo(rest[1]!, -1);
        expect(rest[1]).toBeCloseTo(rest[2]!, -1);
        expect(Math.min(...rest)).toBeGreaterThan(0);
        expect(Math.max(...rest)).toBeLessThan(52);
      }
    } finally {
      await map.close();
    }
  });

  it('is the same from the command line, which recognises slides by name', async () => {
    const args = ['--weights', file('encoder.safetensors'), '--genes', genes.join(), '--out', file('cli')];
    const run = await runCli('predict', file('head.safetensors'), file('slide.svs'), ...args);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toContain(`12 genes at ${rows.length} patches`);
    for (const name of [
      'predictions.csv',
      'predictions.geojson',
      'predictions.h5ad',
      `maps/${genes[0]}.tif`,
    ]) {
      const [a, b] = [file('out'), file('cli')].map((folder) => readFileSync(`${folder}/${name}`));
      expect(a!.equals(b!), name).toBe(true);
    }
    const again = await runCli(
      'predict',
      file('head.safetensors'),
      file('slide.svs'),
      ...args,
      '--spot-um',
      '50',
    );
    expect([again.code, again.err]).toEqual([2, expect.stringMatching(/whole slide uses, found --spot-um/)]);
  });

  it('refuses unknown genes, other weights and a slide without tissue', async () => {
    const elsewhere = { ...options(), folder: file('refused') };
    const unknown = predictSlide(head, file('slide.svs'), { ...elsewhere, mapGenes: ['NOSUCH'] });
    await expect(unknown).rejects.toThrow(/found NOSUCH/);
    const card = { ...head.card, weights: 'sha256 0123' };
    const other = predictSlide({ ...head, card }, file('slide.svs'), elsewhere);
    await expect(other).rejects.toThrow(UsageError);
    expect(existsSync(file('refused'))).toBe(false);
    const patches = { tissue: { from: 'segmentation' as const, settings: { saturation: 250 } } };
    const bare = predictSlide(head, file('slide.svs'), { ...elsewhere, patches });
    await expect(bare).rejects.toThrow(
      /needed tissue on .*slide.svs, found no pixel has a saturation above 250/,
    );
  });
});

function mean(pixels: Uint8Array): number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < pixels.length; i++) sums[i % 3]! += pixels[i]! / (pixels.length / 3);
  return sums;
}
