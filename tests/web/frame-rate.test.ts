/**
 * Frames per second with 100,000 spots while the slide is dragged and zoomed, in headless Chromium on the
 * processor alone (no graphics card): the least that any machine with a screen does better than.
 */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launch } from './support/browser.ts';
import { buildPage } from './support/build-page.ts';
import { createFixture } from './support/fixture-data.ts';
import { type FixtureServer, startFixtureServer } from './support/fixture-server.ts';

const chromium = chromiumPath();

interface Frames {
  readonly fps: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

/** Times of animation frames while `gesture` runs. */
async function framesDuring(page: Page, gesture: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { frameTimes: times, frameStop: false });
    const tick = (now: number) => {
      times.push(now);
      if (!(window as unknown as { frameStop: boolean }).frameStop) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await gesture();
  const times = await page.evaluate(() => {
    Object.assign(window, { frameStop: true });
    return (window as unknown as { frameTimes: number[] }).frameTimes;
  });
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  const sorted = [...gaps].sort((a, b) => a - b);
  return {
    fps: (1000 * gaps.length) / (times.at(-1)! - times[0]!),
    medianMs: sorted[sorted.length >> 1]!,
    worstMs: sorted.at(-1)!,
  };
}

async function drag(page: Page): Promise<void> {
  await page.mouse.move(460, 460);
  await page.mouse.down();
  for (let i = 1; i <= 60; i++) {
    const angle = (i / 60) * 4 * Math.PI;
    await page.mouse.move(460 + 150 * Math.sin(angle), 460 + 80 * (1 - Math.cos(angle)));
    await page.waitForTimeout(25);
  }
  await page.mouse.up();
}

async function zoom(page: Page): Promise<void> {
  await page.mouse.move(460, 460);
  for (let i = 0; i < 24; i++) {
    await page.mouse.wheel(0, i < 12 ? -120 : 120);
    await page.waitForTimeout(70);
  }
}

describe.skipIf(chromium === undefined || process.env.RUN_SLOW !== '1')('100,000 spots', () => {
  let browser: Browser;
  let server: FixtureServer;

  beforeAll(async () => {
    const fixture = createFixture({ columns: 400, rows: 250, width: 40_000, height: 25_000 });
    server = await startFixtureServer(fixture, await buildPage());
    browser = await launch(chromium!);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each([
    // The rates are printed; the least that passes leaves room for a machine that is busy with ten other things.
    { name: 'one pane', query: 'panes=1', least: 12 },
    { name: 'three panes', query: 'panes=3', least: 6 },
  ])('move smoothly in $name', async ({ name, query, least }) => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${server.address}/#/slide/s1?gene=ERBB2&${query}`);
    await page.locator('.legend').first().waitFor();
    await page.waitForTimeout(1500);
    const pan = await framesDuring(page, () => drag(page));
    const zoomed = await framesDuring(page, () => zoom(page));
    const text = ({ fps, medianMs, worstMs }: Frames) =>
      `${fps.toFixed(1)} frames per second, median ${medianMs.toFixed(1)} ms, worst ${worstMs.toFixed(0)} ms`;
    console.log(`100,000 spots, ${name}: dragging ${text(pan)}; zooming ${text(zoomed)}`);
    await page.close();
    expect(pan.fps).toBeGreaterThan(least);
    expect(zoomed.fps).toBeGreaterThan(least);
  });
});
