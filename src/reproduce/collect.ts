/** From the files of finished stages to the numbers of a reproduction. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BOOTSTRAP_METRICS,
  type BootstrapMetric,
  type Interval,
  meanDefined,
  percentileInterval,
} from '../eval/index.ts';
import type { CohortBenchmark } from '../pipeline/index.ts';
import { RANDOM_SPLIT, readReplicates } from './benchmark-stage.ts';
import { type Differences, type JudgedClaim, judgeClaims, signOf } from './claims.ts';
import type { RunData } from './data.ts';
import type { ReproduceOptions } from './options.ts';
import {
  type Draws,
  difference,
  drawSeedsAndFolds,
  resampledDrop,
  resampledMean,
  type SeededFolds,
} from './resamples.ts';
import { PAPER_NAMES, SCALES } from './scales.ts';
import { highDifference, type MeanSpectra, meanSpectra } from './spectra.ts';
import type { SpectraResult } from './spectra-stage.ts';
import { evidence, MAX_UNDEFINED } from './verdicts.ts';

/** A mean with its spread and interval. */
export interface Score {
  readonly mean: number;
  /** Population standard deviation over folds of the means over seeds. */
  readonly std: number;
  readonly interval: Interval;
  readonly perSeed: readonly number[];
}

export type Scores = Readonly<Record<BootstrapMetric, Score>>;

export interface BackboneResult {
  readonly name: string;
  readonly paperName: string;
  readonly random: Scores;
  readonly heldOut: Scores;
  /** Interval: NaN where too many resamples have no drop. */
  readonly drop: Readonly<Record<BootstrapMetric, { readonly percent: number; readonly interval: Interval }>>;
  /** Mean PCC of the genes of each driver; only for a generated cohort. */
  readonly drivers: readonly {
    readonly driver: string;
    readonly genes: number;
    readonly random: number;
    readonly heldOut: number;
  }[];
  readonly spectra: MeanSpectra;
}

export interface Reproduction {
  readonly kind: 'reproduction';
  readonly heldOutBy: string;
  readonly groups: number;
  readonly sections: number;
  readonly spots: number;
  readonly seeds: number;
  readonly backbones: readonly BackboneResult[];
  readonly claims: readonly JudgedClaim[];
}

interface Loaded {
  readonly random: SeededFolds;
  readonly heldOut: SeededFolds;
  readonly runs: readonly CohortBenchmark[];
  readonly spectra: readonly SpectraResult[];
}

const readJson = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, 'utf8')) as T;

async function load(options: ReproduceOptions, name: string, heldOut: string): Promise<Loaded> {
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const folder = (kind: string, seed: number) => join(options.out, kind, name, `seed-${seed}`);
  const runs: CohortBenchmark[] = [];
  const spectra: SpectraResult[] = [];
  for (const seed of seeds) {
    runs.push(await readJson(join(folder('benchmark', seed), 'result.json')));
    spectra.push(await readJson(join(folder('frequency', seed), 'spectra.json')));
  }
  const replicates = seeds.map((seed) => readReplicates(folder('benchmark', seed)));
  const of = (split: string): SeededFolds => {
    const folds = runs.map((run) => run.splits.find((one) => one.name === split)!.folds);
    return {
      // JSON has null for what is not defined.
      values: folds.map((all) =>
        all.map(({ scores }) => {
          const entries = BOOTSTRAP_METRICS.map((m) => [m, scores[m] ?? Number.NaN]);
          return Object.fromEntries(entries) as Record<BootstrapMetric, number>;
        }),
      ),
      replicates: folds.map((all, s) => all.map((fold) => replicates[s]!.get(`${split}/${fold.name}`)!)),
    };
  };
  return { random: of(RANDOM_SPLIT), heldOut: of(heldOut), runs, spectra };
}

function scoresOf(folds: SeededFolds, draws: Draws): Scores {
  const entries = BOOTSTRAP_METRICS.map((metric): [BootstrapMetric, Score] => {
    const { value, resamples } = resampledMean(folds, metric, draws);
    const overSeeds = folds.values[0]!.map((_, f) =>
      meanDefined(folds.values.map((seed) => seed[f]![metric])),
    );
    const std = Math.sqrt(meanDefined(overSeeds.map((v) => (v - value) ** 2)));
    const perSeed = folds.values.map((seed) => meanDefined(seed.map((fold) => fold[metric])));
    return [metric, { mean: value, std, interval: percentileInterval(resamples), perSeed }];
  });
  return Object.fromEntries(entries) as Record<BootstrapMetric, Score>;
}

function driverMeans(runs: readonly CohortBenchmark[], heldOut: string, { drivers }: RunData) {
  if (drivers === undefined) return [];
  const driverOf = new Map(drivers.genes.map(({ name, driver }) => [name, driver]));
  const mean = (split: string, driver: string) =>
    meanDefined(
      runs.map((run) =>
        meanDefined(
          run.splits
            .find(({ name }) => name === split)!
            .folds.map(({ genes, perGene }) =>
              meanDefined(
                genes.flatMap((gene, g) =>
                  driverOf.get(gene) === driver ? [perGene.pcc[g] ?? Number.NaN] : [],
                ),
              ),
            ),
        ),
      ),
    );
  return (['low', 'high'] as const).map((driver) => ({
    driver,
    genes: drivers.genes.filter((gene) => gene.driver === driver).length,
    random: mean(RANDOM_SPLIT, driver),
    heldOut: mean(heldOut, driver),
  }));
}

const label = (what: string, a: string, b: string) => `${what}, ${PAPER_NAMES[a]} - ${PAPER_NAMES[b]}`;
const METRIC_WORDS: Readonly<Record<BootstrapMetric, string>> = {
  pcc: 'PCC',
  pccTop: 'PCC-10',
  mse: 'MSE',
  mae: 'MAE',
  r2: 'R2',
};

function differencesOf(
  loaded: ReadonlyMap<string, Loaded>,
  draws: { readonly random: Draws; readonly heldOut: Draws },
  about: Pick<Differences, 'seeds' | 'groups'> & { readonly resamples: number },
): Differences {
  const mean = (name: string, metric: BootstrapMetric, split: 'random' | 'heldOut') =>
    resampledMean(loaded.get(name)![split], metric, draws[split]);
  const drop = (name: string, metric: BootstrapMetric) =>
    resampledDrop(mean(name, metric, 'random'), mean(name, metric, 'heldOut'), metric);
  return {
    backbones: [...loaded.keys()],
    seeds: about.seeds,
    groups: about.groups,
    score: (a, b, metric, split) => {
      const side = split === 'random' ? 'random' : 'heldOut';
      const both = difference(mean(a, metric, side), mean(b, metric, side));
      const better =
        signOf(metric) > 0 ? label(METRIC_WORDS[metric], a, b) : label(METRIC_WORDS[metric], b, a);
      return evidence(better, both, signOf(metric));
    },
    drop: (a, b, metric) =>
      evidence(
        label(`drop of ${METRIC_WORDS[metric]} in %`, b, a),
        difference(drop(b, metric), drop(a, metric)),
      ),
    highFrequency: (a, b) =>
      evidence(
        label('high-frequency log amplitude', b, a),
        highDifference(loaded.get(a)!.spectra, loaded.get(b)!.spectra, about.resamples),
      ),
  };
}

/** Reads every finished stage and judges the claims; the same files give the same numbers. */
export async function collect(options: ReproduceOptions, data: RunData): Promise<Reproduction> {
  const { facts } = data;
  const { resamples } = SCALES[options.scale];
  const loaded = new Map<string, Loaded>();
  for (const name of options.backbones) loaded.set(name, await load(options, name, facts.heldOut));
  const first = [...loaded.values()][0]!;
  const draws = {
    random: drawSeedsAndFolds(resamples, options.seeds, first.random.values[0]!.length, RANDOM_SPLIT),
    heldOut: drawSeedsAndFolds(resamples, options.seeds, first.heldOut.values[0]!.length, facts.heldOut),
  };
  const backbones = [...loaded].map(([name, one]): BackboneResult => {
    const drops = BOOTSTRAP_METRICS.map((metric) => {
      const [random, heldOut] = [
        resampledMean(one.random, metric, draws.random),
        resampledMean(one.heldOut, metric, draws.heldOut),
      ];
      const { value, resamples: all } = resampledDrop(random, heldOut, metric);
      const gaps = all.filter(Number.isNaN).length / all.length;
      const known = gaps > MAX_UNDEFINED ? [] : all;
      return [metric, { percent: value, interval: percentileInterval(known) }];
    });
    return {
      name,
      paperName: PAPER_NAMES[name] ?? name,
      random: scoresOf(one.random, draws.random),
      heldOut: scoresOf(one.heldOut, draws.heldOut),
      drop: Object.fromEntries(drops),
      drivers: driverMeans(one.runs, facts.heldOut, data),
      spectra: meanSpectra(one.spectra),
    };
  });
  const differences = differencesOf(loaded, draws, { seeds: options.seeds, groups: facts.groups, resamples });
  return {
    kind: 'reproduction',
    heldOutBy: facts.heldOut,
    groups: facts.groups,
    sections: facts.sections,
    spots: facts.spots,
    seeds: options.seeds,
    backbones,
    claims: judgeClaims(differences),
  };
}
