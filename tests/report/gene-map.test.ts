import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ShapeError, UsageError } from '../../src/errors.ts';
import { sequentialColormap } from '../../src/report/colormap.ts';
import { renderGeneMap, renderGeneMapPair } from '../../src/report/gene-map.ts';
import { CAP_PX, layoutMap, MARGIN_PX } from '../../src/report/map-layout.ts';
import { overlaySvg } from '../../src/report/map-overlay.ts';
import { textSvg, textWidth } from '../../src/report/stroke-font.ts';
import { niceTicks } from '../../src/report/ticks.ts';
import { imageFromPixels } from '../../src/slide/memory-image.ts';

/** A pink section of 400 x 300 pixels; maps are drawn at half size. */
const PINK = [230, 180, 210] as const;
const pixels = new Uint8Array(3 * 400 * 300).map((_, i) => PINK[i % 3]!);
const image = imageFromPixels({ pixels, widthPx: 400, heightPx: 300, path: 'pink' });
const spots = [
  { x: 80, y: 60 },
  { x: 200, y: 150 },
  { x: 330, y: 240 },
  { x: 80, y: 240 },
];
const base = { image, spots, title: 'GENE1', unit: 'counts', spotDiameterPx: 40, panelPx: 200 };

async function decode(png: Buffer) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    at: (x: number, y: number) => {
      const from = info.channels * (y * info.width + x);
      return [...data.subarray(from, from + 3)];
    },
  };
}

/** Layout of the maps above for values from 0 to 4. */
const layoutOf = (panelCount: number, title: string) =>
  layoutMap({
    title,
    unit: 'counts',
    ticks: niceTicks(0, 4),
    panel: { width: 200, height: 150 },
    panelCount,
    hasCaptions: panelCount > 1,
  });

describe('renderGeneMap', () => {
  it('paints every spot with the colour of its value and leaves the tissue between', async () => {
    const values = [0, 1, 4, Number.NaN];
    const map = await decode(await renderGeneMap({ ...base, values }));
    const { panels, bar, width, height } = layoutOf(1, 'GENE1');
    const panel = panels[0]!;
    expect([map.width, map.height]).toEqual([width, height]);
    const spotColour = (i: number) => map.at(panel.x + spots[i]!.x / 2, panel.y + spots[i]!.y / 2);
    for (const i of [0, 1, 2])
      expect(spotColour(i)).toBeClose(sequentialColormap(values[i]! / 4), { atol: 1 });
    // A spot without value shows the tissue inside its ring.
    expect(spotColour(3)).toBeClose(PINK, { atol: 1 });
    expect(map.at(panel.x + 150, panel.y + 20)).toBeClose(PINK, { atol: 1 });
    // Discs of 20 output pixels end where they should.
    expect(map.at(panel.x + 100 + 8, panel.y + 75)).toBeClose(sequentialColormap(0.25), { atol: 1 });
    expect(map.at(panel.x + 100 + 12, panel.y + 75)).toBeClose(PINK, { atol: 1 });
    // Colour bar: low below, high above.
    for (const row of [0, 20, bar.height - 1]) {
      const t = 1 - (row + 0.5) / bar.height;
      expect(map.at(bar.x + 10, bar.y + row)).toBeClose(sequentialColormap(t), { atol: 1 });
    }
    expect(map.at(2, 2)).toEqual([255, 255, 255]);
  });

  it('uses a given range and colour scale, and end colours beyond the range', async () => {
    const colormap = (t: number) => [Math.round(200 * Math.min(1, Math.max(0, t))), 0, 99] as const;
    const values = [-5, 0, 10, 40];
    const map = await decode(await renderGeneMap({ ...base, values, colormap, range: [0, 20] }));
    const { x, y } = layoutOf(1, 'GENE1').panels[0]!;
    const reds = spots.map((spot) => map.at(x + spot.x / 2, y + spot.y / 2)[0]);
    expect(reds).toEqual([0, 0, 100, 200]);
  });

  it('gives the same bytes again, from an image or from its thumbnail', async () => {
    const values = [1, 2, 3, 4];
    const first = await renderGeneMap({ ...base, values });
    expect((await renderGeneMap({ ...base, values })).equals(first)).toBe(true);
    const thumbnail = await image.readThumbnail(200);
    expect((await renderGeneMap({ ...base, image: thumbnail, values })).equals(first)).toBe(true);
    const large = await image.readThumbnail(400);
    const again = await decode(await renderGeneMap({ ...base, image: large, values }));
    expect(again.width).toBe((await decode(first)).width);
  });

  it('draws constant values in the middle of the scale', async () => {
    const map = await decode(await renderGeneMap({ ...base, values: [3, 3, 3, 3] }));
    const { x, y } = layoutOf(1, 'GENE1').panels[0]!;
    expect(map.at(x + 40, y + 30)).toBeClose(sequentialColormap(0.5), { atol: 2 });
  });

  it('refuses wrong lengths, sizes, ranges and values', async () => {
    await expect(renderGeneMap({ ...base, values: [1, 2] })).rejects.toThrow(ShapeError);
    const values = [1, 2, 3, 4];
    await expect(renderGeneMap({ ...base, values, spotDiameterPx: 0 })).rejects.toThrow(UsageError);
    await expect(renderGeneMap({ ...base, values, range: [2, 2] })).rejects.toThrow('rising');
    const none = Array(4).fill(Number.NaN);
    await expect(renderGeneMap({ ...base, values: none })).rejects.toThrow('finite value');
  });
});

describe('renderGeneMapPair', () => {
  const measured = [0, 1, 2, 3];
  const predicted = [1, 0, 4, 3];
  // Deviations (-1.5 -0.5 0.5 1.5) and (-1 -2 2 1): 5 / sqrt(5 * 10).
  const title = 'GENE1   PCC 0.707';

  it('shares one scale between the two panels', async () => {
    const map = await decode(await renderGeneMapPair({ ...base, measured, predicted }));
    const { panels, width, height } = layoutOf(2, title);
    expect([map.width, map.height]).toEqual([width, height]);
    [measured, predicted].forEach((values, k) => {
      spots.forEach((spot, i) => {
        const colour = map.at(panels[k]!.x + spot.x / 2, panels[k]!.y + spot.y / 2);
        expect(colour).toBeClose(sequentialColormap(values[i]! / 4), { atol: 1 });
      });
    });
  });

  it('writes the Pearson correlation into the title', async () => {
    for (const [values, text] of [
      [predicted, title],
      [[2, 2, 2, 2], 'GENE1   PCC n/a'],
    ] as const) {
      const png = await renderGeneMapPair({ ...base, measured, predicted: values });
      const { titleBaseline } = layoutOf(2, title);
      const box = { left: 0, top: 0, width: 300, height: titleBaseline + 5 };
      const style = { x: MARGIN_PX, y: titleBaseline, capPx: CAP_PX.title, weight: 1.6 };
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="${box.height}"><rect width="300" height="99" fill="#fff"/>${textSvg(text, style)}</svg>`;
      const wanted = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
      const actual = await sharp(png).extract(box).removeAlpha().raw().toBuffer();
      expect(actual).toBeClose(wanted, { atol: 2 });
    }
  });
});

describe('layout and text', () => {
  it('keeps texts, panels and bar apart and inside the canvas', () => {
    for (const [width, height, title] of [
      [800, 600, 'A'],
      [64, 20, 'A very long title that cannot stand on such a narrow picture'],
      [90, 800, 'tall'],
    ] as const) {
      const ticks = niceTicks(0, 12345);
      const unit = 'log1p(normalised counts)';
      const layout = layoutMap({
        title,
        unit,
        ticks,
        panel: { width, height },
        panelCount: 2,
        hasCaptions: true,
      });
      const [first, second] = [layout.panels[0]!, layout.panels[1]!];
      expect(first.x + width).toBeLessThan(second.x);
      expect(second.x + width).toBeLessThan(layout.bar.x);
      expect(layout.bar.x + textWidth(unit, CAP_PX.label)).toBeLessThanOrEqual(layout.width - MARGIN_PX);
      expect(layout.bar.y + layout.bar.height).toBeLessThanOrEqual(layout.height - MARGIN_PX);
      expect(first.y + height).toBeLessThanOrEqual(layout.height - MARGIN_PX);
      expect(MARGIN_PX + textWidth(title, layout.titleCapPx)).toBeLessThanOrEqual(
        layout.width - MARGIN_PX + 0.01,
      );
      expect(layout.titleBaseline).toBeLessThan(layout.captionBaseline - CAP_PX.caption);
      expect(layout.captionBaseline).toBeLessThan(first.y - 4);
    }
  });

  it('draws texts as strokes only, so that no system font is needed', () => {
    const svg = overlaySvg({
      ...base,
      title: 'HLA-DRA & <b>',
      colormap: sequentialColormap,
      mpp: 0.5,
      layout: layoutOf(1, 'x'),
      panels: [{ caption: 'measured', values: [0, 1, 2, 3] }],
      range: [0, 4],
      ticks: niceTicks(0, 4),
      scale: 0.5,
    });
    expect(svg).not.toContain('<text');
    expect(svg).not.toContain('<b>');
    expect(textSvg('H', { x: 0, y: 10, capPx: 10 })).toContain('M0 0V10M6.4 0V10M0 4.8H6.4');
  });

  it('puts ink where a letter has its strokes', async () => {
    const letter = textSvg('L', { x: 5, y: 45, capPx: 40, colour: '#000' });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="50"><rect width="40" height="50" fill="#fff"/>${letter}</svg>`;
    const picture = await decode(await sharp(Buffer.from(svg)).png().toBuffer());
    expect(picture.at(5, 20)).toEqual([0, 0, 0]);
    expect(picture.at(20, 45)).toEqual([0, 0, 0]);
    expect(picture.at(20, 20)).toEqual([255, 255, 255]);
    expect(textWidth('L', 40)).toBe(20);
  });
});
