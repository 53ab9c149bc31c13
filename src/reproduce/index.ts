/** The paper's comparison of six backbones, from pretraining to verdicts, in one resumable run. */
export { CLAIMS, type Claim, type JudgedClaim, judgeClaims } from './claims.ts';
export type { BackboneResult, Reproduction } from './collect.ts';
export { GENERATED } from './data.ts';
export type { OtherTasks, ReproduceOptions } from './options.ts';
export type { PlannedStage } from './plan.ts';
export {
  type Plan,
  planReproduction,
  type ReproductionRun,
  type RunProgress,
  reproduce,
} from './run.ts';
export { SCALE_NAMES, type ScaleName, SIX_BACKBONES } from './scales.ts';
export { type Evidence, judge, RULE, type Verdict } from './verdicts.ts';
