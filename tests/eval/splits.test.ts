import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  type Fold,
  groupKFold,
  hestPatientSplit,
  kFold,
  kFoldOfOrder,
  leaveOneGroupOut,
  randomSplit,
  stratifiedKFold,
} from '../../src/eval/splits.ts';
import { readEvalGolden } from '../support/paths.ts';

interface Sides<T> {
  train: T[];
  test: T[];
}
interface Golden {
  ids: string[];
  patient: string[];
  study: string[];
  hest_all_groups: Sides<string>[];
  hest_k3: Sides<string>[];
  hest_k4: Sides<string>[];
  group_kfold4: Sides<number>[];
  loso: (Sides<number> & { held_out: string })[];
  random10: { permutation: number[]; folds: Sides<number>[]; fold_sizes: number[] };
}

const golden = readEvalGolden<Golden>('splits');
const sections = golden.ids.map((_, i) => ({ study: golden.study[i]!, patient: golden.patient[i]! }));
const sides = (folds: readonly Fold[]) => folds.map(({ train, test }) => ({ train, test }));
const ids = (folds: readonly Fold[]) =>
  folds.map(({ train, test }) => ({
    train: train.map((i) => golden.ids[i]),
    test: test.map((i) => golden.ids[i]),
  }));

describe('splits equal to the reference', () => {
  it('HEST patient folds, one per patient, and gathered into 3 and 4', () => {
    expect(ids(hestPatientSplit(sections))).toEqual(golden.hest_all_groups);
    expect(ids(hestPatientSplit(sections, 7))).toEqual(golden.hest_all_groups);
    expect(ids(hestPatientSplit(sections, 3))).toEqual(golden.hest_k3);
    expect(ids(hestPatientSplit(sections, 4))).toEqual(golden.hest_k4);
  });

  it('group k-fold, leave-one-study-out, random 10-fold', () => {
    expect(sides(groupKFold(golden.patient, 4))).toEqual(golden.group_kfold4);
    const loso = leaveOneGroupOut(golden.study);
    expect(loso.map(({ name, ...rest }) => ({ held_out: name, ...rest }))).toEqual(golden.loso);
    const random = kFoldOfOrder(golden.random10.permutation, 10);
    expect(sides(random)).toEqual(golden.random10.folds);
    expect(random.map((fold) => fold.test.length)).toEqual(golden.random10.fold_sizes);
  });

  it('takes an absent patient for Patient 1 of its study, and names the fold after it', () => {
    const folds = hestPatientSplit([
      { study: 'B' },
      { study: 'A', patient: '' },
      { study: 'B', patient: 'Patient 1' },
    ]);
    expect(folds).toEqual([
      { name: 'A, Patient 1', train: [0, 2], test: [1] },
      { name: 'B, Patient 1', train: [1], test: [0, 2] },
    ]);
  });
});

describe('seeds', () => {
  it('same seed, same folds; other seed, other folds; no seed, the given order', () => {
    expect(kFold(54, 10, 1)).toEqual(kFold(54, 10, 1));
    expect(kFold(54, 10, 1)).not.toEqual(kFold(54, 10, 2));
    expect(kFold(5, 2).map((fold) => fold.test)).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    expect(groupKFold(golden.patient, 4, 3)).toEqual(groupKFold(golden.patient, 4, 3));
    expect(groupKFold(golden.patient, 4, 3)).not.toEqual(groupKFold(golden.patient, 4, 4));
  });

  it('splits once, by item or by whole group', () => {
    const { test, train } = randomSplit(10, { testFraction: 0.25, seed: 7 });
    expect([test.length, train.length]).toEqual([3, 7]);
    const grouped = randomSplit(14, { testFraction: 0.3, seed: 7, groups: golden.patient });
    const testPatients = new Set(grouped.test.map((i) => golden.patient[i]));
    expect(testPatients.size).toBe(3);
    expect(grouped.train.some((i) => testPatients.has(golden.patient[i]))).toBe(false);
  });
});

function checkPartition(folds: readonly Fold[], count: number): void {
  const all = Array.from({ length: count }, (_, i) => i);
  expect(folds.flatMap((fold) => [...fold.test]).sort((a, b) => a - b)).toEqual(all);
  for (const { train, test } of folds) expect([...train, ...test].sort((a, b) => a - b)).toEqual(all);
}

describe('properties', () => {
  const labels = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 2, maxLength: 60 });
  const seed = fc.option(fc.nat(), { nil: undefined });

  it('group k-fold keeps groups whole and tests each item once', () => {
    fc.assert(
      fc.property(labels, seed, (groups, s) => {
        const distinct = new Set(groups).size;
        fc.pre(distinct >= 2);
        const folds = groupKFold(groups, distinct, s);
        checkPartition(folds, groups.length);
        for (const { train, test } of folds) {
          const held = new Set(test.map((i) => groups[i]));
          expect(train.some((i) => held.has(groups[i]!))).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('stratified k-fold spreads every label and every fold evenly, within 1', () => {
    fc.assert(
      fc.property(labels, fc.integer({ min: 2, max: 4 }), seed, (items, folds, s) => {
        const counts = new Map<string, number>();
        for (const label of items) counts.set(label, (counts.get(label) ?? 0) + 1);
        fc.pre([...counts.values()].every((n) => n >= folds));
        const result = stratifiedKFold(items, folds, s);
        checkPartition(result, items.length);
        const spread = (of: (fold: Fold) => number) => {
          const sizes = result.map(of);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        };
        spread((fold) => fold.test.length);
        for (const label of counts.keys())
          spread((fold) => fold.test.filter((i) => items[i] === label).length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('refusals', () => {
  it('says what is possible', () => {
    expect(() => kFold(3, 4)).toThrow(
      'k-fold: needed 2 to 3 folds for 3 items, found 4; choose a number from 2 to 3',
    );
    expect(() => groupKFold(['a', 'a', 'b'], 3)).toThrow(
      'group k-fold: needed 2 to 2 folds for 2 groups, found 3',
    );
    expect(() => leaveOneGroupOut(['HEST', 'HEST'])).toThrow(
      'leave one group out: needed at least 2 groups, found 1 (HEST); add a group or choose another split',
    );
    expect(() => leaveOneGroupOut([])).toThrow(UsageError);
    expect(() => stratifiedKFold(['a', 'a', 'b'], 2)).toThrow(
      'stratified k-fold: needed at least 2 items of every label, found 1 of b',
    );
    expect(() => hestPatientSplit([{ study: 'A' }])).toThrow(UsageError);
    expect(() => hestPatientSplit(sections, 8)).toThrow('HEST patient split: needed 2 to 7 folds');
    expect(() => randomSplit(4, { testFraction: 1, seed: 0 })).toThrow(
      'leaves both sides at least 1 of 4 items',
    );
    expect(() => randomSplit(4, { testFraction: 0, seed: 0 })).toThrow(UsageError);
    expect(() => randomSplit(4, { testFraction: 0.5, seed: 0, groups: ['a'] })).toThrow(
      'needed 4 group names',
    );
  });
});
