/** What the student is to predict: the teacher's soft assignments of classes and of masked patches. */
import {
  cat,
  indexSelect,
  narrow,
  noGrad,
  reshape,
  scope,
  type Tensor,
  toDtype,
  zeros,
} from '../tensor/index.ts';
import type { Batch } from './batch.ts';
import { type RowSum, rowSum, softmaxCentered } from './centering.ts';
import type { Reducer } from './communicator.ts';
import type { DinoV2Config } from './config.ts';
import type { SslNetwork } from './network.ts';
import { sinkhornKnopp } from './sinkhorn.ts';

/** Running means of the teacher's logits, used by softmax centering only. */
export interface Centres {
  /** [K of the DINO head] */
  readonly dino: Tensor;
  /** [K of the iBOT head] */
  readonly ibot: Tensor;
}

/** A target whose loss has weight 0 is absent. */
export interface TeacherTargets {
  /** [2, B, K]: for each view of the student, the assignments of the OTHER view. */
  readonly cls?: Tensor;
  /** [M, K] of the masked patches. */
  readonly patches?: Tensor;
  /** Sums of the logits over rows, for moving the centres at the end of the step; with softmax centering only. */
  readonly sums: { readonly dino?: RowSum; readonly ibot?: RowSum };
}

type Configured = DinoV2Config['centering'];

/** How logits become targets; softmax centering needs its centres. */
export type Centering =
  | Extract<Configured, { kind: 'sinkhorn' }>
  | (Extract<Configured, { kind: 'softmax' }> & { readonly centres: Centres });

export interface TargetOptions {
  readonly losses: Pick<DinoV2Config['losses'], 'dino' | 'ibot'>;
  readonly temperature: number;
  readonly centering: Centering;
  readonly reducer: Reducer;
}

/** Second half of the rows first. */
function swapViews(rows: Tensor): Tensor {
  const half = rows.size(0) / 2;
  return cat([narrow(rows, 0, half, half), narrow(rows, 0, 0, half)]);
}

/** Tokens of the given flat positions: [B, n, D] -> [M, D]. */
export function gatherPatches(patches: Tensor, positions: Tensor): Tensor {
  return indexSelect(reshape(patches, [-1, patches.size(2)]), 0, positions);
}

/** The teacher's logits [2B, K] of the swapped views and [M, K] of the masked patches. It sees whole crops. */
function teacherLogits(
  teacher: SslNetwork,
  batch: Batch,
  { losses }: TargetOptions,
): { readonly dino?: Tensor; readonly ibot?: Tensor } {
  return scope(() => {
    const { cls, patches } = teacher.backbone.forward(toDtype(batch.globalCrops, 'float32'));
    const { ibotHead } = teacher;
    const maskedLogits = (): Tensor =>
      batch.maskedPositions.size(0) === 0
        ? zeros([0, ibotHead.prototypes], { device: cls.device })
        : ibotHead.forward(gatherPatches(patches, batch.maskedPositions));
    return {
      ...(losses.dino > 0 ? { dino: teacher.dinoHead.forward(swapViews(cls)) } : {}),
      ...(losses.ibot > 0 ? { ibot: maskedLogits() } : {}),
    };
  });
}

/**
 * Targets of one (micro-)batch, without gradients.
 *
 * The views are swapped before the head, so that row i of the result belongs to what row i of the student predicts.
 */
export function teacherTargets(teacher: SslNetwork, batch: Batch, options: TargetOptions): TeacherTargets {
  const { temperature, centering, reducer } = options;
  return noGrad(() =>
    scope(() => {
      const { dino, ibot } = teacherLogits(teacher, batch, options);
      const assign = (logits: Tensor, kind: keyof Centres): Tensor =>
        centering.kind === 'sinkhorn'
          ? sinkhornKnopp(logits, temperature, { ...centering, reducer })
          : softmaxCentered(logits, centering.centres[kind], temperature);
      const views = (rows: Tensor): Tensor => reshape(rows, [2, rows.size(0) / 2, rows.size(1)]);
      const moving = centering.kind === 'softmax';
      return {
        ...(dino === undefined ? {} : { cls: views(assign(dino, 'dino')) }),
        ...(ibot === undefined ? {} : { patches: assign(ibot, 'ibot') }),
        sums: {
          ...(moving && dino !== undefined ? { dino: rowSum(dino) } : {}),
          ...(moving && ibot !== undefined ? { ibot: rowSum(ibot) } : {}),
        },
      };
    }),
  );
}
