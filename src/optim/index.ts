/** Optimisation: schedules, gradients, parameter groups, AdamW. */
export { AdamW, type AdamWOptions, type StepRates } from './adamw.ts';
export { bucketsOf } from './buckets.ts';
export { clearGradients, clipGradients, gradientsOf } from './gradients.ts';
export {
  conventionalNoDecay,
  type GroupOptions,
  layerOf,
  type NameRule,
  type ParameterGroup,
  parameterGroups,
  publishedNoDecay,
} from './parameter-groups.ts';
export {
  type CosineOptions,
  cosineSchedule,
  frozenFor,
  learningRateForBatch,
  linearSchedule,
  type Schedule,
} from './schedules.ts';
