/** Zero-shot retrieval of tissue classes, in both directions that the literature calls so. */
import { type Matrix, matrixRow } from '../../core/matrix.ts';
import { ShapeError } from '../../errors.ts';
import { checkCodes, classCounts } from '../classification/labels.ts';
import { nearestByProduct, requireFinite, unitRows } from '../numeric/index.ts';
import { definedOrNull } from '../results/index.ts';
import { classPrototypes, type LabelledPatches } from './prototypes.ts';
import { averagePrecisionOfList, hitAt, majorityAt, precisionAt } from './ranking-scores.ts';
import type { AtK, ClassRetrieval, RetrievalResult } from './result.ts';
import { cardOf, type RetrievalOptions, settings } from './retrieval-card.ts';

function checkGallery(support: LabelledPatches, gallery: LabelledPatches, classCount: number): void {
  if (gallery.features.rows === 0 || gallery.features.cols !== support.features.cols) {
    throw new ShapeError('retrieval', {
      need: `gallery patches with ${support.features.cols} features, as the support`,
      found: `${gallery.features.rows} patches of ${gallery.features.cols}`,
    });
  }
  checkCodes('retrieval', gallery.codes, gallery.features.rows, classCount);
  requireFinite('retrieval', 'gallery features', gallery.features);
}

/** Mean of the defined values; null for none. */
function meanOf(values: readonly (number | null)[]): number | null {
  const defined = values.filter((v) => v !== null);
  return defined.length === 0 ? null : defined.reduce((sum, v) => sum + v, 0) / defined.length;
}

const atEach = (ks: readonly number[], value: (k: number, i: number) => number | null): AtK[] =>
  ks.map((k, i) => ({ k, value: value(k, i) }));

/** Means over rows of the per-class table. */
function meanOverClasses(
  perClass: readonly ClassRetrieval[],
  ks: readonly number[],
): RetrievalResult['mean'] {
  return {
    accuracy: atEach(ks, (_, i) => meanOf(perClass.map((row) => row.accuracy[i]!.value))),
    precision: atEach(ks, (_, i) => meanOf(perClass.map((row) => row.precision[i]!.value))),
    majority: meanOf(perClass.map((row) => row.majority)),
    map: meanOf(perClass.map((row) => row.averagePrecision)),
  };
}

/** Similarity of every gallery patch to one unit vector. */
function similarities(gallery: Matrix<Float64Array>, vector: Float64Array): Float64Array {
  return Float64Array.from({ length: gallery.rows }, (_, r) => {
    const row = matrixRow(gallery, r);
    let sum = 0;
    for (let c = 0; c < row.length; c++) sum += row[c]! * vector[c]!;
    return sum;
  });
}

/**
 * Ranks the gallery by cosine similarity to each class's prototype: one query per class. The means are over the
 * classes that have support and gallery patches.
 *
 * @param support patches the prototypes are made of, e.g. of NCT-CRC-HE-100K.
 * @param gallery patches to find, e.g. of CRC-VAL-HE-7K.
 * @throws ShapeError or DataError for tables that cannot be used; UsageError for unusable K.
 * @source the prototype retrieval of MV_Hybrid, arXiv:2508.00383 (the reading with prototypes as queries).
 */
export function prototypeToPatch(
  support: LabelledPatches,
  gallery: LabelledPatches,
  classes: readonly string[],
  options: RetrievalOptions = {},
): RetrievalResult {
  const set = settings(options);
  checkGallery(support, gallery, classes.length);
  const prototypes = classPrototypes(support, classes.length, set.centred);
  const unit = unitRows(gallery.features, prototypes.centre);
  const counts = classCounts(gallery.codes, classes.length);
  const top: number[][] = [];
  const perClass = classes.map((name, k): ClassRetrieval => {
    const row = { class: name, support: prototypes.counts[k]!, gallery: counts[k]! };
    const none = atEach(set.ks, () => null);
    top.push([]);
    if (row.support === 0 || row.gallery === 0) {
      return { ...row, accuracy: none, precision: none, majority: null, averagePrecision: null };
    }
    const order = byFallingScore(similarities(unit, matrixRow(prototypes.vectors, k)));
    const codes = order.map((i) => gallery.codes[i]!);
    const relevant = codes.map((code) => code === k);
    top[k] = order.slice(0, Math.max(...set.ks));
    return {
      ...row,
      accuracy: atEach(set.ks, (depth) => hitAt(relevant, depth)),
      precision: atEach(set.ks, (depth) => definedOrNull(precisionAt(relevant, depth))),
      majority: majorityAt(codes, set.majorityK, classes.length) === k ? 1 : 0,
      averagePrecision: averagePrecisionOfList(relevant),
    };
  });
  return {
    card: cardOf('prototype-to-patch', set, perClass, gallery.features.rows, 'gallery'),
    direction: 'prototype-to-patch',
    classes,
    majorityK: set.majorityK,
    perClass,
    mean: meanOverClasses(perClass, set.ks),
    top,
  };
}

/** All positions by falling score, equal ones in order. */
function byFallingScore(scores: Float64Array): number[] {
  return Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/**
 * Looks up every gallery patch in the support by cosine similarity (UNI's way). The means are over patches; per
 * class over its patches.
 *
 * @throws as {@link prototypeToPatch}.
 * @source UNI, Chen et al., Nature Medicine 2024 (Acc@K and MVAcc@5).
 */
export function patchToSupport(
  support: LabelledPatches,
  gallery: LabelledPatches,
  classes: readonly string[],
  options: RetrievalOptions = {},
): RetrievalResult {
  const set = settings(options);
  checkGallery(support, gallery, classes.length);
  const { centre, counts } = classPrototypes(support, classes.length, set.centred);
  const depth = Math.max(...set.ks, set.majorityK);
  const found = nearestByProduct(
    unitRows(gallery.features, centre),
    unitRows(support.features, centre),
    depth,
  );
  const queries = Array.from({ length: gallery.features.rows }, (_, q) => {
    const at = Array.from(found.indices.subarray(q * found.k, (q + 1) * found.k));
    const codes = at.map((i) => support.codes[i]!);
    const own = gallery.codes[q]!;
    const relevant = codes.map((code) => code === own);
    return {
      own,
      at,
      accuracy: set.ks.map((k) => hitAt(relevant, k)),
      precision: set.ks.map((k) => precisionAt(relevant, k)),
      majority: majorityAt(codes, set.majorityK, classes.length) === own ? 1 : 0,
    };
  });
  const summary = (some: typeof queries) => ({
    accuracy: atEach(set.ks, (_, i) => meanOf(some.map((query) => query.accuracy[i]!))),
    precision: atEach(set.ks, (_, i) => meanOf(some.map((query) => query.precision[i]!))),
    majority: meanOf(some.map((query) => query.majority)),
  });
  const perClass = classes.map((name, k): ClassRetrieval => {
    const own = queries.filter((query) => query.own === k);
    return { class: name, support: counts[k]!, gallery: own.length, ...summary(own), averagePrecision: null };
  });
  return {
    card: cardOf('patch-to-support', set, perClass, support.features.rows, 'support'),
    direction: 'patch-to-support',
    classes,
    majorityK: set.majorityK,
    perClass,
    mean: { ...summary(queries), map: null },
    top: queries.map((query) => query.at.slice(0, Math.max(...set.ks))),
  };
}
