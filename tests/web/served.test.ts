/** The page on the real server: a generated cohort, a slide and a head, from the folder to the screen. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue } from '../../src/contract/index.ts';
import { matrixRow } from '../../src/core/matrix.ts';
import { type RunningServer, startServer } from '../../src/server/index.ts';
import { withH5ad } from '../../src/spatial/index.ts';
import { buildWorker } from '../data/built-worker.ts';
import { writeSmallFolder } from '../server/served.ts';
import { chromiumPath, launch } from './support/browser.ts';
import { buildPage } from './support/build-page.ts';
import { dragAlong, type OpenedPage, openPage, settle, textOf, windowPlace } from './support/open-page.ts';

const chromium = chromiumPath();

interface Spot {
  readonly barcode: string;
  readonly x: number;
  readonly y: number;
  readonly count: number;
}

interface SpotFeature {
  readonly geometry: { readonly type: string; readonly coordinates: [number, number][][] };
  readonly properties: { objectType: string; name: string; measurements: Record<string, number> };
}

describe.skipIf(chromium === undefined)('page on the server', () => {
  let folder: string;
  let browser: Browser;
  let server: RunningServer;
  let address: string;
  let catalogue: Catalogue;
  let opened: OpenedPage | undefined;

  beforeAll(async () => {
    await buildWorker();
    folder = await mkdtemp(join(tmpdir(), 'mvhybrid-page-'));
    await writeSmallFolder(folder);
    server = await startServer({ folder, port: 0, threads: 1, appFolder: await buildPage() });
    address = server.address.replace(/\/$/, '');
    catalogue = (await (await fetch(`${address}/api/catalogue`)).json()) as Catalogue;
    browser = await launch(chromium!);
  }, 600_000);
  afterEach(async () => {
    const problems = opened?.problems;
    await opened?.page.context().close();
    opened = undefined;
    expect(problems ?? []).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function open(target: string): Promise<Page> {
    opened = await openPage(browser, address, target);
    return opened.page;
  }

  /** Spots of a section with one gene's counts, read from its files without the package. */
  async function spotsOf(section: string, gene: string): Promise<Spot[]> {
    const lines = (await readFile(join(folder, section, 'spots.csv'), 'utf8')).trim().split('\n').slice(1);
    const table = gunzipSync(await readFile(join(folder, section, 'counts.tsv.gz')))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    const column = table[0]!.indexOf(gene);
    const counts = new Map(table.slice(1).map((cells) => [cells[0]!, Number(cells[column])]));
    return lines.map((line) => {
      const [barcode, , , x, y] = line.split(',');
      return { barcode: barcode!, x: Number(x), y: Number(y), count: counts.get(barcode!)! };
    });
  }

  const measured = () => catalogue.tables.find(({ kind }) => kind === 'measured')!;

  it('shows every slide of the folder with its picture', async () => {
    const page = await open('#/');
    await page
      .locator('.card')
      .nth(catalogue.slides.length - 1)
      .waitFor();
    expect(await page.locator('.card').count()).toBe(catalogue.slides.length);
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.card img')].every((img) => (img as HTMLImageElement).naturalWidth > 0),
    );
  });

  it('shows the number that the files hold', async () => {
    const { id, path, slideId } = measured();
    const detail = (await (await fetch(`${address}/api/tables/${id}`)).json()) as { genes: string[] };
    const gene = detail.genes[7]!;
    const page = await open(`#/slide/${slideId}?gene=${gene}`);
    await settle(page);
    const spots = await spotsOf(path, gene);
    const spot = spots.reduce((most, next) => (next.count > most.count ? next : most));
    const [x, y] = await windowPlace(page, spot.x, spot.y);
    await page.mouse.move(x - 2, y);
    await page.mouse.move(x, y);
    await page.locator('.tip', { hasText: spot.barcode }).waitFor();
    const value = await page.locator('.tip-value b').textContent();
    expect(Number(value)).toBeCloseTo(Math.log1p(spot.count), 1);
    expect(spot.count).toBeGreaterThan(0);
  });

  it('exports the chosen spots with their values', async () => {
    const { id, path, slideId } = measured();
    const detail = (await (await fetch(`${address}/api/tables/${id}`)).json()) as { genes: string[] };
    const gene = detail.genes[3]!;
    const page = await open(`#/slide/${slideId}?gene=${gene}`);
    await settle(page);
    const spots = await spotsOf(path, gene);
    const edge = [...spots].sort((a, b) => a.x - b.x)[8]!.x + 5;
    const inside = spots.filter(({ x }) => x < edge);
    const [left, top] = await windowPlace(
      page,
      Math.min(...spots.map(({ x }) => x)) - 20,
      Math.min(...spots.map(({ y }) => y)) - 20,
    );
    const [right, bottom] = await windowPlace(page, edge, Math.max(...spots.map(({ y }) => y)) + 20);
    await page.keyboard.press('r');
    await dragAlong(page, [
      [left, top],
      [right, bottom],
    ]);
    await page.locator('.count', { hasText: `${inside.length} of ${spots.length} spots chosen` }).waitFor();
    const save = async (format: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: format, exact: true }).click();
      return download;
    };
    const chosen = inside.map(({ barcode }) => barcode).sort();
    const check = (found: ReadonlyMap<string, { x: number; y: number; value: number }>) => {
      expect([...found.keys()].sort()).toEqual(chosen);
      for (const { barcode, x, y, count } of inside) {
        const row = found.get(barcode)!;
        expect(row.value).toBeCloseTo(Math.log1p(count), 4);
        expect(Math.hypot(row.x - x, row.y - y)).toBeLessThan(0.1);
      }
    };

    const [head, ...lines] = (await textOf(await save('CSV')))
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const at = (name: string) => head!.indexOf(name);
    const rows = lines.map((cells) => {
      const [x, y, value] = ['x', 'y', gene].map((name) => Number(cells[at(name)]));
      return [cells[at('barcode')]!, { x: x!, y: y!, value: value! }] as const;
    });
    check(new Map(rows));

    const geo = await save('GeoJSON');
    expect(geo.suggestedFilename()).toMatch(/\.geojson$/);
    const { features } = JSON.parse(await textOf(geo)) as { features: SpotFeature[] };
    const centre = ({ coordinates: [ring] }: SpotFeature['geometry'], axis: 0 | 1) =>
      ring!.slice(1).reduce((sum, corner) => sum + corner[axis], 0) / (ring!.length - 1);
    const outlines = features.map(({ geometry, properties: { objectType, name, measurements } }) => {
      expect([geometry.type, objectType]).toEqual(['Polygon', 'detection']);
      return [name, { x: centre(geometry, 0), y: centre(geometry, 1), value: measurements[gene]! }] as const;
    });
    check(new Map(outlines));

    const saved = join(folder, 'chosen.h5ad');
    await (await save('h5ad')).saveAs(saved);
    const annotated = await withH5ad(
      saved,
      async (file) => {
        expect(await file.var.index()).toEqual([gene]);
        const [places, { data }] = [await file.obsm('spatial'), await file.matrix()];
        return (await file.obs.index()).map((barcode, i) => {
          const [x, y] = matrixRow(places, i);
          return [barcode, { x: x!, y: y!, value: data[i]! }] as const;
        });
      },
      'test',
    );
    check(new Map(annotated));
  });

  it('shows the quality of a table once it is measured', async () => {
    const page = await open(`#/slide/${measured().slideId}`);
    await page.locator('summary', { hasText: 'Quality' }).click();
    const first = page.locator('.section', { hasText: 'Quality' }).locator('.facts').nth(1);
    await first
      .locator('dd')
      .first()
      .filter({ hasText: /^\d+(\.\d)? %$/ })
      .waitFor();
    expect(await first.locator('dd').nth(1).textContent()).toMatch(/^[\d.,]+$/);
  });

  it('predicts on a slide, and shows what was predicted', async () => {
    const slide = catalogue.slides.find(({ path }) => path.endsWith('a.svs'))!;
    const page = await open('#/');
    await page.goto(`${address}/#/slide/${slide.id}`);
    await page.locator('summary', { hasText: 'Predict' }).click();
    await page.getByRole('button', { name: 'Predict', exact: true }).last().click();
    await page.locator('.job-line', { hasText: 'Prediction done.' }).waitFor({ timeout: 200_000 });
    await page.locator('.legend', { hasText: 'Predicted' }).waitFor();
    expect(await page.locator('.legend-gene').textContent()).toBe('ERBB2');
    expect(await page.locator('.legend-ticks').textContent()).toMatch(/\d/);
  }, 300_000);

  it('cancels a prediction', async () => {
    const slide = catalogue.slides.find(({ path }) => path.endsWith('a.svs'))!;
    const page = await open('#/');
    await page.goto(`${address}/#/slide/${slide.id}`);
    await page.locator('summary', { hasText: 'Predict' }).click();
    await page.getByRole('button', { name: 'Predict', exact: true }).last().click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.job-line', { hasText: 'Prediction cancelled.' }).waitFor();
  });

  it('opens a table that is dropped on the page', async () => {
    const page = await open('#/');
    const { path, slideId } = measured();
    await page.goto(`${address}/#/slide/${slideId}`);
    await page.locator('.legend:visible').waitFor();
    const spots = (await spotsOf(path, '')).map(({ barcode, x, y }, i) =>
      [barcode, x, y, (i % 5) / 2].join(','),
    );
    const text = ['barcode,x,y,DROPPED', ...spots].join('\n');
    await page.evaluate((csv) => {
      const data = new DataTransfer();
      data.items.add(new File([csv], 'dropped.csv', { type: 'text/csv' }));
      document.body.dispatchEvent(
        new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }),
      );
    }, text);
    await page.locator('.legend-gene', { hasText: 'DROPPED' }).waitFor();
  });
});
