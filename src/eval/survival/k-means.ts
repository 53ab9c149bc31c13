/** Cluster centres of patches. */
import type { Matrix } from '../../core/matrix.ts';
import { Rng } from '../../core/rng.ts';
import { DataError, UsageError } from '../../errors.ts';
import {
  add,
  indexAdd,
  matmul,
  mulScalar,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
  toFloat64Array,
  transpose,
  unsqueeze,
  zeros,
} from '../../tensor/index.ts';
import { columnMeans, requireFinite } from '../numeric/index.ts';

export interface KMeansOptions {
  readonly clusters: number;
  /** Independent starts, the best of which counts; default 5. */
  readonly inits?: number;
  /** Rounds per start at most; default 100. */
  readonly maxIterations?: number;
  readonly seed: number;
}

export interface KMeans {
  /** [clusters, d] */
  readonly centres: Matrix<Float64Array>;
  /** Cluster of every row. */
  readonly labels: Int32Array;
  /** Sum of squared distances to the own centre. */
  readonly inertia: number;
  readonly iterations: number;
  /** True when the last round moved no row. */
  readonly converged: boolean;
  /** Inertia of every start, in order. */
  readonly inertias: readonly number[];
}

/** Rows in native memory, shifted to mean 0, which keeps squared distances exact. */
class Rows {
  readonly n: number;
  readonly d: number;
  readonly mean: Float64Array;
  readonly x: Tensor;
  /** Squared lengths. */
  readonly squares: Float64Array;
  readonly data: Float64Array;

  constructor(m: Matrix) {
    [this.n, this.d] = [m.rows, m.cols];
    this.mean = columnMeans(m);
    this.data = Float64Array.from(m.data, (v, i) => v - this.mean[i % m.cols]!);
    this.x = tensor(this.data, [m.rows, m.cols]);
    this.squares = scope(() => toFloat64Array(sum(square(this.x), [1])));
  }

  /** Squared distances [n, k] to the centres [k, d], row-major. */
  distances(centres: Float64Array): Float64Array {
    return scope(() => {
      const c = tensor(centres, [centres.length / this.d, this.d]);
      const products = mulScalar(matmul(this.x, transpose(c, 0, 1)), -2);
      const own = unsqueeze(tensor(this.squares, [this.n]), 1);
      const table = toFloat64Array(add(add(products, own), unsqueeze(sum(square(c), [1]), 0)));
      for (let i = 0; i < table.length; i++) if (table[i]! < 0) table[i] = 0;
      return table;
    });
  }

  /** Sums of the rows of every cluster, [k, d]. */
  sums(labels: Int32Array, k: number): Float64Array {
    return scope(() => {
      const empty = zeros([k, this.d], { dtype: 'float64' });
      return toFloat64Array(indexAdd(empty, 0, tensor(labels, [this.n]), this.x));
    });
  }

  row(i: number): Float64Array {
    return this.data.subarray(i * this.d, (i + 1) * this.d);
  }
}

/** k-means++: every further centre is a row drawn with a chance proportional to its squared distance. */
function plusPlus(rows: Rows, k: number, rng: Rng): Float64Array {
  const centres = new Float64Array(k * rows.d);
  let nearest: Float64Array | undefined;
  for (let c = 0; c < k; c++) {
    const total = nearest?.reduce((sum, v) => sum + v, 0) ?? 0;
    let chosen = rng.integer(0, rows.n - 1);
    if (nearest !== undefined && total > 0) {
      let rest = rng.uniform() * total;
      chosen = nearest.findIndex((v) => {
        rest -= v;
        return rest < 0;
      });
      if (chosen < 0) chosen = nearest.findLastIndex((v) => v > 0);
    }
    centres.set(rows.row(chosen), c * rows.d);
    const fresh = rows.distances(centres.slice(c * rows.d, (c + 1) * rows.d));
    nearest = nearest?.map((v, i) => Math.min(v, fresh[i]!)) ?? fresh;
  }
  return centres;
}

/** Nearest centre of every row (of equal distances the lowest) and the distance to it. */
function assign(rows: Rows, centres: Float64Array, k: number): { labels: Int32Array; own: Float64Array } {
  const table = rows.distances(centres);
  const labels = new Int32Array(rows.n);
  const own = new Float64Array(rows.n);
  for (let i = 0; i < rows.n; i++) {
    let best = 0;
    for (let c = 1; c < k; c++) if (table[i * k + c]! < table[i * k + best]!) best = c;
    labels[i] = best;
    own[i] = table[i * k + best]!;
  }
  return { labels, own };
}

/** Means of the clusters; an empty one moves to the row farthest from its centre. */
function update(rows: Rows, labels: Int32Array, own: Float64Array, k: number): Float64Array {
  const counts = new Int32Array(k);
  for (const label of labels) counts[label]!++;
  const centres = rows.sums(labels, k);
  const far = Float64Array.from(own);
  for (let c = 0; c < k; c++) {
    if (counts[c]! > 0) {
      for (let d = 0; d < rows.d; d++) centres[c * rows.d + d]! /= counts[c]!;
      continue;
    }
    const farthest = far.reduce((best, v, i) => (v > far[best]! ? i : best), 0);
    centres.set(rows.row(farthest), c * rows.d);
    far[farthest] = -1;
  }
  return centres;
}

function lloyd(rows: Rows, start: Float64Array, k: number, maxIterations: number) {
  let centres = start;
  let { labels, own } = assign(rows, centres, k);
  let [iterations, converged] = [0, false];
  while (iterations < maxIterations && !converged) {
    centres = update(rows, labels, own, k);
    const next = assign(rows, centres, k);
    converged = next.labels.every((label, i) => label === labels[i]);
    ({ labels, own } = next);
    iterations++;
  }
  return { centres, labels, inertia: own.reduce((sum, v) => sum + v, 0), iterations, converged };
}

/**
 * k-means with seeded k-means++ starts and Lloyd's rounds; of equally good starts the first.
 *
 * @param m [n, d] finite, n >= clusters.
 * @throws UsageError for unusable options; DataError for fewer rows than clusters or values that are not finite.
 * @source Arthur and Vassilvitskii 2007 (k-means++).
 */
export function kMeans(m: Matrix, { clusters, inits = 5, maxIterations = 100, seed }: KMeansOptions): KMeans {
  if (![clusters, inits, maxIterations].every((v) => Number.isInteger(v) && v >= 1)) {
    throw new UsageError('k-means', {
      need: 'at least 1 cluster, start and round',
      found: `${clusters}, ${inits}, ${maxIterations}`,
    });
  }
  if (m.rows < clusters) {
    throw new DataError('k-means', { need: `at least ${clusters} rows`, found: `${m.rows}` });
  }
  requireFinite('k-means', 'features', m);
  const rng = new Rng(seed);
  return scope(() => {
    const rows = new Rows(m);
    const runs = Array.from({ length: inits }, () =>
      lloyd(rows, plusPlus(rows, clusters, rng), clusters, maxIterations),
    );
    const best = runs.reduce((a, b) => (b.inertia < a.inertia ? b : a));
    const data = best.centres.map((v, i) => v + rows.mean[i % rows.d]!);
    return {
      ...best,
      centres: { rows: clusters, cols: m.cols, data },
      inertias: runs.map((run) => run.inertia),
    };
  });
}
