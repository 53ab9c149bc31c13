/** The page in a browser, on a server whose every number is known. */

import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launch } from './support/browser.ts';
import { buildPage } from './support/build-page.ts';
import { createFixture, GENES, measuredValue, predictedValue } from './support/fixture-data.ts';
import { type FixtureServer, startFixtureServer } from './support/fixture-server.ts';
import { dragAlong, type OpenedPage, openPage, settle, textOf, windowPlace } from './support/open-page.ts';

const chromium = chromiumPath();
const COLUMNS = 40;
/** Level-0 middle of a spot of the fixture: 100 pixels apart on a slide of 4,000 by 3,000. */
const middleOf = (row: number): [number, number] => [
  (row % COLUMNS) * 100 + 50,
  Math.floor(row / COLUMNS) * 100 + 50,
];
/** As the page writes values from 1 to 10. */
const written = (value: number) => value.toFixed(2);

describe.skipIf(chromium === undefined)('page', () => {
  let browser: Browser;
  let server: FixtureServer;
  let opened: OpenedPage | undefined;

  beforeAll(async () => {
    server = await startFixtureServer(createFixture(), await buildPage());
    browser = await launch(chromium!);
  });
  afterEach(async () => {
    const problems = opened?.problems;
    await opened?.page.context().close();
    opened = undefined;
    expect(problems ?? []).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(hash: string): Promise<Page> {
    opened = await openPage(browser, server.address, hash);
    return opened.page;
  }

  /** Moves the pointer onto a spot and reads the tip. */
  async function tipAt(page: Page, row: number, pane = 0): Promise<string | null> {
    await settle(page);
    const [x, y] = await windowPlace(page, ...middleOf(row), pane);
    await page.mouse.move(x - 3, y);
    await page.mouse.move(x, y);
    const tip = page.locator('.tip');
    await tip.filter({ hasText: `${row % COLUMNS}x${Math.floor(row / COLUMNS)}` }).waitFor();
    return tip.textContent();
  }

  it('lists the folder, finds by name, and opens a slide', async () => {
    const page = await open('#/');
    await page.getByRole('heading', { name: 'cohort' }).waitFor();
    expect(await page.locator('.card').textContent()).toContain('measured, predicted, patches; 1,200 spots');
    expect(await page.locator('main').textContent()).toContain('needed a TIFF header');
    await page.getByLabel('Search this folder').fill('predicted');
    expect(await page.locator('.entries li').allInnerTexts()).toHaveLength(1);
    await page.getByLabel('Search this folder').fill('');
    await page.locator('.card').click();
    await page.locator('.legend:visible').waitFor();
    expect(await page.locator('.legend-gene').textContent()).toBe('ERBB2');
  });

  it('reads a spot under the pointer, before and after zooming', async () => {
    const page = await open('#/slide/s1?gene=GNAS');
    const row = 15 * COLUMNS + 20;
    const text = await tipAt(page, row);
    expect(text).toContain(written(measuredValue(row, 'GNAS', COLUMNS)));
    expect(text).toContain('x 2050, y 1550 px (1025, 775');
    const before = page.url();
    await page.mouse.wheel(0, -400);
    await page.mouse.wheel(0, -400);
    await settle(page, before);
    const next = row + COLUMNS + 1;
    const [x, y] = await windowPlace(page, ...middleOf(row));
    await page.mouse.click(x, y);
    // The slide has the focus now; keys work all the same.
    await page.keyboard.press('[');
    await page.locator('.legend-gene', { hasText: 'CD74' }).waitFor();
    const place = page.url().split('at=')[1];
    await page.keyboard.press(']');
    await page.locator('.legend-gene', { hasText: 'GNAS' }).waitFor();
    await settle(page);
    expect(page.url().split('at=')[1]).toBe(place);
    expect(await tipAt(page, next)).toContain(written(measuredValue(next, 'GNAS', COLUMNS)));
  });

  it('picks a gene by typing, from the keyboard alone', async () => {
    const page = await open('#/slide/s1');
    await page.keyboard.press('g');
    await page.keyboard.type('gene2');
    await page.locator('[role=option]').first().waitFor();
    expect(await page.locator('[role=option]').allInnerTexts()).toEqual([
      'GENE2',
      'GENE20',
      'GENE21',
      'GENE22',
      'GENE23',
      'GENE24',
    ]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.legend-gene', { hasText: 'GENE20' }).waitFor();
    await page.keyboard.press(']');
    await page.locator('.legend-gene', { hasText: 'GENE21' }).waitFor();
    await page.keyboard.press('[');
    await page.locator('.legend-gene', { hasText: 'GENE20' }).waitFor();
    await page.keyboard.press('3');
    await page.locator('.pane').nth(2).waitFor();
    await page.keyboard.press('1');
    await page.locator('.pane').nth(1).waitFor({ state: 'detached' });
    await page.keyboard.press('v');
    await page.locator('#status', { hasText: /^\d+x\d+, x \d+, y \d+ px .*Measured [\d.]+$/ }).waitFor();
    const status = (await page.locator('#status').textContent())!;
    const [, column, line, value] = /^(\d+)x(\d+),.*Measured ([\d.]+)$/.exec(status)!;
    const row = Number(line) * COLUMNS + Number(column);
    expect(Number(value)).toBeCloseTo(measuredValue(row, 'GENE20', COLUMNS), 1);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('shows measured, predicted and their difference in panes that move together', async () => {
    const page = await open('#/slide/s1?gene=CD74&panes=3');
    await page.locator('.legend:visible').nth(2).waitFor();
    const row = 11 * COLUMNS + 17;
    const [measured, predicted] = [measuredValue(row, 'CD74', COLUMNS), predictedValue(row, 'CD74', COLUMNS)];
    const text = await tipAt(page, row, 1);
    for (const value of [measured, predicted]) expect(text).toContain(written(value));
    expect(text).toMatch(new RegExp(`Difference\\s*${(predicted - measured).toFixed(3).slice(0, 5)}`));
    expect(await page.locator('.legend').nth(2).textContent()).toMatch(/Pearson r 0\.9\d/);
    const [x, y] = await windowPlace(page, 2000, 1500, 2);
    await page.mouse.move(x, y);
    const before = page.url();
    await page.mouse.wheel(0, -600);
    await settle(page, before);
    const bars = await page.locator('.scale-label').allInnerTexts();
    expect(new Set(bars).size).toBe(1);
    expect(bars[0]).not.toBe('500 \u00b5m');
  });

  it('chooses spots with the lasso, sums them up, and exports them', async () => {
    const page = await open('#/slide/s1?gene=ERBB2');
    await settle(page);
    // Around columns 10 to 19 and lines 5 to 9.
    const corners = await Promise.all(
      (
        [
          [1000, 500],
          [2000, 500],
          [2000, 1000],
          [1000, 1000],
          [1000, 510],
        ] as const
      ).map(([x, y]) => windowPlace(page, x, y)),
    );
    await page.keyboard.press('l');
    await dragAlong(page, corners);
    await page.locator('.count', { hasText: '50 of 1,200 spots chosen' }).waitFor();
    const rows = Array.from({ length: 1200 }, (_, row) => row).filter((row) => {
      const [column, line] = [row % COLUMNS, Math.floor(row / COLUMNS)];
      return column >= 10 && column < 20 && line >= 5 && line < 10;
    });
    const values = rows.map((row) => measuredValue(row, 'ERBB2', COLUMNS));
    const mean = values.reduce((sum, value) => sum + value, 0) / 50;
    expect(await page.locator('.statistics tr', { hasText: 'mean' }).textContent()).toContain(written(mean));
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const lines = (await textOf(await download)).split('\n');
    expect(lines[0]).toBe('barcode,x,y,ERBB2');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(
      rows.map((row) => `${row % COLUMNS}x${Math.floor(row / COLUMNS)}`),
    );
    expect(lines.slice(1).map((line) => Number(line.split(',')[3]))).toEqual(values);
    await page.keyboard.press('Escape');
    await page.getByText('Draw around spots').waitFor();
  });

  it('saves a picture of the view with legend and scale bar', async () => {
    const page = await open('#/slide/s1?gene=ERBB2&panes=2');
    await settle(page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'PNG' }).click();
    const picture = sharp(await readFile(await (await download).path()));
    const { width, height } = await picture.metadata();
    const pane = (await page.locator('.pane').first().boundingBox())!;
    expect([width, height]).toEqual([2 * Math.round(pane.width) + 24, Math.round(pane.height) + 128]);
    // Slide and spots have colours in the upper part, the legends in the foot.
    for (const [top, rows] of [
      [200, 200],
      [height! - 70, 30],
    ] as const) {
      const { channels } = await picture.clone().extract({ left: 8, top, width: 200, height: rows }).stats();
      expect(channels[0]!.max - channels[0]!.min).toBeGreaterThan(100);
    }
  });

  it('restores what a link holds', async () => {
    const page = await open('#/slide/s1?gene=FASN&panes=2&map=magma&range=5,95&at=1000,800,0.5');
    await settle(page);
    expect(await page.locator('.pane').count()).toBe(2);
    expect(await page.getByLabel('Colours').inputValue()).toBe('magma');
    expect(await page.getByLabel('Upper percentile').inputValue()).toBe('95');
    expect(page.url()).toMatch(/at=1000\.0,800\.0,0\.5$/);
  });

  it('links scores and genes', async () => {
    const page = await open('#/slide/s1');
    await page.locator('summary', { hasText: 'Scores' }).click();
    const first = page.locator('.scores tbody tr').first();
    const mean = (g: number) =>
      [0, 1, 2].reduce((sum, fold) => sum + Math.sin(g * 1.3 + fold * 0.4) * 0.4 + 0.2, 0) / 3;
    const best = GENES.map((gene, g) => ({ gene, mean: mean(g) })).sort((a, b) => b.mean - a.mean)[0]!;
    expect(await first.textContent()).toMatch(new RegExp(`^${best.gene}\\s*${best.mean.toFixed(3)}`));
    await first.getByRole('button').click();
    await page.locator('.legend-gene', { hasText: best.gene }).waitFor();
    expect(await page.locator('.strip-chart .mark').count()).toBe(3 * GENES.length - 1);
  });

  it('links the embedding and the tissue', async () => {
    const page = await open('#/slide/s1?show=other&gene=focus');
    await page.locator('summary', { hasText: 'Embedding' }).click();
    await page.locator('.scatter').scrollIntoViewIfNeeded();
    const box = (await page.locator('.scatter').boundingBox())!;
    // The left cloud is the left half of the slide: 10 of 20 columns.
    const [left, middle] = [box.x + 2, box.x + box.width * 0.5];
    await dragAlong(page, [
      [left, box.y + 2],
      [middle, box.y + 2],
      [middle, box.y + box.height - 2],
      [left, box.y + box.height - 2],
    ]);
    await page.locator('.count', { hasText: '150 of 300' }).waitFor();
    await page.mouse.move(box.x + box.width / 2, box.y - 200);
  });

  it('starts a prediction, follows it, and shows its table', async () => {
    const page = await open('#/slide/s1?show=measured');
    await page.locator('summary', { hasText: 'Predict' }).click();
    await page.getByRole('button', { name: 'None' }).click();
    await page.getByLabel('Search genes of the head').fill('CD74');
    await page.locator('.gene-list').getByLabel('CD74').check();
    await page.getByRole('button', { name: 'Predict', exact: true }).last().click();
    await page.locator('.job-line', { hasText: /embedding patches, \d+ of 50, \d s left/ }).waitFor();
    await page.locator('.job-line', { hasText: 'Prediction done.' }).waitFor();
    expect(server.requests.at(-1)).toEqual({ slideId: 's1', headId: 'h1', genes: ['CD74'] });
    await page.locator('.legend', { hasText: 'Predicted' }).waitFor();
  });

  it('predicts in a drawn region, and cancels', async () => {
    const page = await open('#/slide/s1');
    await page.locator('summary', { hasText: 'Predict' }).click();
    await settle(page);
    const corners = [await windowPlace(page, 1000, 600), await windowPlace(page, 1800, 1400)];
    await page.getByRole('button', { name: 'Draw region' }).click();
    await dragAlong(page, corners);
    await page.getByText(/^\d+ \u00d7 \d+ px at/).waitFor();
    await page.getByRole('button', { name: 'Predict', exact: true }).last().click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.job-line', { hasText: 'Prediction cancelled.' }).waitFor();
    expect([...server.jobs.values()].at(-1)!.state).toBe('cancelled');
    const { x, y, width, height } = server.requests.at(-1)!.region!;
    for (const [found, wanted] of [
      [x, 1000],
      [y, 600],
      [width, 800],
      [height, 800],
    ] as const) {
      expect(Math.abs(found - wanted)).toBeLessThan(12);
    }
  });

  it('draws without WebGL too', async () => {
    const colours = async (search: string) => {
      opened = await openPage(browser, server.address, `${search}#/slide/s1?gene=ERBB2&at=2000,1500,1`);
      await settle(opened.page);
      const row = 15 * COLUMNS + 20;
      const [x, y] = await windowPlace(opened.page, ...middleOf(row));
      const shot = await opened.page.screenshot({ clip: { x: x - 4, y: y - 4, width: 8, height: 8 } });
      const { channels } = await sharp(shot).stats();
      if (search === '') await opened.page.context().close();
      return channels.slice(0, 3).map(({ mean }) => mean);
    };
    const [webgl, canvas] = [await colours(''), await colours('?overlay=canvas')];
    for (let c = 0; c < 3; c++) expect(Math.abs(webgl[c]! - canvas[c]!)).toBeLessThan(6);
  });

  it('says in a sentence what the server refuses', async () => {
    opened = await openPage(browser, server.address, '#/');
    const { page } = opened;
    await page.goto(`${server.address}/#/slide/s1?gene=NOSUCHGENE`);
    await page.getByText('NOSUCHGENE is not in sample measured.').waitFor();
  });

  it('works on a narrow screen in the dark', async () => {
    const page = await open('#/slide/s1?panes=2');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.reload();
    await page.locator('.legend:visible').nth(1).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(390);
    await page.getByRole('button', { name: 'Panel' }).click();
    await page.getByLabel('Opacity').waitFor();
    const panel = (await page.locator('.panel').boundingBox())!;
    expect(panel.y + panel.height).toBeLessThanOrEqual(845);
    expect(panel.y).toBeGreaterThan(300);
  });
});
