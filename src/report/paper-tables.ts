/**
 * The published numbers, to stand beside a run's own. Mean and standard deviation over folds; which of the two
 * standard deviations is not stated there.
 *
 * @source README of the MV_Hybrid repository; arXiv:2508.00383, PMLR 316:116-138.
 */

export const PAPER_METRICS = ['pcc', 'pccTop', 'mse', 'mae'] as const;
export type PaperMetric = (typeof PAPER_METRICS)[number];

/** [mean, standard deviation] */
export type Published = readonly [mean: number, std: number];
export type PublishedScores = Readonly<Record<PaperMetric, Published>>;

/** HEST-Benchmark, colorectal tasks: 8 samples of 4 patients, one fold per patient, 50 HVG. */
export const HEST_BENCHMARK: Readonly<Record<string, PublishedScores>> = {
  ViM_EinFFT: { pcc: [0.397, 0.065], pccTop: [0.685, 0.069], mse: [5.956, 1.985], mae: [1.896, 0.332] },
  Hydra_EinFFT: { pcc: [0.404, 0.064], pccTop: [0.692, 0.067], mse: [5.781, 1.674], mae: [1.879, 0.27] },
  ViT_12: { pcc: [0.415, 0.055], pccTop: [0.72, 0.097], mse: [5.392, 2.064], mae: [1.807, 0.355] },
  ViT_24: { pcc: [0.365, 0.042], pccTop: [0.664, 0.08], mse: [5.822, 1.834], mae: [1.869, 0.285] },
  Hydra_Hybrid: { pcc: [0.415, 0.069], pccTop: [0.688, 0.082], mse: [5.618, 2.157], mae: [1.824, 0.386] },
  MV_Hybrid: { pcc: [0.46, 0.082], pccTop: [0.747, 0.082], mse: [5.011, 1.478], mae: [1.748, 0.265] },
};

export interface ExtendedRow {
  readonly random: PublishedScores;
  readonly loso: PublishedScores;
  /** As printed, in percent. */
  readonly drop: Readonly<Record<PaperMetric, number>>;
}

export type ExtendedTable = Readonly<Record<'MV_Hybrid' | 'ViT_12', ExtendedRow>>;

/** HEST-Extended: 54 colorectal samples of 8 studies, 200 genes, 10 random folds against leave-one-study-out. */
export const HEST_EXTENDED: Readonly<Record<'HVG' | 'HMHVG', ExtendedTable>> = {
  HVG: {
    MV_Hybrid: {
      random: { pcc: [0.214, 0.122], pccTop: [0.564, 0.129], mse: [0.594, 0.283], mae: [0.488, 0.12] },
      loso: { pcc: [0.138, 0.102], pccTop: [0.386, 0.175], mse: [0.881, 0.671], mae: [0.614, 0.281] },
      drop: { pcc: 35.5, pccTop: 31.5, mse: 48.2, mae: 25.9 },
    },
    ViT_12: {
      random: { pcc: [0.21, 0.146], pccTop: [0.555, 0.143], mse: [0.593, 0.24], mae: [0.488, 0.101] },
      loso: { pcc: [0.097, 0.108], pccTop: [0.349, 0.174], mse: [1.003, 0.642], mae: [0.674, 0.265] },
      drop: { pcc: 53.7, pccTop: 37.2, mse: 69.2, mae: 38.1 },
    },
  },
  HMHVG: {
    MV_Hybrid: {
      random: { pcc: [0.393, 0.162], pccTop: [0.62, 0.116], mse: [4.542, 1.454], mae: [1.776, 0.337] },
      loso: { pcc: [0.212, 0.166], pccTop: [0.454, 0.168], mse: [5.889, 4.161], mae: [1.957, 0.853] },
      drop: { pcc: 46.0, pccTop: 26.8, mse: 29.7, mae: 10.2 },
    },
    ViT_12: {
      random: { pcc: [0.373, 0.212], pccTop: [0.605, 0.142], mse: [4.581, 1.344], mae: [1.78, 0.293] },
      loso: { pcc: [0.11, 0.203], pccTop: [0.377, 0.182], mse: [7.123, 5.225], mae: [2.174, 0.923] },
      drop: { pcc: 70.6, pccTop: 37.6, mse: 55.5, mae: 22.1 },
    },
  },
};
