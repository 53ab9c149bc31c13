/** Several processes, simulated in one: the sums of a group make it one large batch. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Batch,
  type Communicator,
  type DinoV2Options,
  nextCentre,
  rowSum,
} from '../../src/ssl/index.ts';
import { computeGradients } from '../../src/ssl/train-step.ts';
import {
  cat,
  narrow,
  scope,
  setThreads,
  tensor,
  tensorCount,
  toFloat32Array,
  toFloat64Array,
} from '../../src/tensor/index.ts';
import { simulateGroup } from './simulate-group.ts';
import { splitBatch } from './split-batch.ts';
import { tinyBatch, tinyCrops, tinyHybrid, tinyOptions, withModel } from './tiny-model.ts';

beforeAll(() => setThreads(1));
afterEach(() => expect(tensorCount()).toBe(0));

interface Computed {
  readonly losses: Record<string, number>;
  readonly gradients: Map<string, Float32Array>;
}

/** Losses and averaged gradients of a fresh model on a batch. */
function compute(batch: Batch, options: DinoV2Options, group?: Communicator): Computed {
  return withModel(
    (model) =>
      scope(() => {
        const { losses, gradients } = computeGradients(model, [batch], model.schedules(4));
        return {
          losses: { ...losses },
          gradients: new Map([...gradients].map(([name, g]) => [name, toFloat32Array(g)])),
        };
      }),
    options,
    { make: tinyHybrid, ...(group === undefined ? {} : { group }) },
  );
}

describe('two processes with half a batch each', () => {
  it.each<[string, DinoV2Options]>([
    ['Sinkhorn-Knopp', { losses: { koleoOver: 'group' } }],
    [
      'Sinkhorn-Knopp after subtracting the maximum',
      { losses: { koleo: 0 }, centering: { kind: 'sinkhorn', subtractMax: true } },
    ],
    ['softmax centering', { losses: { koleoOver: 'group' }, centering: { kind: 'softmax' } }],
  ])('have the losses and gradients of one process: %s', (_, more) => {
    scope(() => {
      const options = tinyOptions(more);
      const batch = withModel((model) => scope(() => tinyBatch(model, tinyCrops(4))), options);
      const whole = compute(batch, options);
      const halves = simulateGroup(splitBatch(batch, 2), (half, group) => compute(half, options, group));
      for (const { losses, gradients } of halves) {
        for (const [name, value] of Object.entries(whole.losses))
          expect(Math.abs(losses[name]! - value), name).toBeLessThanOrEqual(1e-5 * Math.abs(value));
        for (const [name, value] of whole.gradients) {
          const largest = Math.max(...value.map(Math.abs));
          expect(gradients.get(name)!, name).toBeClose(value, {
            rtolOfMax: 1e-3,
            atol: 1e-5 * largest + 1e-6,
          });
        }
      }
      expect(halves[0]).toEqual(halves[1]);
    });
  });

  it('have a KoLeo of their own unless asked to look for neighbours in the group', () => {
    scope(() => {
      const options = tinyOptions({ losses: { koleoOver: 'process' } });
      const batch = withModel((model) => scope(() => tinyBatch(model, tinyCrops(4))), options);
      const parts = splitBatch(batch, 2);
      const alone = parts.map((half) => compute(half, options).losses.koleo!);
      const [together] = simulateGroup(parts, (half, group) => compute(half, options, group));
      expect(together!.losses.koleo).toBeCloseTo((alone[0]! + alone[1]!) / 2, 6);
      expect(together!.losses.koleo).not.toBeCloseTo(compute(batch, options).losses.koleo!, 3);
    });
  });
});

describe('nextCentre', () => {
  it('is the same in every process, however the rows are spread', () => {
    scope(() => {
      const centre = tensor(Float32Array.of(1, -1), [2]);
      const logits = tensor(
        Float32Array.from({ length: 10 }, (_, i) => i),
        [5, 2],
      );
      const whole = toFloat32Array(nextCentre(centre, [rowSum(logits)], 0.9));
      const parts = [narrow(logits, 0, 0, 1), narrow(logits, 0, 1, 4)];
      for (const part of simulateGroup(parts, (rows, group) =>
        toFloat32Array(nextCentre(centre, [rowSum(rows)], 0.9, group)),
      ))
        expect(part).toBeClose(whole, { atol: 1e-6 });
    });
  });
});

describe('splitBatch', () => {
  it('keeps every crop with its mask', () => {
    scope(() => {
      const batch = withModel((model) => scope(() => tinyBatch(model, tinyCrops(4))));
      const parts = splitBatch(batch, 2);
      const views = [0, 1].flatMap((view) =>
        parts.map(({ globalCrops }) => narrow(globalCrops, 0, 2 * view, 2)),
      );
      expect(toFloat32Array(cat(views))).toEqual(toFloat32Array(batch.globalCrops));
      const hidden = parts.map(({ maskedPositions }) => toFloat64Array(maskedPositions).length);
      expect(hidden[0]! + hidden[1]!).toBe(batch.maskedPositions.size(0));
    });
  });
});
