/** One vector per slide from its patches and a set of prototypes or a mixture. */
import type { Matrix } from '../../core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../errors.ts';
import { scope } from '../../tensor/index.ts';
import { columnMeans, requireFinite } from '../numeric/index.ts';
import { expectation, type Mixture, mixtureFrom, mixtureRows, moments } from './mixture-steps.ts';

export interface PantherOptions {
  /** Rounds of EM; default 1, as in PANTHER's script. */
  readonly iterations?: number;
  /** Patches that the prior counts for; default 1. */
  readonly tau?: number;
  /** Prior variance of every component and dimension; default 1. */
  readonly eps?: number;
}

function checkSlide(operation: string, patches: Matrix, prototypes: Matrix): void {
  if (patches.rows === 0 || patches.cols !== prototypes.cols || prototypes.rows === 0) {
    throw new ShapeError(operation, {
      need: `patches with ${prototypes.cols} features, as the prototypes`,
      found: `${patches.rows} patches of ${patches.cols}`,
    });
  }
  requireFinite(operation, 'patch features', patches);
}

/**
 * A slide's own mixture by maximum a posteriori EM from the prototypes:
 *
 *   start: pi = 1 / K, mu = m_k, Sigma = eps;
 *   w_k = sum_n r_nk + tau;  pi = w / sum w;  mu = (sum r x + tau m) / w;
 *   Sigma = (sum r x^2 + tau (eps + m^2)) / w - mu^2.
 *
 * @param patches    [n, d] of one slide, or of all slides of a patient.
 * @param prototypes [K, d], e.g. k-means centres of the training patches.
 * @source PANTHER, arXiv:2405.11643.
 */
export function pantherMixture(patches: Matrix, prototypes: Matrix, options: PantherOptions = {}): Mixture {
  const { iterations = 1, tau = 1, eps = 1 } = options;
  if (!(Number.isInteger(iterations) && iterations >= 1 && tau > 0 && eps > 0)) {
    throw new UsageError('PANTHER', {
      need: 'at least one round, tau and eps above 0',
      found: `${iterations}, ${tau}, ${eps}`,
    });
  }
  checkSlide('PANTHER', patches, prototypes);
  const [k, d] = [prototypes.rows, prototypes.cols];
  return scope(() => {
    const rows = mixtureRows(patches, columnMeans(patches));
    const prior = Float64Array.from(prototypes.data, (v, i) => v - rows.centre[i % d]!);
    let mixture = mixtureFrom(
      new Float64Array(k).fill(1 / k),
      prior,
      new Float64Array(k * d).fill(eps),
      rows.centre,
    );
    for (let round = 0; round < iterations; round++) {
      const { mass, first, second } = scope(() => moments(rows, expectation(rows, mixture).responsibilities));
      const w = mass.map((v) => v + tau);
      const total = w.reduce((sum, v) => sum + v, 0);
      const means = first.map((v, i) => (v + tau * prior[i]!) / w[Math.floor(i / d)]!);
      const variances = second.map(
        (v, i) => (v + tau * (eps + prior[i]! ** 2)) / w[Math.floor(i / d)]! - means[i]! ** 2,
      );
      mixture = mixtureFrom(
        w.map((v) => v / total),
        means,
        variances,
        rows.centre,
      );
    }
    return mixture;
  });
}

/** Share of the patches below which a component has no mean of its own on a slide. */
const EMPTY = 1e-9;

/**
 * A slide seen through a mixture that was fitted to all training patches: the share of each component among its
 * patches, and their mean and variance there. One expectation step, no prior; a component that no patch of the
 * slide belongs to has share 0 and keeps the mixture's own mean and variance.
 */
export function plainSlideMixture(patches: Matrix, mixture: Mixture): Mixture {
  checkSlide('slide mixture', patches, mixture.means);
  const d = patches.cols;
  return scope(() => {
    const rows = mixtureRows(patches, columnMeans(patches));
    const { mass, first, second } = moments(rows, expectation(rows, mixture).responsibilities);
    const own = (i: number) => mass[Math.floor(i / d)]! > EMPTY * patches.rows;
    const means = first.map((v, i) =>
      own(i) ? v / mass[Math.floor(i / d)]! : mixture.means.data[i]! - rows.centre[i % d]!,
    );
    const variances = second.map((v, i) =>
      own(i) ? Math.max(0, v / mass[Math.floor(i / d)]! - means[i]! ** 2) : mixture.variances.data[i]!,
    );
    const weights = mass.map((v) => (v > EMPTY * patches.rows ? v / patches.rows : 0));
    return mixtureFrom(weights, means, variances, rows.centre);
  });
}

/**
 * `allcat`: [pi, mu, Sigma], K + 2 K d numbers. `weight_avg_all`: [sum pi mu, sum pi Sigma], 2 d numbers.
 * `proportions`: pi alone, K numbers.
 */
export type SlideVectorForm = 'allcat' | 'weight_avg_all' | 'proportions';

/** A slide's mixture as one vector; components in order, dimensions fastest. */
export function slideVector({ weights, means, variances }: Mixture, form: SlideVectorForm): Float64Array {
  switch (form) {
    case 'allcat':
      return Float64Array.from([...weights, ...means.data, ...variances.data]);
    case 'proportions':
      return Float64Array.from(weights);
    case 'weight_avg_all': {
      const d = means.cols;
      const vector = new Float64Array(2 * d);
      for (let i = 0; i < means.data.length; i++) {
        const weight = weights[Math.floor(i / d)]!;
        vector[i % d]! += weight * means.data[i]!;
        vector[d + (i % d)]! += weight * variances.data[i]!;
      }
      return vector;
    }
  }
}

/**
 * Stacks all patches of a patient's slides.
 *
 * @throws DataError for no slide or slides of different widths.
 */
export function joinSlides(slides: readonly Matrix[]): Matrix<Float64Array> {
  const cols = slides[0]?.cols;
  if (cols === undefined || slides.some((slide) => slide.cols !== cols)) {
    throw new DataError('slides of a patient', {
      need: 'at least one slide, all with the same features',
      found: slides.map((slide) => slide.cols).join(', ') || 'none',
    });
  }
  const rows = slides.reduce((sum, slide) => sum + slide.rows, 0);
  const data = new Float64Array(rows * cols);
  let at = 0;
  for (const slide of slides) {
    data.set(slide.data, at);
    at += slide.data.length;
  }
  return { rows, cols, data };
}
