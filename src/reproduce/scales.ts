/** How large a reproduction is: sizes of the six backbones, patches, recipe and generated cohort. */
import type { BackboneOptions } from '../backbones/index.ts';
import type { SyntheticCohortOptions } from '../synthetic/index.ts';
import { PRESETS } from '../train/index.ts';

/** The paper's six, by the names of the registry, with their names in the paper's tables. */
export const PAPER_NAMES: Readonly<Record<string, string>> = {
  'mv-hybrid': 'MV_Hybrid',
  'vit-12': 'ViT_12',
  'vit-24': 'ViT_24',
  'vim-einfft': 'ViM_EinFFT',
  'hydra-einfft': 'Hydra_EinFFT',
  'hydra-hybrid': 'Hydra_Hybrid',
};
export const SIX_BACKBONES = Object.keys(PAPER_NAMES);

export const SCALE_NAMES = ['tiny', 'small', 'paper'] as const;
export type ScaleName = (typeof SCALE_NAMES)[number];

type Plain = { readonly [key: string]: unknown };

/** A square patch around a spot. */
export interface PatchSize {
  readonly patchUm: number;
  readonly sizePx: number;
}

export interface Scale {
  readonly name: ScaleName;
  /** One sentence for reports. */
  readonly about: string;
  /** Where a backbone differs from its full size. */
  readonly options: (backbone: string) => BackboneOptions;
  /** What pretraining is given. */
  readonly pretraining: PatchSize;
  /** What the frozen encoder is given. */
  readonly evaluation: PatchSize & { readonly batch: number };
  /** `ssl` of a run file, without the seed. */
  readonly ssl: Plain;
  readonly checkpointSteps: number;
  /** Highly variable genes of a cohort that brings no list of its own. */
  readonly geneCount: number;
  readonly probe: {
    readonly alpha: 'hest' | 'cv';
    readonly intercept: boolean;
    readonly pca: 'auto' | 'none';
    /** Sections that the choice of genes sees. */
    readonly geneScope: 'train' | 'all';
  };
  readonly folds: number;
  readonly resamples: number;
  /** Pictures per section for the spectra. */
  readonly spectrumPictures: number;
  /** Images per step at which calibration measures; the step's time is then scaled to the whole batch. */
  readonly calibrationBatch: number;
  readonly cohort: Omit<SyntheticCohortOptions, 'seed'>;
}

/** Width and heads as given, the paper's depth divided by `divisor`; LayerScale off for the ViTs. */
function reduced(width: number, heads: number, divisor: number, hydra: Plain): Scale['options'] {
  const deep = { width, depth: 24 / divisor };
  const all: Readonly<Record<string, BackboneOptions>> = {
    'mv-hybrid': { ...deep, heads },
    'vit-12': { width, depth: 12 / divisor, heads, layerScale: null },
    'vit-24': { ...deep, heads, layerScale: null },
    'vim-einfft': deep,
    'hydra-einfft': { ...deep, hydra },
    'hydra-hybrid': { ...deep, heads, hydra },
  };
  return (backbone) => all[backbone] ?? {};
}

const LAYER_SCALE =
  'The ViTs have no LayerScale here: its published start, 1e-5, would hold them near the identity in so few steps.';

const TINY: Scale = {
  name: 'tiny',
  about: `Width 96 and a sixth of every depth, so ViT_12 has 2 blocks and the other five 4 (halves of 2 where they are hybrids), with the mixers, EinFFT and class token of the full models; 3 attention heads; Hydra with state 16. ${LAYER_SCALE}`,
  options: reduced(96, 3, 6, { states: 16 }),
  pretraining: { patchUm: 100, sizePx: 96 },
  evaluation: { patchUm: 100, sizePx: 96, batch: 32 },
  ssl: {
    batch: 16,
    crops: { globalPx: 96, localPx: 48, locals: 4 },
    dinoHead: { prototypes: 256, hidden: 192, bottleneck: 64 },
    ibotHead: { prototypes: 256, hidden: 192, bottleneck: 64 },
    schedule: {
      epochs: 6,
      epochSteps: 10,
      learningRate: 0.001,
      scaling: 'none',
      warmupEpochs: 1,
      teacherTemperatureEpochs: 2,
      freezeLastLayerEpochs: 1,
      teacherMomentum: [0.98, 1],
    },
  },
  checkpointSteps: 20,
  geneCount: 50,
  probe: { alpha: 'cv', intercept: true, pca: 'auto', geneScope: 'train' },
  folds: 6,
  resamples: 1000,
  spectrumPictures: 16,
  calibrationBatch: 16,
  cohort: { studies: 6, patientsPerStudy: 2, spotsPerSection: 40, mpp: 0.9, drivers: true },
};

const SMALL: Scale = {
  ...TINY,
  name: 'small',
  about: `The preset small of \`pretrain\`: width 192, a third of every depth, 3 heads. ${LAYER_SCALE}`,
  options: reduced(192, 3, 3, {}),
  pretraining: { patchUm: 112, sizePx: PRESETS.small.patches.sizePx },
  evaluation: { patchUm: 112, sizePx: 128, batch: 32 },
  ssl: PRESETS.small.ssl,
  checkpointSteps: PRESETS.small.run.checkpointSteps,
  folds: 10,
  calibrationBatch: 8,
  cohort: { ...TINY.cohort, studies: 8, patientsPerStudy: 3, spotsPerSection: 120 },
};

const PAPER: Scale = {
  name: 'paper',
  about:
    "The paper's sizes and recipe: 24 blocks of width 384 (ViT_12: 12), 256 px patches. The published batch of 1536 was 24 processes of 64; one process here has 64.",
  options: () => ({}),
  pretraining: { patchUm: 128, sizePx: 256 },
  evaluation: { patchUm: 112, sizePx: 224, batch: 16 },
  ssl: {},
  checkpointSteps: PRESETS.paper.run.checkpointSteps,
  geneCount: 200,
  // The preset mvhybrid of `benchmark expression`.
  probe: { alpha: 'hest', intercept: false, pca: 'none', geneScope: 'all' },
  folds: 10,
  resamples: 1000,
  spectrumPictures: 64,
  calibrationBatch: 2,
  cohort: { studies: 8, patientsPerStudy: 4, spotsPerSection: 300, mpp: 0.5, drivers: true },
};

export const SCALES: Readonly<Record<ScaleName, Scale>> = { tiny: TINY, small: SMALL, paper: PAPER };
