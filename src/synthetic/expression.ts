/** Gene counts that depend on the structure under each spot. */
import { Rng } from '../core/rng.ts';
import type { SpotStructure } from './spot-structure.ts';

/** How many genes each programme has. Names are the prefix and a number: EPI001, EPI002, ... */
export interface GeneNumbers {
  /** EPI: follow the area of epithelium. */
  readonly epithelial: number;
  /** STR: follow the area of stroma. */
  readonly stromal: number;
  /** PRO: follow the density of epithelial nuclei. */
  readonly proliferation: number;
  /** IMM: follow the density of lymphocytes. */
  readonly immune: number;
  /** NEC: follow the area of necrosis. */
  readonly necrosis: number;
  /** HKG: well expressed everywhere, not visible in the picture. */
  readonly housekeeping: number;
  /** NOI: weak and without any structure. */
  readonly noise: number;
  /** TEX: follow the strength of fine texture; only cohorts with drivers draw it. Default 0. */
  readonly texture?: number;
}

/** 400 genes, half of them visible in the picture. */
export const DEFAULT_GENES: GeneNumbers = {
  epithelial: 45,
  stromal: 45,
  proliferation: 45,
  immune: 35,
  necrosis: 30,
  housekeeping: 50,
  noise: 150,
};

interface Programme {
  readonly prefix: string;
  readonly count: keyof GeneNumbers;
  /** About 0 where the structure is absent and 1 where it is rich. */
  readonly level: (spot: SpotStructure) => number;
}

const PROGRAMMES: readonly Programme[] = [
  { prefix: 'EPI', count: 'epithelial', level: (spot) => spot.epithelium / 0.6 },
  { prefix: 'STR', count: 'stromal', level: (spot) => spot.stroma },
  { prefix: 'PRO', count: 'proliferation', level: (spot) => spot.epithelialNuclei / 6000 },
  { prefix: 'IMM', count: 'immune', level: (spot) => spot.lymphocytes / 3000 },
  { prefix: 'NEC', count: 'necrosis', level: (spot) => spot.necrosis },
  { prefix: 'HKG', count: 'housekeeping', level: () => 1 },
  { prefix: 'NOI', count: 'noise', level: () => 1 },
  { prefix: 'TEX', count: 'texture', level: ({ fineTexture = 0 }) => fineTexture },
];

/** One gene of the panel. */
export interface Gene {
  readonly name: string;
  /** Mean count of a spot of ordinary depth that is rich in the gene's structure. */
  readonly richMean: number;
  /** Share of `richMean` that is there without the structure. */
  readonly floor: number;
  readonly level: (spot: SpotStructure) => number;
}

/** The gene panel of a cohort: same seed, same genes in all sections. */
export function genePanel(seed: string, numbers: GeneNumbers): Gene[] {
  const rng = new Rng(`${seed}/genes`);
  return PROGRAMMES.flatMap(({ prefix, count, level }) =>
    Array.from({ length: numbers[count] ?? 0 }, (_, i) => {
      const typical = prefix === 'HKG' ? 14 : prefix === 'NOI' ? 0.8 : 5;
      const richMean = typical * Math.exp(rng.normal(0, 0.7));
      return {
        name: `${prefix}${String(i + 1).padStart(3, '0')}`,
        richMean,
        floor: rng.uniform(0.04, 0.15),
        level,
      };
    }),
  );
}

/** Names that decide the random effects: all sections of a study share its effects, of a patient theirs. */
export interface ExpressionSeeds {
  readonly study: string;
  readonly patient: string;
  readonly section: string;
}

/** Dispersion of the negative binomial: variance = mean + DISPERSION * mean^2. */
const DISPERSION = 0.15;

/**
 * Draws counts [spots][genes]: negative binomial around
 * depth(spot) * study(gene) * patient(gene) * richMean * (floor + (1 - floor) * level(spot)).
 * Depth varies log-normally between spots (sd 0.3) and between studies (sd 0.25); the gene effects of
 * study and patient are log-normal with sd 0.3 and 0.1.
 */
export function drawCounts(
  genes: readonly Gene[],
  spots: readonly SpotStructure[],
  seeds: ExpressionSeeds,
): Uint32Array[] {
  const study = new Rng(`${seeds.study}/expression`);
  const patient = new Rng(`${seeds.patient}/expression`);
  const rng = new Rng(`${seeds.section}/expression`);
  const studyDepth = study.normal(0, 0.25);
  const effects = genes.map(() => Math.exp(study.normal(0, 0.3) + patient.normal(0, 0.1)));
  return spots.map((spot) => {
    const depth = Math.exp(studyDepth + rng.normal(0, 0.3));
    return Uint32Array.from(genes, (gene, g) => {
      const present = gene.floor + (1 - gene.floor) * Math.min(1.6, gene.level(spot));
      return negativeBinomial(rng, depth * effects[g]! * gene.richMean * present);
    });
  });
}

/** Poisson with a gamma-distributed mean. */
function negativeBinomial(rng: Rng, mean: number): number {
  return rng.poisson(mean * DISPERSION * gamma(rng, 1 / DISPERSION));
}

/** Gamma number with scale 1 and shape >= 1. @source Marsaglia and Tsang 2000. */
function gamma(rng: Rng, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
