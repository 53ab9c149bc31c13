import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { evidenceFromOme, evidenceFromResolution } from '../../src/slide/mpp/evidence.ts';
import {
  formatMppTable,
  type MppEvidence,
  type MppSource,
  reconcileMpp,
  requireMpp,
} from '../../src/slide/mpp/mpp-table.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import { temporaryFolder } from './pictures.ts';
import { buildTiff, RGB8, withTags } from './tiff-builder.ts';

const file = temporaryFolder('mpp');
const says = (source: MppSource, mpp: number, mppY = mpp): MppEvidence => ({
  source,
  field: `field of ${source}`,
  mppX: mpp,
  mppY,
});

describe('reconcileMpp', () => {
  it('uses the most trusted credible statement, in any order', () => {
    const table = reconcileMpp([
      says('resolution tags', 0.251),
      says('magnification', 0.25),
      says('aperio', 0.2525),
    ]);
    expect(table.mpp).toBe(0.2525);
    expect(table.conflict).toBeUndefined();
    expect(table.rows.map(({ source, used, why }) => [source, used, why])).toEqual([
      ['aperio', true, 'most trusted, confirmed by another'],
      ['resolution tags', false, 'agrees'],
      ['magnification', false, 'nominal, only a rough check'],
    ]);
  });

  it('says why print settings, unequal axes and differing values are not used', () => {
    const table = reconcileMpp([
      says('openslide', 0.5),
      says('aperio', 0.4),
      says('ome', 0.5, 0.6),
      says('resolution tags', 25_400 / 72),
    ]);
    expect(table.mpp).toBe(0.5);
    expect(table.rows.map(({ why }) => why)).toEqual([
      'most trusted',
      'less trusted; differs by 20 %',
      'x and y differ by more than 1 %',
      'a print setting, no microscope',
    ]);
  });

  it('refuses a factor of ten until the user chooses', () => {
    const trap = [says('metadata', 0.274), says('resolution tags', 0.0274)];
    const table = reconcileMpp(trap);
    expect(table.mpp).toBeUndefined();
    expect(table.rows.some(({ used }) => used)).toBe(false);
    expect(() => requireMpp('a.tif', table)).toThrow(DataError);
    expect(() => requireMpp('a.tif', table)).toThrow(
      /tenfold disagreement: field of metadata says 0\.274 but field of resolution tags says 0\.0274.*mpp option/,
    );
    const chosen = reconcileMpp(trap, 0.274);
    expect(requireMpp('a.tif', chosen)).toBe(0.274);
    expect(chosen.rows[0]).toMatchObject({ source: 'user', used: true });
    expect(chosen.rows[2]!.why).toContain('differs tenfold from user');
  });

  it('also takes the nominal magnification as a witness against a factor of ten', () => {
    expect(reconcileMpp([says('ome', 5), says('magnification', 0.5)]).conflict).toContain('says 5');
    expect(reconcileMpp([says('ome', 0.25), says('magnification', 0.5)]).mpp).toBe(0.25);
  });

  it('has no value where nothing credible is stated', () => {
    expect(() => requireMpp('a.tif', reconcileMpp([]))).toThrow('found none stated');
    const small = reconcileMpp([says('resolution tags', 0.0274)]);
    expect(small.mpp).toBeUndefined();
    expect(() => requireMpp('a.tif', small)).toThrow('perhaps ten times too small');
    expect(() => reconcileMpp([], -1)).toThrow(UsageError);
    expect(() => reconcileMpp([], Number.NaN)).toThrow(UsageError);
  });

  it('prints an aligned table', () => {
    const text = formatMppTable(reconcileMpp([says('aperio', 0.499), says('magnification', 0.5)], 0.5));
    expect(text.split('\n')).toEqual([
      'source         field                   um/px  used  why',
      'user           mpp option              0.5    yes   stated by the user',
      'aperio         field of aperio         0.499  no    agrees',
      'magnification  field of magnification  0.5    no    nominal, only a rough check',
    ]);
    expect(formatMppTable(reconcileMpp([]))).toContain('no pixel size is stated');
  });
});

describe('statements in files', () => {
  it('turns units of length into micrometres', () => {
    expect(evidenceFromResolution(50_800, 50_800, 2)[0]).toMatchObject({ mppX: 0.5, mppY: 0.5 });
    expect(evidenceFromResolution(20_000, 10_000, 3)[0]).toMatchObject({ mppX: 0.5, mppY: 1 });
    expect(evidenceFromResolution(1, 1, 1)).toEqual([]);
    const ome = (unit: string) =>
      evidenceFromOme(
        new Map([
          ['PhysicalSizeX', '0.25'],
          ['PhysicalSizeXUnit', unit],
        ]),
      )[0]?.mppX;
    expect([ome('µm'), ome('mm'), ome('nm'), ome('pixel')]).toEqual([0.25, 250, 0.00025, undefined]);
  });

  it('reach the slide, and the user wins there too', async () => {
    const description = 'Aperio Image\r\n16x16|MPP = 0.25|AppMag = 40';
    // 400,000 pixels per centimetre are 0.025 um: the trap.
    const tags = withTags(
      RGB8,
      [270, 2, description],
      [282, 4, [400_000]],
      [283, 4, [400_000]],
      [296, 3, [3]],
    );
    const picture = { widthPx: 16, heightPx: 16, tilePx: 16, chunks: [new Uint8Array(768)], tags };
    await writeFile(file('trap.svs'), buildTiff([picture]));
    const slide = await openSlide(file('trap.svs'));
    expect(slide.mpp).toBeUndefined();
    const region = { x: 0, y: 0, width: 16, height: 16 };
    await expect(slide.readScaled(region, { mpp: 0.5 })).rejects.toThrow('tenfold disagreement');
    expect((await slide.readScaled(region, { level: 0 })).widthPx).toBe(16);
    await slide.close();
    const metadata = says('metadata', 0.2501);
    const told = await openSlide(file('trap.svs'), { mppEvidence: [metadata] });
    expect(told.mppTable.rows.map(({ source }) => source)).toEqual([
      'metadata',
      'aperio',
      'resolution tags',
      'magnification',
    ]);
    expect(told.mppTable.conflict).toContain('field of metadata says 0.2501 but pixels per centimetre');
    await told.close();
    const chosen = await openSlide(file('trap.svs'), { mpp: 0.25 });
    expect((await chosen.readScaled(region, { mpp: 0.5 })).widthPx).toBe(8);
    await chosen.close();
  });
});
