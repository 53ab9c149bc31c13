/** Cohorts with drivers: what the manifest says of the genes is in the counts and in the picture. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImage } from '../../src/slide/image.ts';
import { patchGeometry } from '../../src/slide/patch-geometry.ts';
import { readPatch } from '../../src/slide/read-patches.ts';
import type { DriverManifest } from '../../src/synthetic/index.ts';
import { writeSyntheticCohort } from '../../src/synthetic/index.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-drivers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const OPTIONS = { seed: 3, studies: 2, patientsPerStudy: 1, spotsPerSection: 60, mpp: 0.9, drivers: true };
const folder = join(root, 'cohort');
let ids: readonly string[] = [];
let manifest: DriverManifest;

beforeAll(async () => {
  ids = (await writeSyntheticCohort(folder, OPTIONS)).sectionIds;
  manifest = JSON.parse(readFileSync(join(folder, 'drivers.json'), 'utf8')) as DriverManifest;
});

function rows(path: string, separator = ','): string[][] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(separator));
}

const centred = (values: readonly number[]) => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.map((v) => v - mean);
};

function correlation(a: readonly number[], b: readonly number[]): number {
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  return sum((i) => a[i]! * b[i]!) / Math.sqrt(sum((i) => a[i]! ** 2) * sum((i) => b[i]! ** 2));
}

/** A column of every section's structure.csv, less its mean within the section. */
const structure = (column: string) =>
  ids.flatMap((id) => {
    const [header, ...lines] = rows(join(folder, id, 'structure.csv'));
    return centred(lines.map((line) => Number(line[header!.indexOf(column)])));
  });

const logCounts = (gene: string) =>
  ids.flatMap((id) => {
    const [header, ...lines] = rows(join(folder, id, 'counts.tsv.gz'), '\t');
    return centred(lines.map((line) => Math.log1p(Number(line[header!.indexOf(gene)]))));
  });

describe('a cohort with drivers', () => {
  it('has the recorded shares of genes and of their variance', () => {
    expect(manifest.shares).toEqual({ low: 0.4, high: 0.4, none: 0.2 });
    expect(manifest.genes).toHaveLength(75);
    for (const { name, driver, structure: own, explained } of manifest.genes) {
      if (own === null) continue;
      const found = correlation(structure(own), logCounts(name)) ** 2;
      expect(found, name).toBeCloseTo(driver === 'low' ? explained.low : explained.high, 3);
    }
    const mean = (driver: string, of: 'low' | 'high') => {
      const own = manifest.genes.filter((gene) => gene.driver === driver);
      return own.reduce((sum, gene) => sum + gene.explained[of], 0) / own.length;
    };
    expect(mean('low', 'low')).toBeGreaterThan(0.2);
    expect(mean('high', 'high')).toBeGreaterThan(0.2);
    // Neither driver says much of the other's genes, nor of genes without one (120 spots: 0.008 by chance).
    for (const share of [mean('low', 'high'), mean('high', 'low'), mean('none', 'low'), mean('none', 'high')])
      expect(share).toBeLessThan(0.06);
  });

  it('shows fine texture in the picture at high frequencies only', async () => {
    const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8'));
    const [fine, dark]: [number[], number[]] = [[], []];
    for (const id of ids) {
      const image = await openImage(join(folder, id, 'he.jpg'));
      const sizePx = 64;
      const geometry = patchGeometry({ patchUm: 64, mpp: meta[id].um_per_px, sizePx });
      const [contrast, mean]: [number[], number[]] = [[], []];
      for (const [, , , px, py] of rows(join(folder, id, 'spots.csv')).slice(1)) {
        const patch = await readPatch(image, { x: Number(px), y: Number(py) }, geometry);
        const green = Float64Array.from({ length: sizePx * sizePx }, (_, i) => patch[3 * i + 1]!);
        let [sum, steps] = [0, 0];
        for (let i = 0; i < green.length; i++) {
          sum += green[i]!;
          // Second difference over two pixels (2 um): strong for grain, weak for glands.
          const [x, at] = [i % sizePx, i];
          if (x >= 2 && x < sizePx - 2) steps += Math.abs(2 * green[at]! - green[at - 2]! - green[at + 2]!);
        }
        contrast.push(Math.log(steps));
        mean.push(sum);
      }
      fine.push(...centred(contrast));
      dark.push(...centred(mean));
    }
    const texture = structure('fine_texture');
    expect(correlation(fine, texture)).toBeGreaterThan(0.3);
    expect(Math.abs(correlation(dark, texture))).toBeLessThan(0.25);
  });

  it('gives every study a scanner of its own and the same bytes for the same seed', async () => {
    const [first, second] = manifest.studies;
    for (const key of ['sampleUm', 'blurUm', 'gamma', 'noise'] as const)
      expect(first!.scanner[key]).not.toBe(second!.scanner[key]);
    const again = join(root, 'again');
    await writeSyntheticCohort(again, OPTIONS);
    const digest = (where: string, file: string) =>
      createHash('sha256')
        .update(readFileSync(join(where, file)))
        .digest('hex');
    for (const file of ['drivers.json', ...ids.flatMap((id) => [`${id}/he.jpg`, `${id}/counts.tsv.gz`])])
      expect(digest(again, file), file).toBe(digest(folder, file));
  });
});
