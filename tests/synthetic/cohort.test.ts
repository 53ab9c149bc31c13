import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { openImage } from '../../src/slide/image.ts';
import { patchGeometry } from '../../src/slide/patch-geometry.ts';
import { readPatch } from '../../src/slide/read-patches.ts';
import { SPOT_DIAMETER_UM, SPOT_PITCH_UM } from '../../src/synthetic/tissue-plan.ts';
import { type SyntheticCohort, writeSyntheticCohort } from '../../src/synthetic/write-cohort.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-cohort-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function rows(path: string, separator = ','): string[][] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(separator));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  const cross = sum((i) => (a[i]! - ma) * (b[i]! - mb));
  return cross / Math.sqrt(sum((i) => (a[i]! - ma) ** 2) * sum((i) => (b[i]! - mb) ** 2));
}

/** One hash over all files below a folder, names included. */
function folderHash(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
    const path = join(folder, name);
    if (statSync(path).isFile()) hash.update(name).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** Per spot: the sum of the genes with a prefix. */
function programme(counts: string[][], prefix: string): number[] {
  const columns = counts[0]!.flatMap((name, i) => (name.startsWith(prefix) ? [i] : []));
  return counts.slice(1).map((row) => columns.reduce((sum, i) => sum + Number(row[i]), 0));
}

describe('default cohort', () => {
  const folder = join(root, 'default');
  let cohort: SyntheticCohort;
  /** Processor time of all threads: wall time on one free core at worst. */
  let seconds: number;
  beforeAll(async () => {
    const start = process.cpuUsage();
    cohort = await writeSyntheticCohort(folder, { seed: 7 });
    const { user, system } = process.cpuUsage(start);
    seconds = (user + system) / 1e6;
  }, 60_000);

  it('has three studies of two patients, written in less than 20 core seconds', () => {
    expect(seconds).toBeLessThan(20);
    const [header, ...sections] = rows(join(folder, 'cohort.csv'));
    expect(header).toEqual(['id', 'path', 'patient', 'study']);
    expect(sections).toHaveLength(6);
    expect(sections[3]).toEqual(['study2-p2-s1', 'study2-p2-s1', 'study2-p2', 'study2']);
    expect(sections.map(([id]) => id)).toEqual(cohort.sectionIds);
    expect(cohort.geneNames).toHaveLength(400);
  });

  it('writes sections in the layout of public ST data', async () => {
    const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8'));
    for (const id of cohort.sectionIds) {
      const { um_per_px, image, spots, pitch_px } = meta[id];
      const picture = await openImage(join(folder, id, 'he.jpg'));
      expect([picture.widthPx, picture.heightPx]).toEqual(image);
      expect(Math.abs(picture.widthPx - 1600)).toBeLessThan(200);
      expect(pitch_px).toBeCloseTo(SPOT_PITCH_UM / um_per_px, 2);
      const [header, ...places] = rows(join(folder, id, 'spots.csv'));
      expect(header).toEqual(['barcode', 'array_x', 'array_y', 'px', 'py']);
      expect([places.length, spots]).toEqual([120, 120]);
      const counts = rows(join(folder, id, 'counts.tsv.gz'), '\t');
      expect(counts[0]).toEqual(['', ...cohort.geneNames]);
      expect(counts.slice(1).map(([name]) => name)).toEqual(places.map(([name]) => name));
      // Neighbours on the array are one pitch apart in the picture.
      const [a, b] = [places[0]!.map(Number), places[1]!.map(Number)];
      expect((b[3]! - a[3]!) / (b[1]! - a[1]!)).toBeCloseTo(pitch_px, 1);
    }
  });

  it('lets genes follow the structure under the spot', () => {
    const chance: number[] = [];
    for (const id of cohort.sectionIds) {
      const counts = rows(join(folder, id, 'counts.tsv.gz'), '\t');
      const structure = rows(join(folder, id, 'structure.csv')).slice(1);
      const depth = programme(counts, 'HKG');
      const level = (prefix: string) => programme(counts, prefix).map((sum, i) => sum / depth[i]!);
      const column = (k: number) => structure.map((row) => Number(row[k]));
      expect(correlation(level('EPI'), column(1)), id).toBeGreaterThan(0.85);
      expect(correlation(level('STR'), column(2)), id).toBeGreaterThan(0.85);
      expect(correlation(level('PRO'), column(4)), id).toBeGreaterThan(0.85);
      expect(correlation(level('IMM'), column(5)), id).toBeGreaterThan(0.85);
      chance.push(correlation(level('NOI'), column(1)));
      // One gene alone is noisy, as real ones are, but not hopeless.
      const single = cohort.geneNames
        .filter((name) => name.startsWith('EPI'))
        .map((name) => correlation(programme(counts, name).map(Math.log1p), column(1)))
        .sort((a, b) => a - b);
      expect(single[22], id).toBeGreaterThan(0.5);
      expect(single[22], id).toBeLessThan(0.9);
      // Depth varies between spots.
      expect(Math.max(...depth) / Math.min(...depth)).toBeGreaterThan(2.5);
    }
    // Chance correlations of 120 spots have a standard deviation of 0.09; the mean of six, of 0.04.
    const meanChance = chance.reduce((sum, value) => sum + value, 0) / chance.length;
    expect(Math.abs(meanChance)).toBeLessThan(0.2);
  });

  it('shows in the picture what the counts depend on', async () => {
    const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8'));
    for (const id of cohort.sectionIds) {
      const image = await openImage(join(folder, id, 'he.jpg'));
      const geometry = patchGeometry({ patchUm: SPOT_DIAMETER_UM, mpp: meta[id].um_per_px, sizePx: 32 });
      const blue: number[] = [];
      for (const [, , , px, py] of rows(join(folder, id, 'spots.csv')).slice(1)) {
        const patch = await readPatch(image, { x: Number(px), y: Number(py) }, geometry);
        // Haematoxylin takes red light, eosin hardly any.
        let red = 0;
        for (let i = 0; i < patch.length; i += 3) red += 255 - patch[i]!;
        blue.push(red / (patch.length / 3));
      }
      const counts = rows(join(folder, id, 'counts.tsv.gz'), '\t');
      const depth = programme(counts, 'HKG');
      const dividing = programme(counts, 'PRO').map((sum, i) => sum / depth[i]!);
      expect(correlation(blue, dividing), id).toBeGreaterThan(0.55);
    }
  });

  it('gives every study its own look', async () => {
    const glass: number[][] = [];
    const tissue: number[][] = [];
    for (const id of cohort.sectionIds.filter((name) => name.endsWith('p1-s1'))) {
      const image = await openImage(join(folder, id, 'he.jpg'));
      const { pixels, widthPx, heightPx } = await image.readThumbnail(100);
      glass.push([...pixels.subarray(0, 3)]);
      const middle = 3 * (Math.floor(heightPx / 2) * widthPx);
      const line = pixels.subarray(middle, middle + 3 * widthPx);
      tissue.push(
        [0, 1, 2].map((c) => line.filter((_, i) => i % 3 === c).reduce((s, v) => s + v, 0) / widthPx),
      );
    }
    for (const values of glass) expect(Math.min(...values)).toBeGreaterThan(220);
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [0, 2],
    ] as const) {
      const difference = tissue[a]!.map((value, c) => Math.abs(value - tissue[b]![c]!));
      expect(Math.max(...difference)).toBeGreaterThan(3);
    }
  });
});

describe('writeSyntheticCohort', () => {
  const small = { studies: 2, patientsPerStudy: 1, sectionsPerPatient: 1, spotsPerSection: 6, mpp: 3 };

  it('writes the same bytes for the same seed and others for another seed', async () => {
    const hash = async (name: string, seed: number) => {
      await writeSyntheticCohort(join(root, name), { ...small, seed });
      return folderHash(join(root, name));
    };
    const first = await hash('a', 1);
    expect(await hash('b', 1)).toBe(first);
    expect(await hash('c', 2)).not.toBe(first);
  });

  it('refuses a folder that is not empty, and impossible numbers', async () => {
    const used = mkdtempSync(join(root, 'used-'));
    writeFileSync(join(used, 'notes.txt'), 'mine');
    await expect(writeSyntheticCohort(used, { ...small, seed: 1 })).rejects.toThrow(UsageError);
    expect(readdirSync(used)).toEqual(['notes.txt']);
    const empty = join(root, 'never');
    await expect(writeSyntheticCohort(empty, { ...small, seed: 1.5 })).rejects.toThrow(UsageError);
    await expect(writeSyntheticCohort(empty, { seed: 1, spotsPerSection: 3 })).rejects.toThrow(UsageError);
    await expect(writeSyntheticCohort(empty, { seed: 1, mpp: 50 })).rejects.toThrow(UsageError);
  });
});
