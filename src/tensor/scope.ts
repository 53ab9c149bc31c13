/**
 * Who owns a tensor. JavaScript's garbage collector does not see native memory, so every tensor belongs to the
 * innermost open scope and is disposed with it, unless it is returned or kept.
 */
import { native } from './native.ts';
import { Tensor } from './tensor.ts';

/** An open scope; most code uses {@link scope} instead. */
class OpenScope {
  readonly tensors = new Set<Tensor>();
}

const open: OpenScope[] = [];

/** Enters a new tensor into the innermost scope. Called by everything that makes tensors. */
export function own(tensor: Tensor): Tensor {
  const scope = open.at(-1);
  if (scope === undefined) native().tellCollector();
  else scope.tensors.add(tensor);
  return tensor;
}

/**
 * Disposes what a closed scope held, but for `leaving`, which moves to the scope around it.
 *
 * The garbage collector learns of native memory only outside of all scopes: within one it can free no tensor, and it
 * would run tens of times in one forward pass trying to.
 */
function release({ tensors }: OpenScope, leaving: ReadonlySet<Tensor> = new Set()): void {
  for (const tensor of tensors) {
    if (leaving.has(tensor)) own(tensor);
    else tensor.dispose();
  }
  if (open.length === 0) native().tellCollector();
}

/** All tensors reachable through arrays, maps, sets and plain objects. */
function* tensorsIn(value: unknown): Generator<Tensor> {
  if (value instanceof Tensor) yield value;
  else if (Array.isArray(value) || value instanceof Set) for (const item of value) yield* tensorsIn(item);
  else if (value instanceof Map) for (const item of value.values()) yield* tensorsIn(item);
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    for (const item of Object.values(value)) yield* tensorsIn(item);
}

/**
 * Runs `work` and disposes every tensor made in it, except what it returns (also inside arrays, maps and plain
 * objects), which moves to the scope around it. On an error everything is disposed.
 *
 * @throws TypeError when `work` is asynchronous: what runs in between would land in the wrong scope.
 */
export function scope<T>(work: () => T): T {
  const mine = new OpenScope();
  open.push(mine);
  let result: T;
  try {
    result = work();
  } catch (error) {
    open.pop();
    release(mine);
    throw error;
  }
  open.pop();
  release(mine, new Set(tensorsIn(result)));
  if (result instanceof Promise)
    throw new TypeError('scope: the work must be synchronous, it returned a promise');
  return result;
}

/** Takes a tensor out of all scopes: it lives until {@link Tensor.dispose}. */
export function keep<T extends Tensor>(tensor: T): T {
  for (const one of open) one.tensors.delete(tensor);
  return tensor;
}

/** Number of tensors alive in this thread. */
export function tensorCount(): number {
  return native().liveCount();
}

/** Bytes of native memory those tensors own. */
export function tensorBytes(): number {
  return native().liveBytes();
}
