/** From slide vectors to risks: columns scaled, principal components, ridge Cox regression. */
import type { Matrix } from '../../core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../errors.ts';
import { scope, type Tensor, tensor, toFloat64Array } from '../../tensor/index.ts';
import { requireFinite } from '../numeric/index.ts';
import { fitPca, type Pca, pcaScores } from '../pca.ts';
import { fitStandardizer, type Standardizer, standardize } from '../standardizer.ts';
import { type Cox, coxRisks, fitCox } from './cox.ts';
import type { Ties } from './cox-likelihood.ts';
import { checkSurvival, type SurvivalTimes } from './survival-times.ts';

export interface RiskModelOptions {
  /** Principal components; fewer where the training vectors do not span as many. */
  readonly components: number;
  /** Ridge penalty on the components, in units of the first one's deviation. */
  readonly l2: number;
  /** Default `efron`. */
  readonly ties?: Ties;
  /** Scale columns to mean 0 and deviation 1 first; default true. */
  readonly standardize?: boolean;
}

export interface RiskModel {
  readonly inputs: number;
  readonly standardizer: Standardizer | undefined;
  readonly pca: Pca;
  /** Components in use. */
  readonly components: number;
  /** Scores are divided by it, the deviation of the first component, so that l2 has no unit. */
  readonly scale: number;
  readonly cox: Cox;
}

function asTensor({ rows, cols, data }: Matrix): Tensor {
  return tensor(Float64Array.from(data), [rows, cols]);
}

/** Component scores divided by `scale`. */
function scores(x: Tensor, pca: Pca, scale: number): Matrix<Float64Array> {
  const data = toFloat64Array(pcaScores(x, pca)).map((v) => v / scale);
  return { rows: x.size(0), cols: pca.singularValues.length, data };
}

/** Singular values below this share of the first are rounding noise. */
const NOISE = 1e-10;

/**
 * Fits scaling, components and Cox regression on training patients.
 *
 * @param vectors [n, D] finite, one row per patient.
 * @throws UsageError for unusable options; DataError without events or when all vectors are equal.
 */
export function fitRiskModel(vectors: Matrix, survival: SurvivalTimes, options: RiskModelOptions): RiskModel {
  const { components, l2, ties = 'efron', standardize: scaled = true } = options;
  if (!(Number.isInteger(components) && components >= 1)) {
    throw new UsageError('risk model', { need: 'at least 1 component', found: `${components}` });
  }
  checkSurvival('risk model', survival, vectors.rows);
  requireFinite('risk model', 'slide vectors', vectors);
  return scope(() => {
    const raw = asTensor(vectors);
    const standardizer = scaled ? fitStandardizer(raw) : undefined;
    const x = standardizer === undefined ? raw : standardize(raw, standardizer);
    const most = Math.min(components, vectors.rows, vectors.cols);
    const all = fitPca(x, most);
    const first = all.singularValues[0]!;
    const kept = all.singularValues.filter((s) => first > 0 && s > NOISE * first).length;
    if (kept === 0) {
      throw new DataError('risk model', {
        need: 'slide vectors that differ between patients',
        found: `${vectors.rows} equal ones`,
      });
    }
    const pca = kept === most ? all : fitPca(x, kept);
    const scale = Math.sqrt(pca.explainedVariance[0]!);
    const cox = fitCox(scores(x, pca, scale), survival, { ties, l2 });
    return { inputs: vectors.cols, standardizer, pca, components: kept, scale, cox };
  });
}

/**
 * Log hazard ratios of patients; higher means earlier events.
 *
 * @throws ShapeError for vectors of another length.
 */
export function predictRisks(model: RiskModel, vectors: Matrix): Float64Array {
  if (vectors.cols !== model.inputs) {
    throw new ShapeError('risk model', {
      need: `vectors of length ${model.inputs}`,
      found: `${vectors.cols}`,
    });
  }
  if (vectors.rows === 0) return new Float64Array(0);
  requireFinite('risk model', 'slide vectors', vectors);
  return scope(() => {
    const raw = asTensor(vectors);
    const x = model.standardizer === undefined ? raw : standardize(raw, model.standardizer);
    return coxRisks(model.cox, scores(x, model.pca, model.scale));
  });
}
