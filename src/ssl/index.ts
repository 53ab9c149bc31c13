/**
 * Self-supervised pretraining with DINOv2 (DINO + iBOT + KoLeo) of any backbone.
 *
 * @example
 * const model = new DinoV2(() => createBackbone('mv-hybrid'), dinoV2Config({ batch: 16 }));
 * const report = trainStep(model, collate(images, options, stepRandom(0, 'masks', model.step)));
 * const saved = stateOf(model);
 */
export { type Batch, type CollateOptions, type Crops, collate, maskTensors } from './batch.ts';
export { blockMask, type Grid, type MaskRandom } from './block-mask.ts';
export { nextCentre, type RowSum, rowSum, softmaxCentered } from './centering.ts';
export { type CollapseStatistics, collapseStatistics } from './collapse.ts';
export { type Communicator, type Reducer, singleProcess } from './communicator.ts';
export { type DinoV2Config, type DinoV2Options, dinoV2Config, dinoV2Schema } from './config.ts';
export { dinoLoss, softCrossEntropy } from './dino-loss.ts';
export { DinoV2, type DinoV2Place } from './dino-v2.ts';
export { DinoHead, type HeadOptions } from './head.ts';
export { ibotLoss, type MaskedWeights } from './ibot-loss.ts';
export { type KoleoResult, koleoLoss } from './koleo-loss.ts';
export { drawMasks, type MaskBatch, type MaskOptions, selectMasks } from './mask-batch.ts';
export { type PartName, SslNetwork } from './network.ts';
export { type SinkhornOptions, sinkhornKnopp } from './sinkhorn.ts';
export { type ModelState, restore, type StateValues, stateOf } from './state.ts';
export { stepRandom } from './step-random.ts';
export type { StepReport } from './step-report.ts';
export { type LossName, type LossOptions, type StudentLosses, studentLosses } from './student-losses.ts';
export { averageIntoTeacher } from './teacher-average.ts';
export {
  type Centering,
  type Centres,
  type TargetOptions,
  type TeacherTargets,
  teacherTargets,
} from './teacher-targets.ts';
export { type TrainStepOptions, trainStep } from './train-step.ts';
export { type StepValues, trainingSchedules } from './training-schedules.ts';
