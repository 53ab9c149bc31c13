/** Mean and spread over folds in a form that survives JSON. */
import { summarise } from '../aggregate.ts';
import { cell } from './result-table.ts';

/** {@link summarise} with null for what is not defined. */
export interface FoldSummary {
  readonly mean: number | null;
  /** Population standard deviation (ddof 0). */
  readonly std: number | null;
  /** Sample standard deviation (ddof 1); null for a single fold. */
  readonly sampleStd: number | null;
  /** Folds that entered the mean, each weighing the same. */
  readonly count: number;
  /** Folds left out because the value was not defined. */
  readonly undefinedCount: number;
}

/** NaN as null, so that JSON keeps the difference to a number. */
export function definedOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Summary of fold values; null values are left out and counted. */
export function summariseDefined(values: readonly (number | null)[]): FoldSummary {
  const { mean, std, sampleStd, count, undefinedCount } = summarise(values.map((v) => v ?? Number.NaN));
  return {
    mean: definedOrNull(mean),
    std: definedOrNull(std),
    sampleStd: definedOrNull(sampleStd),
    count,
    undefinedCount,
  };
}

/** `0.812 ± 0.034`; `n/a` when no fold had a value. */
export function meanAndSpread({ mean, std }: FoldSummary, decimals = 3): string {
  return mean === null ? 'n/a' : `${cell(mean, decimals)} ± ${cell(std, decimals)}`;
}
