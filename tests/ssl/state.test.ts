import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DataError, ShapeError } from '../../src/errors.ts';
import {
  type DinoV2,
  type DinoV2Options,
  type ModelState,
  restore,
  type StateValues,
  stateOf,
  trainStep,
} from '../../src/ssl/index.ts';
import {
  clone,
  noGrad,
  scope,
  setThreads,
  type Tensor,
  tensorCount,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';
import { tinyBatch, tinyHybrid, tinyOptions, tinyVit, withModel } from './tiny-model.ts';

beforeAll(() => setThreads(1));
afterEach(() => expect(tensorCount()).toBe(0));

function train(model: DinoV2, steps: number): number[] {
  return Array.from({ length: steps }, () => scope(() => trainStep(model, tinyBatch(model)).losses.total));
}

/** A copy that outlives the model, its plain part through JSON. */
function saved(model: DinoV2): ModelState {
  const { tensors, values } = stateOf(model);
  return {
    tensors: new Map([...tensors].map(([name, t]) => [name, noGrad(() => clone(t))])),
    values: JSON.parse(JSON.stringify(values)) as StateValues,
  };
}

function numbers({ tensors }: ModelState): Map<string, Float32Array> {
  return new Map([...tensors].map(([name, t]) => [name, toFloat32Array(t)]));
}

describe('restore', () => {
  it.each<[string, () => ReturnType<typeof tinyHybrid | typeof tinyVit>, DinoV2Options]>([
    ['MV_Hybrid with Sinkhorn-Knopp', tinyHybrid, {}],
    ['ViT with stochastic depth and softmax centering', tinyVit, { centering: { kind: 'softmax' } }],
  ])('of %s goes on bit for bit', (_, make, more) => {
    scope(() => {
      const options = tinyOptions(more);
      let half: ModelState | undefined;
      const through = withModel(
        (model) => {
          train(model, 3);
          half = saved(model);
          return { losses: train(model, 3), end: numbers(stateOf(model)) };
        },
        options,
        { make },
      );
      withModel(
        (model) => {
          train(model, 1); // whatever was there before is replaced
          restore(model, half!);
          expect(model.step).toBe(3);
          expect(train(model, 3)).toEqual(through.losses);
          expect(numbers(stateOf(model))).toEqual(through.end);
        },
        options,
        { make },
      );
    });
  });

  it('finds every tensor that a step moves', () => {
    scope(() => {
      withModel(
        (model) => {
          const names = [...stateOf(model).tensors.keys()];
          const parameters = model.student.namedParameters().size;
          expect(names.filter((name) => name.startsWith('student.')).length).toBe(parameters);
          expect(names.length).toBe(4 * parameters + 2);
          expect(stateOf(model).values).toEqual({ format: 1, step: 0, optimizerSteps: 0, seed: 7 });
        },
        tinyOptions({ centering: { kind: 'softmax' } }),
      );
    });
  });
});

describe('restore refuses', () => {
  const NAME = 'student.backbone.mask_token';

  /** Restores a changed state into a fresh model; the model must stay as it was. */
  function attempt(
    change: (tensors: Map<string, Tensor>) => void,
    values: Partial<StateValues> = {},
  ): () => void {
    return () =>
      scope(() =>
        withModel((model) => {
          const before = numbers(stateOf(model));
          const state = saved(model);
          const tensors = new Map(state.tensors);
          change(tensors);
          try {
            restore(model, { tensors, values: { ...state.values, step: 9, ...values } });
          } finally {
            expect(numbers(stateOf(model))).toEqual(before);
            expect(model.step).toBe(0);
          }
        }),
      );
  }

  const same = (): void => {};

  it('a missing tensor', () => {
    const work = attempt((tensors) => tensors.delete(NAME));
    expect(work).toThrow(DataError);
    expect(work).toThrow(`restore: needed the tensor ${NAME}`);
  });

  it('a tensor of another shape', () => {
    const work = attempt((tensors) => tensors.set(NAME, zeros([2, 2])));
    expect(work).toThrow(ShapeError);
    expect(work).toThrow(`restore: needed ${NAME} of shape [1, 32], found [2, 2]`);
  });

  it('a tensor that the model does not have', () => {
    expect(attempt((tensors) => tensors.set('student.more', zeros([1])))).toThrow(
      'restore: needed only tensors of this model, found student.more',
    );
  });

  it('another format, step numbers that are none, another seed', () => {
    expect(attempt(same, { format: 2 as 1 })).toThrow(/needed a state of format 1.*"format":2/);
    expect(attempt(same, { step: -1 })).toThrow(/found \{"format":1,"step":-1/);
    expect(attempt(same, { optimizerSteps: 0.5 })).toThrow(DataError);
    expect(attempt(same, { seed: 8 })).toThrow(
      'restore: needed seed 7, as configured, found seed 8 in the state',
    );
  });
});
