/**
 * Looks for tissue that stands on both sides of a split. A correlation measured across such a leak says
 * nothing about new patients.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../errors.ts';
import type { Section } from '../spatial/types.ts';
import type { Fold } from './splits.ts';

/** What the check needs to know about one item of a split (a section, or a spot's section for spot-level splits). */
export interface SplitUnit {
  readonly section: string;
  readonly patient: string;
  readonly study: string;
  /** Image file, for equal paths. */
  readonly image: string;
  /** Digest of the image file's bytes, where taken ({@link imageDigests}). */
  readonly imageDigest?: string | undefined;
  /** Digest of the set of spot names. */
  readonly barcodeDigest: string;
  /** Digest of spot names with their total counts. */
  readonly countDigest: string;
  readonly spots: number;
  readonly mpp: number;
}

/** `leak`: the same tissue or patient for certain. `suspect`: has the marks of it, a person must look. */
export type LeakSeverity = 'leak' | 'suspect';
export type LeakKind =
  | 'section'
  | 'patient'
  | 'duplicate'
  | 'image'
  | 'counts'
  | 'barcodes'
  | 'spots-and-pixel-size';

/** One thing that is on both sides. */
export interface LeakFinding {
  readonly kind: LeakKind;
  readonly severity: LeakSeverity;
  readonly fold: string;
  /** Sections on the training side, sorted. */
  readonly train: readonly string[];
  /** Sections on the test side, sorted. */
  readonly test: readonly string[];
  /** One sentence for a report. */
  readonly message: string;
}

function sha256(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Total count of every spot, in row order. */
function spotTotals({ counts }: Section): number[] {
  return counts.barcodes.map((_, row) => {
    let total = 0;
    for (let k = counts.indptr[row]!; k < counts.indptr[row + 1]!; k++) total += counts.data[k]!;
    return total;
  });
}

/** Describes a section for the check; `imageDigest` from {@link imageDigests}. */
export function splitUnit(section: Section, imageDigest?: string): SplitUnit {
  const totals = spotTotals(section);
  const { barcodes } = section.counts;
  return {
    section: section.id,
    patient: section.patient,
    study: section.study,
    image: resolve(section.imagePath),
    imageDigest,
    barcodeDigest: sha256([...barcodes].sort()),
    countDigest: sha256(barcodes.map((barcode, i) => `${barcode}\t${totals[i]}`).sort()),
    spots: barcodes.length,
    mpp: section.mpp,
  };
}

/**
 * SHA-256 of those files that share their size with another file of a different path; the others cannot be
 * equal, and slides are large.
 */
export async function imageDigests(paths: readonly string[]): Promise<Map<string, string>> {
  const bySize = new Map<number, string[]>();
  for (const path of new Set(paths.map((p) => resolve(p)))) {
    const { size } = await stat(path);
    bySize.set(size, [...(bySize.get(size) ?? []), path]);
  }
  const digests = new Map<string, string>();
  for (const path of [...bySize.values()].filter((same) => same.length > 1).flat()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    digests.set(path, hash.digest('hex'));
  }
  return digests;
}

interface Rule {
  readonly kind: LeakKind;
  readonly severity: LeakSeverity;
  /** Items with the same key are taken to be the same thing; undefined: no statement about this item. */
  readonly key: (unit: SplitUnit) => string | undefined;
  readonly describe: (example: SplitUnit) => string;
}

/** From certain to suspect; a pair that an earlier rule has reported is not reported again by a later one. */
function rules(duplicates: readonly (readonly string[])[]): Rule[] {
  const groupOf = new Map(duplicates.flatMap((ids, i) => ids.map((id) => [id, `${i}`] as const)));
  return [
    { kind: 'section', severity: 'leak', key: (u) => u.section, describe: (u) => `section ${u.section}` },
    {
      kind: 'patient',
      severity: 'leak',
      key: (u) => JSON.stringify([u.study, u.patient]),
      describe: (u) => `patient ${u.patient} of study ${u.study}`,
    },
    {
      kind: 'duplicate',
      severity: 'leak',
      key: (u) => groupOf.get(u.section),
      describe: () => 'tissue named as the same in the list of duplicates',
    },
    { kind: 'image', severity: 'leak', key: (u) => u.image, describe: (u) => `image file ${u.image}` },
    { kind: 'image', severity: 'leak', key: (u) => u.imageDigest, describe: () => 'the same image bytes' },
    {
      kind: 'counts',
      severity: 'leak',
      key: (u) => u.countDigest,
      describe: () => 'equal spots with equal counts',
    },
    {
      kind: 'barcodes',
      severity: 'suspect',
      key: (u) => u.barcodeDigest,
      describe: (u) => `the same set of ${u.spots} spot names`,
    },
    {
      kind: 'spots-and-pixel-size',
      severity: 'suspect',
      key: (u) => `${u.spots} ${u.mpp.toPrecision(6)}`,
      describe: (u) => `the same number of spots (${u.spots}) and pixel size (${u.mpp} um)`,
    },
  ];
}

function unitsAt(units: readonly SplitUnit[], indices: readonly number[], fold: string): SplitUnit[] {
  const bySection = new Map<string, SplitUnit>();
  for (const index of indices) {
    const unit = units[index];
    if (unit === undefined) {
      throw new UsageError('leak check', {
        need: `indices below ${units.length} in ${fold}`,
        found: `${index}`,
      });
    }
    bySection.set(unit.section, unit);
  }
  return [...bySection.values()];
}

function groupBy(units: readonly SplitUnit[], key: Rule['key']): Map<string, SplitUnit[]> {
  const groups = new Map<string, SplitUnit[]>();
  for (const unit of units) {
    const name = key(unit);
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), unit]);
  }
  return groups;
}

const names = (units: readonly SplitUnit[]) => units.map((unit) => unit.section).sort();

/**
 * All leaks of one fold, the certain ones first. An empty list means that nothing was found, by these marks.
 *
 * Patients are compared within a study: `Patient 1` of two studies are two people.
 *
 * @param units      item i of the split; several items may belong to one section.
 * @param duplicates groups of section ids known to be the same tissue under other names.
 */
export function findLeaks(
  fold: Fold,
  units: readonly SplitUnit[],
  duplicates: readonly (readonly string[])[] = [],
): LeakFinding[] {
  const train = unitsAt(units, fold.train, fold.name);
  const test = unitsAt(units, fold.test, fold.name);
  const reported = new Set<string>();
  const pair = (a: SplitUnit, b: SplitUnit) => JSON.stringify([a.section, b.section]);
  return rules(duplicates).flatMap(({ kind, severity, key, describe }) => {
    const onTest = groupBy(test, key);
    return [...groupBy(train, key)].flatMap(([name, trainUnits]) => {
      const testUnits = onTest.get(name) ?? [];
      const pairs = trainUnits.flatMap((a) => testUnits.map((b) => pair(a, b)));
      if (pairs.every((known) => reported.has(known))) return [];
      for (const known of pairs) reported.add(known);
      const sides = { train: names(trainUnits), test: names(testUnits) };
      const message =
        `${fold.name}: ${describe(trainUnits[0]!)} on both sides ` +
        `(training: ${sides.train.join(', ')}; test: ${sides.test.join(', ')})`;
      return [{ kind, severity, fold: fold.name, ...sides, message }];
    });
  });
}
