/** Published ways to run the expression benchmark, under names. */
import type { GeneMethod } from '../spatial/index.ts';
import type { UndefinedPolicy } from './metrics.ts';
import type { SplitName } from './split-plan.ts';

/** The choices on which published numbers differ. */
export interface ExpressionSettings {
  readonly genes: GeneMethod;
  readonly geneCount: number;
  readonly geneScope: 'train' | 'all';
  readonly pca: number | 'auto' | 'none';
  readonly alpha: number | 'hest' | 'cv';
  readonly intercept: boolean;
  /** Undefined: the split that fits the cohort. */
  readonly split: readonly SplitName[] | undefined;
  /** Of random splits. */
  readonly folds: number;
  readonly undefinedAs: UndefinedPolicy;
}

export const PRESET_NAMES = ['default', 'hest-readme', 'hest-table', 'mvhybrid'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

const HEST: ExpressionSettings = {
  genes: 'hvg',
  geneCount: 50,
  geneScope: 'all',
  pca: 256,
  alpha: 'hest',
  intercept: false,
  split: ['patient'],
  folds: 10,
  undefinedAs: 'propagate',
};

/**
 * - `default`: nothing of a test side is seen before scoring, a constant per gene, PCA of 256 or as many as fit;
 * - `hest-readme`: HEST-Benchmark as its README and code run it, PCA to 256;
 * - `hest-table`: the same on all features, as in the table of its paper (A13);
 * - `mvhybrid`: HEST-Extended of arXiv:2508.00383: 200 genes, ridge on all features, 10 random folds of sections
 *   beside leave-one-study-out.
 *
 * @source github.com/mahmoodlab/HEST; README of the MV_Hybrid repository (which names no PCA and no intercept).
 */
export const EXPRESSION_PRESETS: Readonly<Record<PresetName, ExpressionSettings>> = {
  default: {
    ...HEST,
    geneScope: 'train',
    pca: 'auto',
    intercept: true,
    split: undefined,
    undefinedAs: 'skip',
  },
  'hest-readme': HEST,
  'hest-table': { ...HEST, pca: 'none' },
  mvhybrid: {
    ...HEST,
    geneCount: 200,
    pca: 'none',
    split: ['random-sections', 'study'],
    undefinedAs: 'skip',
  },
};

/** Settings of a run, and which of them were given beside the preset. */
export interface ChosenSettings {
  readonly preset: PresetName;
  readonly settings: ExpressionSettings;
  /** `geneCount 100 instead of 50`, one per setting that differs from the preset. */
  readonly overrides: readonly string[];
}

const shown = (value: unknown) =>
  Array.isArray(value) ? value.join(',') : String(value ?? 'fitting the cohort');

/** A preset with the settings that a user gave himself; those win. */
export function choosePreset(preset: PresetName, given: Partial<ExpressionSettings>): ChosenSettings {
  const base = EXPRESSION_PRESETS[preset];
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  const overrides = known.flatMap(([key, value]) => {
    const before = shown(base[key as keyof ExpressionSettings]);
    return before === shown(value) ? [] : [`${key} ${shown(value)} instead of ${before}`];
  });
  return { preset, settings: { ...base, ...Object.fromEntries(known) }, overrides };
}
