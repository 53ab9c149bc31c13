/**
 * Who is trained on and who is tested. All functions work on indices 0..n-1 (of sections, or of spots);
 * index lists are ascending, every index is in exactly one test set unless stated.
 */
import { Rng } from '../core/rng.ts';
import { UsageError } from '../errors.ts';

/** One train/test division. */
export interface Fold {
  /** For tables and file names: `fold 1`, or what is held out. */
  readonly name: string;
  readonly train: readonly number[];
  readonly test: readonly number[];
}

const ascending = (a: number, b: number) => a - b;
const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function foldsFromTests(
  count: number,
  tests: readonly (readonly number[])[],
  names?: readonly string[],
): Fold[] {
  return tests.map((test, i) => {
    const held = new Set(test);
    const train = Array.from({ length: count }, (_, index) => index).filter((index) => !held.has(index));
    return { name: names?.[i] ?? `fold ${i + 1}`, train, test: [...test].sort(ascending) };
  });
}

function checkFolds(operation: string, folds: number, limit: number, what: string): void {
  if (Number.isInteger(folds) && folds >= 2 && folds <= limit) return;
  throw new UsageError(operation, {
    need: `2 to ${limit} folds for ${limit} ${what}`,
    found: `${folds}`,
    next: limit < 2 ? `add ${what}` : `choose a number from 2 to ${limit}`,
  });
}

/** Members of each group, groups in sorted order of their names. */
function groupMembers(groups: readonly string[]): Map<string, number[]> {
  const members = new Map([...new Set(groups)].sort(byCodeUnit).map((name) => [name, [] as number[]]));
  for (const [i, name] of groups.entries()) members.get(name)!.push(i);
  return members;
}

/** Cuts a given order into k runs; the first n % k runs are one longer. */
export function kFoldOfOrder(order: readonly number[], folds: number): Fold[] {
  checkFolds('k-fold', folds, order.length, 'items');
  const base = Math.floor(order.length / folds);
  const longer = order.length % folds;
  const start = (fold: number) => fold * base + Math.min(fold, longer);
  const tests = Array.from({ length: folds }, (_, f) => order.slice(start(f), start(f + 1)));
  return foldsFromTests(order.length, tests);
}

/** The paper's random protocol: k-fold over a seeded shuffle; without a seed, runs of the given order. */
export function kFold(count: number, folds: number, seed?: number): Fold[] {
  const order = Array.from({ length: count }, (_, i) => i);
  return kFoldOfOrder(seed === undefined ? order : new Rng(seed).shuffle(order), folds);
}

/**
 * K-fold that keeps each label's share: per label, test counts of any two folds differ by at most 1, and
 * fold sizes differ by at most 1. With a seed, which item of a label goes where is shuffled.
 *
 * @throws UsageError when a label has fewer items than there are folds.
 */
export function stratifiedKFold(labels: readonly string[], folds: number, seed?: number): Fold[] {
  checkFolds('stratified k-fold', folds, labels.length, 'items');
  const rng = seed === undefined ? undefined : new Rng(seed);
  const tests: number[][] = Array.from({ length: folds }, () => []);
  // Dealing runs on from one label to the next, so that small labels do not all start at fold 1.
  let next = 0;
  for (const [label, members] of groupMembers(labels)) {
    if (members.length < folds) {
      throw new UsageError('stratified k-fold', {
        need: `at least ${folds} items of every label`,
        found: `${members.length} of ${label}`,
        next: `choose at most ${members.length} folds or leave the label out`,
      });
    }
    for (const index of rng?.shuffle([...members]) ?? members) tests[next++ % folds]!.push(index);
  }
  return foldsFromTests(labels.length, tests);
}

/**
 * K-fold that keeps groups (patients, studies) whole: the largest group goes to the lightest fold, and so on.
 * Groups of equal size are taken in reversed name order, as scikit-learn's GroupKFold does; with a seed, shuffled.
 *
 * @throws UsageError when there are fewer groups than folds.
 */
export function groupKFold(groups: readonly string[], folds: number, seed?: number): Fold[] {
  const members = [...groupMembers(groups).values()];
  checkFolds('group k-fold', folds, members.length, 'groups');
  const order = seed === undefined ? members.reverse() : new Rng(seed).shuffle(members);
  const tests: number[][] = Array.from({ length: folds }, () => []);
  for (const group of order.sort((a, b) => b.length - a.length)) {
    tests.reduce((lightest, test) => (test.length < lightest.length ? test : lightest)).push(...group);
  }
  return foldsFromTests(groups.length, tests);
}

/**
 * One fold per group, each held out once and named after it: leave-one-study-out with studies as groups,
 * leave-one-patient-out with patients.
 *
 * @throws UsageError for fewer than two groups.
 */
export function leaveOneGroupOut(groups: readonly string[]): Fold[] {
  const members = groupMembers(groups);
  if (members.size < 2) {
    throw new UsageError('leave one group out', {
      need: 'at least 2 groups',
      found: members.size === 0 ? 'none' : `1 (${[...members.keys()][0]})`,
      next: 'add a group or choose another split',
    });
  }
  return foldsFromTests(groups.length, [...members.values()], [...members.keys()]);
}

/**
 * One seeded division. The test side has ceil(n * testFraction) items, or that many groups when groups are given.
 *
 * @throws UsageError when a side would be empty.
 */
export function randomSplit(
  count: number,
  { testFraction, seed, groups }: { testFraction: number; seed: number; groups?: readonly string[] },
): Fold {
  if (groups !== undefined && groups.length !== count) {
    throw new UsageError('random split', {
      need: `${count} group names, one per item`,
      found: `${groups.length}`,
    });
  }
  const units = groups ? [...groupMembers(groups).values()] : Array.from({ length: count }, (_, i) => [i]);
  const testUnits = Math.ceil(units.length * testFraction);
  if (!(testUnits >= 1 && testUnits < units.length)) {
    throw new UsageError('random split', {
      need: `a test fraction that leaves both sides at least 1 of ${units.length} ${groups ? 'groups' : 'items'}`,
      found: `${testFraction}`,
    });
  }
  const test = new Rng(seed).shuffle(units).slice(0, testUnits).flat();
  return foldsFromTests(count, [test], ['random split'])[0]!;
}

/**
 * HEST-Benchmark's patient folds. Groups are (study, patient) pairs in sorted order. Without `folds`, or with as
 * many folds as groups, each group is held out once. Otherwise groups are gathered in order until a fold holds at
 * least floor(n / folds) sections; this can end in more or fewer folds than asked for.
 *
 * @param sections an absent patient counts as `Patient 1` of its study.
 * @source create_splits of github.com/mahmoodlab/HEST.
 */
export function hestPatientSplit(
  sections: readonly { readonly study: string; readonly patient?: string | undefined }[],
  folds?: number,
): Fold[] {
  const patients = sections.map(({ study, patient }) => ({ study, patient: patient || 'Patient 1' }));
  const keys = patients.map(({ study, patient }) => JSON.stringify([study, patient]));
  const first = new Map(keys.map((key, i) => [key, patients[i]!]));
  const groups = [...first]
    .sort(([, a], [, b]) => byCodeUnit(a.study, b.study) || byCodeUnit(a.patient, b.patient))
    .map(([key, { study, patient }]) => ({ name: `${study}, ${patient}`, members: indicesOf(keys, key) }));
  checkFolds('HEST patient split', folds ?? groups.length, groups.length, 'patients');
  if (folds === undefined || folds === groups.length) {
    const names = groups.map((group) => group.name);
    return foldsFromTests(
      keys.length,
      groups.map((group) => group.members),
      names,
    );
  }
  const enough = Math.floor(keys.length / folds);
  const tests: number[][] = [[]];
  for (const { members } of groups) {
    if (tests.at(-1)!.length >= enough) tests.push([]);
    tests.at(-1)!.push(...members);
  }
  return foldsFromTests(keys.length, tests);
}

function indicesOf(keys: readonly string[], wanted: string): number[] {
  return keys.flatMap((key, i) => (key === wanted ? [i] : []));
}
