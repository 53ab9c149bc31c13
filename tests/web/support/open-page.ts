/** Steps that several browser tests take. */
import { readFile } from 'node:fs/promises';
import type { Browser, Download, Page } from 'playwright-core';
import { watchProblems } from './browser.ts';

export interface OpenedPage {
  readonly page: Page;
  /** What the page complained about; a test expects it to be empty. */
  readonly problems: string[];
}

/**
 * Opens an address of the page, `target` with its `?` and `#`, and waits until spots have their colours.
 */
export async function openPage(browser: Browser, address: string, target: string): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const problems = watchProblems(page);
  await page.goto(`${address}/${target}`);
  if (target.includes('#/slide')) await page.locator('.legend:visible').first().waitFor();
  return { page, problems };
}

/** Where a pane's level-0 position is in the window. The address keeps what is seen: `at=x,y,zoom`. */
export async function windowPlace(page: Page, x: number, y: number, pane = 0): Promise<[number, number]> {
  await page.waitForFunction(() => /[?&]at=/.test(location.hash));
  const [middleX, middleY, zoom] = new URLSearchParams(new URL(page.url()).hash.split('?')[1])
    .get('at')!
    .split(',')
    .map(Number);
  const box = (await page.locator('.pane').nth(pane).boundingBox())!;
  return [box.x + box.width / 2 + (x - middleX!) * zoom!, box.y + box.height / 2 + (y - middleY!) * zoom!];
}

/** Waits until the slide rests: the place in the address is another than `from`, and no longer changes. */
export async function settle(page: Page, from?: string): Promise<void> {
  if (from !== undefined) await page.waitForURL((url) => url.href !== from);
  let before = '';
  for (let i = 0; i < 40; i++) {
    await page.waitForTimeout(400);
    const now = page.url();
    if (now === before && now.includes('at=')) return;
    before = now;
  }
}

/** Drags along corners given in the window's pixels. */
export async function dragAlong(page: Page, corners: readonly (readonly [number, number])[]): Promise<void> {
  const [[x, y], ...rest] = corners as [[number, number], ...(readonly [number, number])[]];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (const [nextX, nextY] of rest) await page.mouse.move(nextX, nextY, { steps: 6 });
  await page.mouse.up();
}

export async function textOf(download: Download): Promise<string> {
  return readFile(await download.path(), 'utf8');
}
