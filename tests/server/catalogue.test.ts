/** A folder as the commands leave it, seen through the server. */
import { readFileSync } from 'node:fs';
import { rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  barcodesAddress,
  exportAddress,
  positionsAddress,
  projectionAddress,
  type RunDetail,
  reportAddress,
  runAddress,
  type SlideDetail,
  slideAddress,
  type TableDetail,
  type TissueOutline,
  tableAddress,
  thumbnailAddress,
  tileAddress,
  tissueAddress,
  valuesAddress,
} from '../../src/contract/index.ts';
import { openSlide } from '../../src/slide/index.ts';
import { readCohort, withH5ad } from '../../src/spatial/index.ts';
import { temporaryFolder } from '../slide/pictures.ts';
import { GENES, serve, writeResults, writeSmallFolder } from './served.ts';

const file = temporaryFolder('served');
const root = () => file('data');
const at = (name: string) => join(root(), name);
const served = serve(root, async () => {
  await writeSmallFolder(root());
  await writeResults(root());
});
const SECTIONS = ['study1-p1-s1', 'study2-p1-s1'];

describe('catalogue', () => {
  it('lists slides, tables on them, runs and models, and has nothing to complain of', async () => {
    const { folder, slides, tables, runs, heads, weights, problems } = await served.catalogue();
    expect(problems).toEqual([]);
    expect(folder).toBe('data');
    expect(slides.map(({ name }) => name).sort()).toEqual(['a', ...SECTIONS].sort());
    const idOf = new Map(slides.map(({ name, id }) => [name, id]));
    const lines = tables.map(({ path, kind, slideId, rows, genes }) => {
      return [path, kind, slides.find(({ id }) => id === slideId)?.name, rows > 0, genes > 0];
    });
    expect(lines).toEqual(
      expect.arrayContaining([
        ['cohort/study1-p1-s1', 'measured', 'study1-p1-s1', true, true],
        ['cohort/study2-p1-s1', 'measured', 'study2-p1-s1', true, true],
        ['on-slide/predictions.h5ad', 'predicted', 'a', true, true],
        ['on-slide/embeddings/a.h5', 'embedding', 'a', true, false],
        ['at-spots/predictions.csv', 'predicted', 'study2-p1-s1', true, true],
        ['tiles/a.h5', 'patches', 'a', true, false],
        ['benchmark/embeddings/study1-p1-s1.h5', 'embedding', 'study1-p1-s1', true, false],
      ]),
    );
    expect(idOf.size).toBe(3);
    expect(runs).toMatchObject([{ path: 'benchmark/result.json', kind: 'expression', report: true }]);
    expect(heads).toMatchObject([{ path: 'model/head.safetensors', genes: GENES, backbone: 'mv-hybrid' }]);
    expect(weights).toMatchObject([
      { name: 'random initialisation, seed 5', path: '', backbone: 'mv-hybrid' },
    ]);
  });

  it('names things the same after every start', async () => {
    const { id } = await served.slide('a');
    const { createHash } = await import('node:crypto');
    expect(id).toBe(createHash('sha256').update('slide\0slides/a.svs').digest('hex').slice(0, 16));
  });

  it("notices new and damaged files, and says what is wrong with them without the machine's paths", async () => {
    const { refresh } = served.server.parts.catalogue as { refresh: (age: number) => Promise<unknown> };
    await writeFile(at('broken.h5ad'), 'no HDF5 at all');
    await writeFile(at('slides/broken.svs'), 'II*\0 and nothing');
    await symlink('/etc/hostname', at('outside.csv'));
    await refresh.call(served.server.parts.catalogue, 0);
    const { problems } = await served.catalogue();
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'broken.h5ad',
      'outside.csv',
      'slides/broken.svs',
    ]);
    for (const { message } of problems) expect(message).not.toContain(root());
    for (const name of ['broken.h5ad', 'slides/broken.svs', 'outside.csv']) await rm(at(name));
    await refresh.call(served.server.parts.catalogue, 0);
    expect((await served.catalogue()).problems).toEqual([]);
  });

  it('answers again at once while nothing changed', async () => {
    await served.catalogue();
    const start = performance.now();
    await served.catalogue();
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('slide', () => {
  it('has the detail of its file', async () => {
    const { id } = await served.slide('a');
    const detail = await served.json<SlideDetail>(slideAddress(id));
    expect(detail).toMatchObject({
      width: 2000,
      height: 1500,
      mpp: 0.5,
      tileSize: 256,
      maxLevel: 11,
      reader: 'built-in',
    });
    expect(detail.mppSources.filter(({ chosen }) => chosen)).toHaveLength(1);
    expect(detail.levels[0]).toEqual({ width: 2000, height: 1500, downsample: 1 });
    expect(detail.tables).toHaveLength(3);
  });

  it('comes in tiles that show the right place, to the last pixel of the border', async () => {
    const { id } = await served.slide('a');
    const slide = await openSlide(at('slides/a.svs'));
    try {
      // Level, column, row, and the level-0 rectangle that follows from Deep Zoom.
      const cases = [
        [11, 3, 2, { x: 768, y: 512, width: 256, height: 256 }, 256, 256],
        [11, 7, 5, { x: 1792, y: 1280, width: 208, height: 220 }, 208, 220],
        [10, 3, 2, { x: 1536, y: 1024, width: 464, height: 476 }, 232, 238],
        [8, 0, 0, { x: 0, y: 0, width: 2000, height: 1500 }, 250, 188],
        [0, 0, 0, { x: 0, y: 0, width: 2000, height: 1500 }, 1, 1],
      ] as const;
      for (const [level, column, row, region, widthPx, heightPx] of cases) {
        const answer = await served.ask(tileAddress(id, level, column, row));
        expect(answer.headers['content-type']).toBe('image/jpeg');
        const { data, info } = await sharp(answer.rawPayload).raw().toBuffer({ resolveWithObject: true });
        expect([info.width, info.height]).toEqual([widthPx, heightPx]);
        const { pixels } = await slide.readScaled(region, { widthPx, heightPx });
        let sum = 0;
        for (let i = 0; i < pixels.length; i++) sum += Math.abs(pixels[i]! - data[i]!);
        // JPEG of quality 85.
        expect(sum / pixels.length).toBeLessThan(6);
      }
    } finally {
      await slide.close();
    }
  });

  it('sends nothing where the browser has the tile', async () => {
    const url = tileAddress((await served.slide('a')).id, 11, 1, 1);
    const { etag } = (await served.ask(url)).headers;
    const again = await served.ask({ url, headers: { 'if-none-match': String(etag) } });
    expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
  });

  it('has a thumbnail and a tissue outline', async () => {
    const { id } = await served.slide('a');
    const thumbnail = await served.ask(thumbnailAddress(id, 128));
    expect(await sharp(thumbnail.rawPayload).metadata()).toMatchObject({ width: 128, height: 96 });
    const { parts, share } = await served.json<TissueOutline>(tissueAddress(id));
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.9);
    for (const [x, y] of parts.flat(2)) {
      expect(x >= 0 && x <= 2000 && y >= 0 && y <= 1500).toBe(true);
    }
  });
});

/** A table once the numbers beside it are measured. */
async function settled(id: string): Promise<TableDetail> {
  const ask = () => served.json<TableDetail>(tableAddress(id));
  await expect.poll(async () => (await ask()).quality.pending, { timeout: 60_000 }).toBeUndefined();
  return ask();
}

describe('tables', () => {
  it('have the measured counts as ln(1 + count) at their places', async () => {
    const { id, rows, genes } = await served.table('cohort/study1-p1-s1');
    const section = (await readCohort(at('cohort'))).sections[0]!;
    const { counts, spots, mpp } = section;
    expect([rows, genes]).toEqual([spots.length, counts.genes.length]);
    const detail = await settled(id);
    expect(detail).toMatchObject({
      unit: 'ln(1 + count)',
      shape: 'disc',
      sizePx: 100 / mpp,
      genes: counts.genes,
    });
    expect(detail.quality.overTissue).toBeGreaterThan(0.5);
    expect(detail.quality.focus).toBeGreaterThan(0);
    expect(await served.json(barcodesAddress(id))).toEqual(counts.barcodes);
    const places = Float32Array.from(spots.flatMap(({ x, y }) => [x, y]));
    expect(await served.numbers(positionsAddress(id))).toEqual(places);
    for (const [c, gene] of [...counts.genes.entries()].slice(0, 40)) {
      const wanted = new Float32Array(rows);
      for (let r = 0; r < rows; r++) {
        for (let k = counts.indptr[r]!; k < counts.indptr[r + 1]!; k++)
          if (counts.indices[k] === c) wanted[r] = Math.log1p(counts.data[k]!);
      }
      expect(await served.numbers(valuesAddress(id, gene))).toEqual(wanted);
    }
  });

  it('have the predicted values of a slide, drawn as squares', async () => {
    const { id, rows } = await served.table('on-slide/predictions.h5ad');
    const lines = readFileSync(at('on-slide/predictions.csv'), 'utf8').trimEnd().split('\n').slice(1);
    const table = lines.map((line) => line.split(','));
    expect(rows).toBe(table.length);
    const detail = await served.json<TableDetail>(tableAddress(id));
    expect(detail).toMatchObject({ unit: 'ln(1 + count)', shape: 'square', sizePx: 224, genes: GENES });
    expect([...(await served.numbers(positionsAddress(id)))]).toEqual(
      table.flatMap(([, x, y]) => [Number(x), Number(y)]),
    );
    const values = await served.numbers(valuesAddress(id, 'KRT8'));
    expect([...values]).toBeClose(
      table.map((row) => Number(row[5])),
      { rtolOfMax: 1e-6 },
    );
  });

  it('have predictions at spots, drawn as the discs that were predicted', async () => {
    const { id } = await served.table('at-spots/predictions.csv');
    const { mpp } = (await readCohort(at('cohort'))).sections[1]!;
    const detail = await served.json<TableDetail>(tableAddress(id));
    expect(detail).toMatchObject({ shape: 'disc', sizePx: 100 / mpp, genes: GENES, projection: true });
  });

  it('have the columns of patches, asked for like genes', async () => {
    const { id, rows } = await served.table('tiles/a.h5');
    const detail = await settled(id);
    expect(detail).toMatchObject({ genes: [], shape: 'square', sizePx: 224, projection: false });
    expect([...detail.columns].sort()).toEqual(['focus', 'ink_share', 'tissue_share']);
    const focus = await served.numbers(valuesAddress(id, 'focus'));
    expect(focus).toHaveLength(rows);
    const sorted = [...focus].sort((a, b) => a - b);
    const middle = (rows - 1) / 2;
    const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
    expect(detail.quality.focus).toBeCloseTo(median, 4);
  });

  it('are laid out by UMAP once, the same way every time', async () => {
    const { id, rows } = await served.table('benchmark/embeddings/study1-p1-s1.h5');
    const first = await served.numbers(projectionAddress(id));
    expect(first).toHaveLength(2 * rows);
    expect(first.every(Number.isFinite)).toBe(true);
    // The measured table of the same spots shows the same layout.
    const measured = await served.table('cohort/study1-p1-s1');
    expect(await served.numbers(projectionAddress(measured.id))).toEqual(first);
    expect((await served.ask(projectionAddress((await served.table('tiles/a.h5')).id))).statusCode).toBe(409);
  });

  it('are exported for chosen rows and genes', async () => {
    const { id } = await served.table('on-slide/predictions.h5ad');
    const wish = { rows: [5, 2], genes: ['KRT8', 'ERBB2'] };
    const send = (format: string, more: object = wish) =>
      served.ask({ method: 'POST', url: exportAddress(id), payload: { format, ...more } });
    const csv = (await send('csv')).body.trimEnd().split('\n');
    const names = await served.json<string[]>(barcodesAddress(id));
    const krt8 = await served.numbers(valuesAddress(id, 'KRT8'));
    expect(csv[0]).toBe('barcode,x,y,KRT8,ERBB2');
    expect(csv.slice(1).map((line) => [line.split(',')[0], Number(line.split(',')[3])])).toEqual([
      [names[5], krt8[5]],
      [names[2], krt8[2]],
    ]);
    const { features } = (await send('geojson')).json<{ features: { properties: { name: string } }[] }>();
    expect(features.map(({ properties }) => properties.name)).toEqual([names[5], names[2]]);
    await writeFile(file('export.h5ad'), (await send('h5ad')).rawPayload);
    await withH5ad(file('export.h5ad'), async (ad) => {
      expect(await ad.obs.index()).toEqual([names[5], names[2]]);
      expect(await ad.var.index()).toEqual(['KRT8', 'ERBB2']);
      expect((await ad.matrix()).data[0]).toBe(krt8[5]);
    });
    expect((await send('csv', {})).body.trimEnd().split('\n')).toHaveLength(names.length + 1);
    expect((await send('csv', { rows: [names.length] })).statusCode).toBe(400);
    expect((await send('csv', { genes: ['NONE'] })).statusCode).toBe(400);
  });
});

describe('run', () => {
  it('has the scores of every gene and fold', async () => {
    const [entry] = (await served.catalogue()).runs;
    const detail = await served.json<RunDetail>(runAddress(entry!.id));
    const result = JSON.parse(readFileSync(at('benchmark/result.json'), 'utf8'));
    expect(detail.splits.map(({ name }) => name)).toEqual(['random-spots', 'study']);
    for (const [s, split] of detail.splits.entries()) {
      const folds = result.splits[s].folds;
      expect(split.folds.map(({ testSpots }) => testSpots).reduce((a, b) => a + b)).toBe(48);
      for (const { gene, pcc } of split.genes) {
        const wanted = folds.map((fold: { genes: string[]; perGene: { pcc: number[] } }) => {
          const g = fold.genes.indexOf(gene);
          return g < 0 ? null : fold.perGene.pcc[g];
        });
        expect(pcc).toEqual(wanted);
      }
    }
    expect(Object.fromEntries(detail.protocol).backbone).toBe('mv-hybrid');
  });

  it('has its report, which may run nothing', async () => {
    const [entry] = (await served.catalogue()).runs;
    const answer = await served.ask(reportAddress(entry!.id));
    expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'.*sandbox$/);
    expect(answer.body).toBe(readFileSync(at('benchmark/report.html'), 'utf8'));
    // The policy fits the page: one style sheet, pictures inside, no script and no style attributes.
    expect(answer.body).not.toMatch(/<script|<link|\sstyle=|\son\w+=|src="(?!data:)/);
  });
});

describe('a changed file', () => {
  it('is read again', async () => {
    const { id } = await served.table('at-spots/predictions.csv');
    const before = await served.numbers(valuesAddress(id, 'CD74'));
    const text = readFileSync(at('at-spots/predictions.csv'), 'utf8').trimEnd().split('\n');
    await writeFile(at('at-spots/predictions.csv'), `${text.slice(0, -1).join('\n')}\n`);
    await utimes(at('at-spots/predictions.csv'), new Date(), new Date());
    await served.server.parts.catalogue.refresh(0);
    expect(await served.numbers(valuesAddress(id, 'CD74'))).toEqual(before.slice(0, -1));
  });
});
