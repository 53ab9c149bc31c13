/** Saving and putting back a pretraining run. */
import { DataError, ShapeError } from '../errors.ts';
import { copyInto, noGrad, type Tensor } from '../tensor/index.ts';
import type { DinoV2 } from './dino-v2.ts';

/** The plain part of a state. Random streams are named by seed and step, so those two are their whole state. */
export interface StateValues {
  readonly format: 1;
  /** Number of the next step. */
  readonly step: number;
  /** Updates that AdamW has made. */
  readonly optimizerSteps: number;
  readonly seed: number;
}

export interface ModelState {
  /** `student.<name>`, `teacher.<name>`, `optimizer.exp_avg.<name>`, `optimizer.exp_avg_sq.<name>`, `centre.<head>`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Fits into JSON. */
  readonly values: StateValues;
}

const OPTIMIZER = 'optimizer.';

function prefixed(prefix: string, tensors: Iterable<readonly [string, Tensor]>): [string, Tensor][] {
  return Array.from(tensors, ([name, tensor]) => [prefix + name, tensor]);
}

/** All that a run needs to go on. The tensors are the model's own: write or copy them before the next step. */
export function stateOf(model: DinoV2): ModelState {
  return {
    tensors: new Map([
      ...prefixed('student.', model.student.namedParameters()),
      ...prefixed('teacher.', model.teacher.namedParameters()),
      ...prefixed(OPTIMIZER, model.optimizer.tensors()),
      ...prefixed('centre.', Object.entries(model.centres ?? {})),
    ]),
    values: {
      format: 1,
      step: model.step,
      optimizerSteps: model.optimizer.steps,
      seed: model.config.seed,
    },
  };
}

function checkValues({ format, step, optimizerSteps, seed }: StateValues, model: DinoV2): void {
  const counts = [step, optimizerSteps].every((n) => Number.isInteger(n) && n >= 0);
  if (format !== 1 || !counts) {
    throw new DataError('restore', {
      need: 'a state of format 1 with its step numbers',
      found: JSON.stringify({ format, step, optimizerSteps }),
      next: 'use the version of this package that wrote it',
    });
  }
  if (seed !== model.config.seed) {
    throw new DataError('restore', {
      need: `seed ${model.config.seed}, as configured`,
      found: `seed ${seed} in the state`,
      next: 'resume with the seed that the run began with',
    });
  }
}

function checkTensors(wanted: ReadonlyMap<string, Tensor>, given: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of wanted) {
    const found = given.get(name);
    if (found === undefined) {
      throw new DataError('restore', {
        need: `the tensor ${name}`,
        found: `${given.size} others`,
        next: 'resume with the options that the run began with',
      });
    }
    if (found.shape.join() !== tensor.shape.join()) {
      throw new ShapeError('restore', {
        need: `${name} of shape [${tensor.shape.join(', ')}]`,
        found: `[${found.shape.join(', ')}]`,
        next: 'resume with the options that the run began with',
      });
    }
  }
  const unknown = [...given.keys()].find((name) => !wanted.has(name));
  if (unknown !== undefined) {
    throw new DataError('restore', {
      need: 'only tensors of this model',
      found: unknown,
      next: 'resume with the options that the run began with',
    });
  }
}

/**
 * Puts back a state from {@link stateOf} of a model with the same options; the next step is then the one that would
 * have followed, bit for bit on the CPU. Nothing is changed unless everything fits.
 *
 * @throws DataError for another format or seed, a missing or unknown tensor; ShapeError for one of another shape.
 */
export function restore(model: DinoV2, { tensors, values }: ModelState): void {
  const wanted = stateOf(model).tensors;
  checkValues(values, model);
  checkTensors(wanted, tensors);
  const moments = new Map<string, Tensor>();
  noGrad(() => {
    for (const [name, tensor] of wanted) {
      if (name.startsWith(OPTIMIZER)) moments.set(name.slice(OPTIMIZER.length), tensors.get(name)!);
      else copyInto(tensor, tensors.get(name)!);
    }
  });
  model.optimizer.restore(values.optimizerSteps, moments);
  model.step = values.step;
}
