/** The choices of a run in words. */
import { basename } from 'node:path';
import { randomFolds } from './benchmark-stage.ts';
import { type CohortFacts, GENERATED, generatedOptions } from './data.ts';
import type { ReproduceOptions } from './options.ts';
import { pretrainConfig } from './pretrain-stages.ts';
import { SCALES } from './scales.ts';

/** Names and values. */
export function protocolOf(options: ReproduceOptions, facts: CohortFacts): (readonly [string, string])[] {
  const scale = SCALES[options.scale];
  const { probe } = scale;
  const { ssl, epochLength } = pretrainConfig(options, options.backbones[0]!, 0, { files: ['patches'] });
  const { epochs, epochSteps } = ssl.schedule;
  const length =
    epochLength === 'given' ? `${epochs * epochSteps} steps` : `${epochs} passes over the patches`;
  const generated = options.data === GENERATED;
  return [
    ['scale', `${scale.name}: ${scale.about}`],
    ['data', generated ? `generated: ${JSON.stringify(generatedOptions(options))}` : basename(options.data)],
    ...options.backbones.map((name) => [name, JSON.stringify(scale.options(name))] as const),
    ['seeds', `0 to ${options.seeds - 1}: weights, order, crops and masks; the same for all backbones`],
    [
      'pretraining',
      `${length} of DINOv2 in batches of ${ssl.batch}, the published recipe with ${JSON.stringify({ crops: ssl.crops, schedule: ssl.schedule, dinoHead: ssl.dinoHead })}`,
    ],
    [
      'pretraining patches',
      options.pictures === undefined
        ? `the ${facts.spots} patches of the cohort, ${scale.pretraining.patchUm} um at ${scale.pretraining.sizePx} px: test groups too, without their genes`
        : basename(options.pictures),
    ],
    [
      'evaluation patch',
      `${scale.evaluation.patchUm} um at ${scale.evaluation.sizePx} px, features ${options.features} for all backbones`,
    ],
    [
      'genes',
      generated
        ? 'all genes with a driver'
        : `${scale.geneCount} highly variable genes of ${probe.geneScope === 'train' ? 'the training sections of each fold' : 'all sections'}`,
    ],
    [
      'regression',
      `ridge on ln(1 + count), penalty ${probe.alpha === 'cv' ? 'by nested cross-validation over training groups' : 'by the HEST rule'}, ${probe.pca === 'none' ? 'no PCA' : 'PCA of at most 256'}, ${probe.intercept ? 'a constant per gene' : 'no constant'}`,
    ],
    ['random split', `${randomFolds(options, facts.sections)}-fold over sections, seed 0`],
    ['held-out split', `every ${facts.heldOut} once, ${facts.groups} folds`],
    ['intervals', `95 % percentile, ${scale.resamples} resamples of seeds, folds and blocks of 500 um`],
  ];
}

/** What stands at the top of the page. */
export function warningsOf(options: ReproduceOptions): string[] {
  const { scale, data } = options;
  return [
    ...(scale === 'paper'
      ? []
      : [
          `Scale ${scale}: backbones, patches and pretraining are far smaller than the paper's. A verdict here says whether the claim shows at this scale, on this data, and no more.`,
        ]),
    ...(data === GENERATED ? ['The cohort is generated: no verdict on it is evidence about tissue.'] : []),
  ];
}
