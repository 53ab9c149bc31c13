/** What the paper claims, and which differences of a run bear on it. */
import { type BootstrapMetric, METRIC_KINDS } from '../eval/index.ts';
import { PAPER_NAMES } from './scales.ts';
import { type Evidence, type Judgement, judge } from './verdicts.ts';

/** The differences of a run, by name; undefined when a backbone is missing. */
export interface Differences {
  readonly backbones: readonly string[];
  readonly seeds: number;
  readonly groups: number;
  /** a - b on one split, above 0 where a is better. */
  readonly score: (a: string, b: string, metric: BootstrapMetric, split: 'random' | 'held out') => Evidence;
  /** Drop of b - drop of a: above 0 where a loses less. */
  readonly drop: (a: string, b: string, metric: BootstrapMetric) => Evidence;
  /** High-frequency log amplitude of attention blocks of b - that of the state-space blocks of a. */
  readonly highFrequency: (a: string, b: string) => Evidence;
}

export interface Claim {
  readonly id: string;
  readonly claim: string;
  /** What the paper prints. */
  readonly published: string;
  readonly needs: readonly string[];
  readonly evidence: (differences: Differences) => readonly Evidence[];
}

/** A claim with this run's answer. */
export interface JudgedClaim extends Judgement {
  readonly id: string;
  readonly claim: string;
  readonly published: string;
  readonly evidence: readonly Evidence[];
}

const MV = 'mv-hybrid';
const others = Object.keys(PAPER_NAMES).filter((name) => name !== MV);

const best = (id: string, metric: BootstrapMetric, words: string, published: string): Claim => ({
  id,
  claim: `MV_Hybrid has the best ${words} on held-out groups of all six backbones`,
  published,
  needs: [MV, ...others],
  evidence: ({ score }) => others.map((other) => score(MV, other, metric, 'held out')),
});

const order = (id: string, claim: string, published: string, pairs: readonly [string, string][]): Claim => ({
  id,
  claim,
  published,
  needs: [...new Set(pairs.flat())],
  evidence: ({ score }) => pairs.map(([a, b]) => score(a, b, 'pcc', 'held out')),
});

const drop = (id: string, metric: BootstrapMetric, words: string, published: string): Claim => ({
  id,
  claim: `From the random split to held-out groups MV_Hybrid loses less ${words} than ViT_12`,
  published,
  needs: [MV, 'vit-12'],
  evidence: (differences) => [differences.drop(MV, 'vit-12', metric)],
});

const STATE_SPACE = [MV, 'vim-einfft', 'hydra-einfft', 'hydra-hybrid'];

export const CLAIMS: readonly Claim[] = [
  drop('drop-pcc', 'pcc', 'PCC', 'drop 35.5 against 53.7 % (HVG), 46.0 against 70.6 % (HMHVG)'),
  drop('drop-pcc10', 'pccTop', 'PCC-10', 'drop 31.5 against 37.2 % (HVG), 26.8 against 37.6 % (HMHVG)'),
  order(
    'held-out-pcc-vit',
    'MV_Hybrid has the higher PCC on held-out groups than ViT_12',
    '0.138 against 0.097 (HVG), 0.212 against 0.110 (HMHVG), 0.460 against 0.415 (HEST-Benchmark)',
    [[MV, 'vit-12']],
  ),
  best('best-pcc', 'pcc', 'PCC', 'HEST-Benchmark 0.460; the next 0.415 (ViT_12 and Hydra_Hybrid)'),
  best('best-pcc10', 'pccTop', 'PCC-10', 'HEST-Benchmark 0.747; the next 0.720 (ViT_12)'),
  best('best-mse', 'mse', 'MSE', 'HEST-Benchmark 5.011; the next 5.392 (ViT_12)'),
  order(
    'hybrid-over-pure',
    'A hybrid with attention beats the same kind of state-space mixer alone',
    'Hydra_Hybrid 0.415 against Hydra_EinFFT 0.404; MV_Hybrid 0.460 against ViM_EinFFT 0.397',
    [
      ['hydra-hybrid', 'hydra-einfft'],
      [MV, 'vim-einfft'],
    ],
  ),
  order(
    'mixer-of-hybrid',
    "In the hybrid, MambaVision's mixer beats Hydra's",
    'MV_Hybrid 0.460 against Hydra_Hybrid 0.415',
    [[MV, 'hydra-hybrid']],
  ),
  order(
    'vit-over-pure',
    'ViT_12 beats the pure state-space backbones',
    'ViT_12 0.415 against ViM_EinFFT 0.397 and Hydra_EinFFT 0.404',
    [
      ['vit-12', 'vim-einfft'],
      ['vit-12', 'hydra-einfft'],
    ],
  ),
  order('depth-of-vit', 'ViT_24 is worse than ViT_12', 'ViT_24 0.365 against ViT_12 0.415', [
    ['vit-12', 'vit-24'],
  ]),
  {
    id: 'frequency',
    claim:
      'State-space blocks hold a lower relative high-frequency log amplitude than the blocks of ViT_12 at the same relative depth',
    published: 'the reason that the paper gives for its mixer; no number in the tables',
    needs: [...STATE_SPACE, 'vit-12'],
    evidence: ({ highFrequency }) => STATE_SPACE.map((name) => highFrequency(name, 'vit-12')),
  },
];

/** +1 where larger is better. */
export function signOf(metric: BootstrapMetric): 1 | -1 {
  return METRIC_KINDS[metric] === 'score' ? 1 : -1;
}

/** Every claim with its verdict. */
export function judgeClaims(differences: Differences): JudgedClaim[] {
  const { backbones, seeds, groups } = differences;
  return CLAIMS.map(({ id, claim, published, needs, evidence: collect }) => {
    const missing = needs.filter((name) => !backbones.includes(name)).map((name) => PAPER_NAMES[name]!);
    const evidence = missing.length > 0 ? [] : collect(differences);
    return { id, claim, published, evidence, ...judge(evidence, { seeds, groups, missing }) };
  });
}
