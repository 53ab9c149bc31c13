import {
  cosineSchedule,
  frozenFor,
  learningRateForBatch,
  linearSchedule,
  type StepRates,
} from '../optim/index.ts';
import type { DinoV2Config } from './config.ts';

/** Everything that changes from step to step. */
export interface StepValues extends Required<StepRates> {
  /** Share of the teacher that stays. */
  readonly teacherMomentum: number;
  readonly teacherTemperature: number;
}

/**
 * The schedules of a run: learning rate with warm-up (0 while the last layer is frozen, for that layer), weight decay,
 * teacher momentum by a cosine, teacher temperature linear then constant.
 *
 * @param processes size of the group; the learning rate grows with the root of the images per step.
 */
export function trainingSchedules(
  { schedule, batch }: DinoV2Config,
  processes = 1,
): (step: number) => StepValues {
  const { epochSteps, finalLearningRate } = schedule;
  const totalSteps = schedule.epochs * epochSteps;
  const base =
    schedule.scaling === 'sqrt'
      ? learningRateForBatch(schedule.learningRate, batch * processes)
      : schedule.learningRate;
  const cosine = ([from, to]: readonly [number, number]) =>
    cosineSchedule({ base: from, final: to, totalSteps });
  const lr = cosineSchedule({
    base,
    final: finalLearningRate,
    totalSteps,
    warmupSteps: schedule.warmupEpochs * epochSteps,
  });
  const lastLayerLr = frozenFor(lr, schedule.freezeLastLayerEpochs * epochSteps);
  const weightDecay = cosine(schedule.weightDecay);
  const teacherMomentum = cosine(schedule.teacherMomentum);
  const teacherTemperature = linearSchedule(
    ...schedule.teacherTemperature,
    schedule.teacherTemperatureEpochs * epochSteps,
  );
  return (step) => ({
    lr: lr(step),
    lastLayerLr: lastLayerLr(step),
    weightDecay: weightDecay(step),
    teacherMomentum: teacherMomentum(step),
    teacherTemperature: teacherTemperature(step),
  });
}
