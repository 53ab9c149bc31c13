/** What the expression benchmark's statistics cost: PCA, ridge, scores and intervals, without any encoder. */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Matrix, matrix } from '../core/matrix.ts';
import { Rng } from '../core/rng.ts';
import {
  type ComponentsWish,
  crossValidate,
  drawBlocks,
  groupKFold,
  type ProbeWish,
  replicateScores,
  resolveComponents,
  scoreGenes,
  spatialBlocks,
  summariseGenes,
} from '../eval/index.ts';
import { threadCount } from '../tensor/index.ts';

export interface ProbeBenchOptions {
  /** Default 50,000, in sections of 1,000. */
  readonly spots?: number;
  /** Default 768. */
  readonly features?: number;
  /** Default 200. */
  readonly genes?: number;
  /** Default 10. */
  readonly folds?: number;
  /** Default `auto`: 256. */
  readonly components?: ComponentsWish | undefined;
  /** Default `hest`. */
  readonly alpha?: ProbeWish['alpha'];
  /** Default 1000. */
  readonly resamples?: number;
}

export interface ProbeSpeed {
  readonly options: Required<ProbeBenchOptions>;
  readonly seconds: {
    /** Fitting and predicting all folds. */
    readonly fit: number;
    /** PCC, Spearman, MSE, MAE, R2 of every gene. */
    readonly score: number;
    readonly bootstrap: number;
    readonly total: number;
  };
  /** Largest resident memory of the process so far. */
  readonly peakBytes: number;
  readonly meanPcc: number;
}

const SECTION_SIDE = 32;

/** Features of low rank with noise, and targets that follow some of their directions. */
function generate(spots: number, features: number, genes: number): { x: Matrix; y: Matrix } {
  const rng = new Rng('probe bench');
  const rank = 24;
  const mix = Float64Array.from({ length: rank * features }, () => rng.normal());
  const load = Float64Array.from({ length: rank * genes }, () => rng.normal());
  const x = new Float32Array(spots * features);
  const y = new Float64Array(spots * genes);
  const hidden = new Float64Array(rank);
  for (let i = 0; i < spots; i++) {
    for (let r = 0; r < rank; r++) hidden[r] = rng.normal();
    for (let j = 0; j < features; j++) {
      let sum = 2 * rng.uniform(-1, 1);
      for (let r = 0; r < rank; r++) sum += hidden[r]! * mix[r * features + j]!;
      x[i * features + j] = sum;
    }
    for (let g = 0; g < genes; g++) {
      let sum = 20 * rng.uniform(-1, 1);
      for (let r = 0; r < rank; r++) sum += hidden[r]! * load[r * genes + g]!;
      y[i * genes + g] = sum;
    }
  }
  return { x: matrix(spots, features, x), y: matrix(spots, genes, y) };
}

/** Sections of a thousand spots on a grid of 100 um. */
function sectionsOf(spots: number) {
  const size = SECTION_SIDE * SECTION_SIDE;
  return Array.from({ length: Math.ceil(spots / size) }, (_, s) => ({
    mpp: 1,
    spots: Array.from({ length: Math.min(size, spots - s * size) }, (_, i) => ({
      barcode: `${i}`,
      x: 100 * (i % SECTION_SIDE),
      y: 100 * Math.floor(i / SECTION_SIDE),
    })),
  }));
}

/** Runs one cross-validation over sections and times its parts. */
export function measureProbe(options: ProbeBenchOptions = {}): ProbeSpeed {
  const all: Required<ProbeBenchOptions> = {
    spots: 50_000,
    features: 768,
    genes: 200,
    folds: 10,
    components: 'auto',
    alpha: 'hest',
    resamples: 1000,
    ...options,
  };
  const { x, y } = generate(all.spots, all.features, all.genes);
  const sections = sectionsOf(all.spots);
  const groups = sections.flatMap((section, s) => section.spots.map(() => `section ${s}`));
  const folds = groupKFold(groups, all.folds, 1);
  const blocks = spatialBlocks(sections, 500);
  const components = resolveComponents(all.components, all.features, folds[0]!.train.length);
  const ms = { score: 0, bootstrap: 0 };
  const pccs: number[] = [];
  const start = performance.now();
  crossValidate(
    x,
    folds,
    () => y,
    { alpha: all.alpha, intercept: true, components },
    (result) => {
      const { measured, predicted, fold } = result;
      const scored = performance.now();
      pccs.push(summariseGenes(scoreGenes(measured, predicted), measured.rows).pcc);
      const drawn = performance.now();
      const draws = drawBlocks(fold.test, blocks, all.resamples, fold.name);
      replicateScores(measured, predicted, draws, 'skip');
      ms.score += drawn - scored;
      ms.bootstrap += performance.now() - drawn;
    },
  );
  const total = performance.now() - start;
  return {
    options: all,
    seconds: {
      fit: (total - ms.score - ms.bootstrap) / 1000,
      score: ms.score / 1000,
      bootstrap: ms.bootstrap / 1000,
      total: total / 1000,
    },
    peakBytes: process.resourceUsage().maxRSS * 1024,
    meanPcc: pccs.reduce((sum, v) => sum + v, 0) / pccs.length,
  };
}

/** The line that a benchmark prints: sizes, seconds, memory, machine. */
export function formatProbeSpeed({ options, seconds, peakBytes, meanPcc }: ProbeSpeed): string {
  const { spots, features, genes, folds, components = 'none', alpha, resamples } = options;
  const s = (value: number) => value.toFixed(1);
  return [
    `probe: ${s(seconds.total)} s (fit ${s(seconds.fit)}, scores ${s(seconds.score)}, ${resamples} resamples ${s(seconds.bootstrap)})`,
    `${spots} spots x ${features} features -> ${genes} genes, ${folds} folds, PCA ${components}, alpha ${alpha}`,
    `${(peakBytes / 2 ** 20).toFixed(0)} MiB peak, mean PCC ${meanPcc.toFixed(4)}`,
    `${threadCount()} threads, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`,
  ].join('; ');
}

/** `node dist/bench/probe.js [alpha] [components]` prints one measurement. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [alpha = 'hest', components = 'auto'] = process.argv.slice(2);
  const speed = measureProbe({
    alpha: alpha === 'hest' || alpha === 'cv' ? alpha : Number(alpha),
    components: components === 'none' ? undefined : components === 'auto' ? 'auto' : Number(components),
  });
  process.stdout.write(`${formatProbeSpeed(speed)}\n`);
}
