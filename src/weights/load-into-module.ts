/** Puts stored tensors into a module's parameters by name. */
import { DataError, ShapeError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { copyInto, noGrad, scope, shareTensor, type Tensor } from '../tensor/index.ts';
import { isFloating, type StoredTensor, toFloat32 } from './stored-tensor.ts';

export interface LoadOptions {
  /** Where the tensors come from, for messages. */
  readonly source: string;
  /** Names the file may hold although the module has no such parameter. */
  readonly mayIgnore?: (name: string) => boolean;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function checkNames(
  wanted: ReadonlyMap<string, Tensor>,
  given: ReadonlyMap<string, StoredTensor>,
  options: LoadOptions,
): void {
  const missing = [...wanted.keys()].filter((name) => !given.has(name));
  if (missing.length > 0) {
    throw new DataError('load weights', {
      need: `${wanted.size} parameters, among them ${listed(missing)}`,
      found: `${given.size} tensors without them in ${options.source}`,
      next: 'check that the checkpoint belongs to this backbone and these options',
    });
  }
  const unknown = [...given.keys()].filter(
    (name) => !wanted.has(name) && !(options.mayIgnore?.(name) ?? false),
  );
  if (unknown.length > 0) {
    throw new DataError('load weights', {
      need: 'only parameters of this backbone',
      found: `${listed(unknown)} in ${options.source}`,
      next: 'check that the checkpoint belongs to this backbone and these options',
    });
  }
}

/** A loader must know before the first copy that the last one will fit too. */
function checkFit(name: string, parameter: Tensor, stored: StoredTensor, { source }: LoadOptions): void {
  const next = 'check that the checkpoint belongs to this backbone and these options';
  if (stored.shape.join() !== parameter.shape.join()) {
    throw new ShapeError('load weights', {
      need: `${name} of shape [${parameter.shape.join(', ')}]`,
      found: `[${stored.shape.join(', ')}] in ${source}`,
      next,
    });
  }
  if (!isFloating(stored.dtype)) {
    throw new DataError('load weights', {
      need: `floating point values for ${name}`,
      found: `type ${stored.dtype} in ${source}`,
      next,
    });
  }
}

/**
 * Copies every parameter of `module` from `given`, converted to float32, one at a time. Nothing is changed unless
 * all fit.
 *
 * @throws DataError for missing or unknown names and for integers; ShapeError naming the first parameter whose shape
 * differs.
 */
export function loadIntoModule(
  module: Module,
  given: ReadonlyMap<string, StoredTensor>,
  options: LoadOptions,
): void {
  const wanted = module.namedParameters();
  checkNames(wanted, given, options);
  for (const [name, parameter] of wanted) checkFit(name, parameter, given.get(name)!, options);
  noGrad(() => {
    for (const [name, parameter] of wanted) {
      scope(() => copyInto(parameter, shareTensor(toFloat32(given.get(name)!), parameter.shape)));
    }
  });
}
