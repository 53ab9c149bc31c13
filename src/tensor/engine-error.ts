/** The one place where errors of the addon get their operation's name. */
import { EngineError, isMvHybridError } from '../errors.ts';

const DISPOSED = 'tensor was used after it was disposed';

/** The native error reads "arguments, newline, reason"; both become one line. */
export function engineError(operation: string, error: unknown): EngineError {
  const [given = '', ...rest] = (error instanceof Error ? error.message : String(error)).split('\n');
  const reason = rest.join(' ').replace(/\s+/g, ' ').trim();
  if (given === DISPOSED) {
    return new EngineError(operation, {
      need: 'living tensors',
      found: 'one that was disposed',
      next: 'return it from its scope or keep() it',
      cause: error,
    });
  }
  const parts =
    reason === ''
      ? { need: 'a valid call', found: given }
      : { need: 'arguments that the operation accepts', found: given, next: reason };
  return new EngineError(operation, { ...parts, cause: error });
}

/** Runs a call of the addon; what it throws becomes an {@link EngineError} about `operation`. */
export function attempt<T>(operation: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    // A missing engine is told as such, not as a failure of the operation that needed it first.
    throw isMvHybridError(error) ? error : engineError(operation, error);
  }
}
