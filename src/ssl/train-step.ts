/** One step of self-distillation, in the order of the equations. */
import { UsageError } from '../errors.ts';
import { withPrecision } from '../nn/index.ts';
import { clearGradients, clipGradients, gradientsOf } from '../optim/index.ts';
import {
  cat,
  copyInto,
  foreachMulScalarInto,
  item,
  mulScalar,
  noGrad,
  recomputing,
  scope,
  type Tensor,
  tensor,
  toFloat64Array,
} from '../tensor/index.ts';
import type { Batch } from './batch.ts';
import { nextCentre } from './centering.ts';
import { collapseStatistics } from './collapse.ts';
import type { DinoV2 } from './dino-v2.ts';
import { stepRandom } from './step-random.ts';
import { firstNotFinite, type StepReport } from './step-report.ts';
import { studentLosses } from './student-losses.ts';
import { averageIntoTeacher } from './teacher-average.ts';
import { type Centering, type TeacherTargets, teacherTargets } from './teacher-targets.ts';
import type { StepValues } from './training-schedules.ts';

export interface TrainStepOptions {
  /** Instead of the schedules' values at this step. */
  readonly values?: StepValues;
  /** Also computes {@link StepReport.collapse}, from this process's global crops. */
  readonly collapse?: boolean;
  /** Keep only the blocks' inputs between forward and backward, and compute the blocks twice. */
  readonly recompute?: boolean;
}

/** What remains of a forward and backward pass. */
interface Pass {
  readonly losses: StepReport['losses'];
  readonly sums: TeacherTargets['sums'];
  /** [2B, D] */
  readonly cls: Tensor;
  readonly notes: readonly string[];
}

function centeringOf({ config, centres }: DinoV2): Centering {
  const { centering } = config;
  return centering.kind === 'sinkhorn' ? centering : { ...centering, centres: centres! };
}

/** Which of the step's passes this is, and how it is computed. */
interface PassPlan {
  readonly index: number;
  readonly count: number;
  readonly recompute: boolean;
}

/** Teacher targets, student losses, backward: adds the gradient of total / count to the student's. */
function forwardBackward(
  model: DinoV2,
  batch: Batch,
  values: StepValues,
  { index, count, recompute }: PassPlan,
): Pass {
  const { config, group, student, teacher } = model;
  const pass = (backward: (root: Tensor) => void): Pass => {
    const targets = teacherTargets(teacher, batch, {
      losses: config.losses,
      temperature: values.teacherTemperature,
      centering: centeringOf(model),
      reducer: group,
    });
    const rng = stepRandom(config.seed, `drop-path/${index}`, model.step, group.rank);
    const { terms, total, cls, notes } = studentLosses(student, batch, targets, {
      losses: config.losses,
      group,
      rng,
    });
    backward(count === 1 ? total : mulScalar(total, 1 / count));
    const named = [...terms, ['total', total] as const].map(([name, loss]) => [name, item(loss)]);
    return { losses: Object.fromEntries(named), sums: targets.sums, cls, notes };
  };
  return scope(() => withPrecision(config.precision, () => recomputing(recompute, pass)));
}

/** Means over passes and processes. */
function averageLosses(passes: readonly Pass[], { group, device }: DinoV2): StepReport['losses'] {
  const names = Object.keys(passes[0]!.losses) as (keyof StepReport['losses'])[];
  const means = names.map(
    (name) => passes.reduce((sum, { losses }) => sum + losses[name]!, 0) / passes.length,
  );
  const shared = tensor(Float64Array.from(means), [names.length], { device });
  group.allReduceSum([shared]);
  const totals = toFloat64Array(shared);
  return Object.fromEntries(names.map((name, i) => [name, totals[i]! / group.size])) as StepReport['losses'];
}

/** The student's gradients, averaged over processes. */
function averageGradients({ student, group }: DinoV2): Map<string, Tensor> {
  const gradients = gradientsOf(student.namedParameters());
  if (group.size > 1) {
    const all = [...gradients.values()];
    group.allReduceSum(all);
    noGrad(() => foreachMulScalarInto(all, 1 / group.size));
  }
  return gradients;
}

/** Clips backbone and heads separately; returns their norms before. */
function clipParts(
  { student, config }: DinoV2,
  gradients: ReadonlyMap<string, Tensor>,
): StepReport['gradientNorms'] {
  const norms = [...student.parts.keys()].map((part) => {
    const own = [...gradients]
      .filter(([name]) => name.startsWith(`${part}.`))
      .map(([, gradient]) => gradient);
    return [part, clipGradients(own, config.optimizer.clipNorm)];
  });
  return Object.fromEntries(norms) as StepReport['gradientNorms'];
}

/** centre = momentum * centre + (1 - momentum) * mean logits of this step. */
function moveCentres({ config, centres, group }: DinoV2, passes: readonly Pass[]): void {
  const { centering } = config;
  if (centering.kind !== 'softmax' || centres === undefined) return;
  scope(() => {
    for (const kind of ['dino', 'ibot'] as const) {
      const sums = passes.flatMap((pass) => pass.sums[kind] ?? []);
      if (sums.length === 0) continue;
      noGrad(() => copyInto(centres[kind], nextCentre(centres[kind], sums, centering.momentum, group)));
    }
  });
}

/** What the update is made from. Gradients belong to the innermost scope and share memory with the leaves' own. */
export interface Gradients {
  readonly passes: readonly Pass[];
  readonly losses: StepReport['losses'];
  /** By name in the student, averaged over micro-batches and processes, not clipped. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

/** Forward and backward of all micro-batches. Changes nothing but the student's gradients. */
export function computeGradients(
  model: DinoV2,
  batches: readonly Batch[],
  values: StepValues,
  { recompute = false }: Pick<TrainStepOptions, 'recompute'> = {},
): Gradients {
  clearGradients(model.student.namedParameters());
  const passes = batches.map((batch, i) =>
    forwardBackward(model, batch, values, { index: i, count: batches.length, recompute }),
  );
  const losses = averageLosses(passes, model);
  return { passes, losses, gradients: averageGradients(model) };
}

/** AdamW, then the teacher average, then the centres. */
function applyUpdate(model: DinoV2, { passes, gradients }: Gradients, values: StepValues): void {
  model.optimizer.step(gradients, values);
  averageIntoTeacher(
    model.teacher.namedParameters(),
    model.student.namedParameters(),
    values.teacherMomentum,
  );
  moveCentres(model, passes);
}

/**
 * One training step: targets, losses and gradients of each micro-batch; gradients averaged over processes and clipped;
 * AdamW; teacher average; centres. The step number advances whether or not the update was applied.
 *
 * A loss or gradient that is not finite changes nothing and is reported in `problem`; the caller decides whether to
 * go on. All processes of a group come to the same verdict, as they judge the shared averages.
 *
 * @param batches one batch, or micro-batches whose gradients are averaged; Sinkhorn-Knopp and KoLeo see one at a time.
 * @throws UsageError for an empty list.
 */
export function trainStep(
  model: DinoV2,
  batches: Batch | readonly Batch[],
  options: TrainStepOptions = {},
): StepReport {
  const micro = 'globalCrops' in batches ? [batches] : batches;
  if (micro.length === 0)
    throw new UsageError('training step', { need: 'at least one batch', found: 'none' });
  const values = options.values ?? model.schedules(model.step);
  return scope(() => {
    const computed = computeGradients(model, micro, values, options);
    const { passes, losses, gradients } = computed;
    const gradientNorms = clipParts(model, gradients);
    const problem = firstNotFinite(losses, gradientNorms);
    if (problem === undefined) applyUpdate(model, computed, values);
    clearGradients(model.student.namedParameters());
    return {
      step: model.step++,
      values,
      losses,
      gradientNorms,
      applied: problem === undefined,
      ...(problem === undefined ? {} : { problem }),
      notes: [...new Set(passes.flatMap(({ notes }) => notes))],
      ...(options.collapse ? { collapse: collapseStatistics(cat(passes.map(({ cls }) => cls))) } : {}),
    };
  });
}
