/** Memory while many tiles are read. Slow; runs with RUN_SLOW=1, side by RUN_SLOW_SIDE (default 20000 pixels). */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import { tileSlide } from '../../src/slide/tiles/tile-slide.ts';
import { writeSyntheticSlide } from '../../src/synthetic/write-slide.ts';
import { temporaryFolder } from './pictures.ts';

const file = temporaryFolder('memory');
const slow = process.env.RUN_SLOW === '1';
const side = Number(process.env.RUN_SLOW_SIDE ?? 20_000);
const MB = 1e6;

describe.runIf(slow)(`a slide of ${side} x ${side} pixels`, { timeout: 1_200_000 }, () => {
  it('is written, read at 2,000 random places and cut with bounded memory', async () => {
    const path = file('large.svs');
    let peak = 0;
    const watch = () => {
      peak = Math.max(peak, process.memoryUsage().rss / MB);
    };
    await writeSyntheticSlide(path, { seed: 1, widthPx: side, heightPx: side, onProgress: watch });
    console.log(`written: peak ${Math.round(peak)} MB`);
    // Two rows of tiles of all levels, and the sheet.
    expect(peak).toBeLessThan(400 + (4 * 3 * 256 * side) / MB);

    const slide = await openSlide(path, { reader: 'builtin' });
    peak = 0;
    const rng = new Rng(9);
    let started = 0;
    const begin = performance.now();
    const reader = async () => {
      while (started++ < 2000) {
        const width = rng.integer(224, 520);
        const region = { x: rng.integer(0, side - 520), y: rng.integer(0, side - 520), width, height: width };
        await slide.readScaled(region, { widthPx: 224, heightPx: 224 });
        if (started % 20 === 0) watch();
      }
    };
    await Promise.all(Array.from({ length: 8 }, reader));
    await slide.close();
    console.log(
      `2,000 reads: peak ${Math.round(peak)} MB, ${((performance.now() - begin) / 1000).toFixed(1)} s`,
    );
    expect(peak).toBeLessThan(600);

    peak = 0;
    const summary = await tileSlide(path, {
      outFolder: file('out'),
      patchPx: 224,
      targetMpp: 0.5,
      onProgress: watch,
    });
    console.log(`${summary.counts.kept} patches: peak ${Math.round(peak)} MB`);
    expect(summary.counts.kept).toBeGreaterThan(1000);
    expect(peak).toBeLessThan(900);
  });
});
