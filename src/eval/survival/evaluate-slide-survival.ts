import { type Matrix, matrixFromRows, matrixRow, selectRows } from '../../core/matrix.ts';
import { Rng } from '../../core/rng.ts';
import { UsageError } from '../../errors.ts';
import type { Fold } from '../splits.ts';
import {
  type BootstrapSettings,
  type CohortTimes,
  checkCohort,
  type FoldVectors,
  runFold,
  summariseRisks,
} from './cross-validate.ts';
import { fitMixture, type Mixture, type MixtureOptions } from './diagonal-mixture.ts';
import { type KMeans, kMeans } from './k-means.ts';
import type { SurvivalResult } from './result.ts';
import type { RiskModelOptions } from './risk-model.ts';
import {
  joinSlides,
  type PantherOptions,
  pantherMixture,
  plainSlideMixture,
  type SlideVectorForm,
  slideVector,
} from './slide-vectors.ts';
import { survivalCard } from './survival-card.ts';

/** One patient with follow-up and the patches of all slides. */
export interface SurvivalPatient {
  readonly id: string;
  readonly time: number;
  readonly event: boolean;
  /** Reads patch features [n, d]; called up to twice per fold, so large cohorts need not fit in memory. */
  load(): Matrix | Promise<Matrix>;
}

/** `panther`: MAP mixture per slide from k-means prototypes. `gmm`: slides seen through one fitted mixture. */
export type SlideVectorMethod =
  | ({ readonly kind: 'panther' } & PantherOptions)
  | ({ readonly kind: 'gmm' } & MixtureOptions);

export interface EvaluateSlideSurvivalOptions {
  readonly method: SlideVectorMethod;
  /** Prototypes or components; default 16. */
  readonly clusters?: number;
  /** Starts of k-means; default 5. */
  readonly inits?: number;
  /** Training patches that prototypes are learned from, drawn evenly from the patients; default 200,000. */
  readonly maxPatches?: number;
  /** Default `allcat`. */
  readonly form?: SlideVectorForm;
  readonly model: RiskModelOptions;
  readonly bootstrap: BootstrapSettings;
  /** Of the patch draw and k-means. */
  readonly seed: number;
}

/** Random patches of the training patients, at most so many of each that `maxPatches` is not exceeded. */
async function trainingPatches(
  patients: readonly SurvivalPatient[],
  train: readonly number[],
  maxPatches: number,
  seed: number,
): Promise<Matrix<Float64Array>> {
  const each = Math.max(1, Math.floor(maxPatches / train.length));
  const parts: Matrix[] = [];
  for (const i of train) {
    const patient = patients[i]!;
    const patches = await patient.load();
    if (patches.rows <= each) parts.push(patches);
    else {
      const order = new Rng(`${seed}/${patient.id}`).shuffle(
        Array.from({ length: patches.rows }, (_, r) => r),
      );
      parts.push(
        selectRows(
          patches,
          order.slice(0, each).sort((a, b) => a - b),
        ),
      );
    }
  }
  return joinSlides(parts);
}

/** Clusters as a mixture: shares, centres, and variances about them, at least a thousandth of the overall one. */
function mixtureOfClusters(patches: Matrix, { centres, labels }: KMeans): Mixture {
  const [k, d] = [centres.rows, centres.cols];
  const counts = new Float64Array(k);
  const spread = new Float64Array(k * d);
  for (let r = 0; r < patches.rows; r++) {
    const c = labels[r]!;
    const [row, centre] = [matrixRow(patches, r), matrixRow(centres, c)];
    counts[c]!++;
    for (let j = 0; j < d; j++) spread[c * d + j]! += (row[j]! - centre[j]!) ** 2;
  }
  const within = spread.reduce((sum, v) => sum + v, 0) / (patches.rows * d);
  const data = spread.map((v, i) =>
    Math.max(v / Math.max(1, counts[Math.floor(i / d)]!), 1e-3 * within || 1),
  );
  return {
    weights: counts.map((n) => n / patches.rows),
    means: centres,
    variances: { rows: k, cols: d, data },
  };
}

/** Learns from the training patients what turns a slide into a vector. */
function learn(patches: Matrix, options: EvaluateSlideSurvivalOptions) {
  const { method, clusters = 16, inits = 5, form = 'allcat', seed } = options;
  const found = kMeans(patches, { clusters, inits, seed });
  const notes = found.converged ? [] : [`k-means had not settled after ${found.iterations} rounds`];
  if (method.kind === 'panther') {
    const { kind: _, ...panther } = method;
    const toVector = (slide: Matrix) => slideVector(pantherMixture(slide, found.centres, panther), form);
    return { toVector, notes, choices: { inertia: found.inertia } };
  }
  const { kind: _, ...settings } = method;
  const { mixture, meanLogLikelihood, converged } = fitMixture(
    patches,
    mixtureOfClusters(patches, found),
    settings,
  );
  if (!converged) notes.push('the mixture had not converged');
  const toVector = (slide: Matrix) => slideVector(plainSlideMixture(slide, mixture), form);
  return { toVector, notes, choices: { inertia: found.inertia, meanLogLikelihood } };
}

async function foldVectors(
  patients: readonly SurvivalPatient[],
  fold: Fold,
  options: EvaluateSlideSurvivalOptions,
): Promise<FoldVectors> {
  const patches = await trainingPatches(patients, fold.train, options.maxPatches ?? 200_000, options.seed);
  const { toVector, notes, choices } = learn(patches, options);
  const vectors = async (side: readonly number[]) => {
    const rows: Float64Array[] = [];
    for (const i of side) rows.push(toVector(await patients[i]!.load()));
    return matrixFromRows(rows);
  };
  const [train, test] = [await vectors(fold.train), await vectors(fold.test)];
  return { train, test, choices: { trainingPatches: patches.rows, ...choices }, notes };
}

/**
 * Unsupervised slide vectors and survival prediction from them, cross-validated: prototypes or mixture,
 * scaling, components and Cox regression are all learned on each fold's training patients alone.
 *
 * @throws UsageError for folds that share patients or unusable options; DataError for unusable patches or times,
 *   or a fold without training events.
 * @source PANTHER, arXiv:2405.11643; the GMM survival task of MV_Hybrid, arXiv:2508.00383.
 */
export async function evaluateSlideSurvival(
  patients: readonly SurvivalPatient[],
  folds: readonly Fold[],
  options: EvaluateSlideSurvivalOptions,
): Promise<SurvivalResult> {
  const {
    method,
    clusters = 16,
    inits = 5,
    maxPatches = 200_000,
    form = 'allcat',
    model,
    bootstrap,
    seed,
  } = options;
  if (!(Number.isInteger(maxPatches) && maxPatches >= clusters)) {
    throw new UsageError('slide survival', {
      need: `maxPatches of at least ${clusters}`,
      found: `${maxPatches}`,
    });
  }
  const cohort: CohortTimes = {
    patients: patients.map((p) => p.id),
    survival: { times: patients.map((p) => p.time), events: patients.map((p) => p.event) },
  };
  checkCohort(cohort, folds);
  const done: ReturnType<typeof runFold>[] = [];
  for (const fold of folds) {
    done.push(runFold(cohort, fold, await foldVectors(patients, fold, options), model));
  }
  const result = summariseRisks(
    done.map((one) => one.fold),
    done.flatMap((one) => one.risks),
    bootstrap,
  );
  const { kind, ...rest } = method;
  const card = survivalCard(cohort, folds, result, {
    task: `survival from slides by ${kind === 'panther' ? 'PANTHER vectors' : 'a Gaussian mixture'}`,
    vectorSteps: [
      `${clusters} clusters of the training patients' patches by k-means (k-means++, best of ${inits} starts)`,
      kind === 'panther'
        ? 'per patient a mixture by maximum a posteriori EM from the cluster centres'
        : 'a diagonal Gaussian mixture fitted to the training patches; per patient its shares, means and variances',
      `slide vector of the form ${form}; all slides of a patient together`,
    ],
    settings: { method: kind, clusters, inits, maxPatches, form, ...rest },
    seeds: { prototypes: seed },
    model,
    bootstrap,
  });
  return { card, ...result };
}
