/**
 * Tagged errors. Every message reads `operation: needed X, found Y; next step`, so that a user can act
 * on it without a stack trace. The command line maps {@link UsageError} to exit code 2 and all others to 1.
 */

/** The parts of a message; all plain sentences without a trailing full stop. */
export interface ErrorParts {
  /** What was required. */
  readonly need: string;
  /** What was there instead. */
  readonly found: string;
  /** What the user can do about it. */
  readonly next?: string;
  /** The lower-level error, kept for `--verbose`. */
  readonly cause?: unknown;
}

/** Base of all errors the package throws on purpose. */
export abstract class MvHybridError extends Error {
  /** Machine-readable tag, stable across releases. */
  abstract readonly code: string;
  readonly operation: string;
  readonly need: string;
  readonly found: string;
  readonly next: string | undefined;

  constructor(operation: string, parts: ErrorParts) {
    const tail = parts.next === undefined ? '' : `; ${parts.next}`;
    super(
      // Names quoted from damaged files can hold line ends.
      `${operation}: needed ${parts.need}, found ${parts.found}${tail}`.replace(/\s*[\r\n]+\s*/g, ' '),
      parts.cause === undefined ? undefined : { cause: parts.cause },
    );
    this.name = new.target.name;
    this.operation = operation;
    this.need = parts.need;
    this.found = parts.found;
    this.next = parts.next;
  }
}

/** The call itself is wrong: an unknown option value, a path that does not exist, a missing argument. */
export class UsageError extends MvHybridError {
  readonly code = 'usage';
}

/** A file was there but what it holds cannot be used: truncated, wrong type, NaN counts, unknown barcodes. */
export class DataError extends MvHybridError {
  readonly code = 'data';
}

/** Shapes do not fit: a checkpoint tensor, an image that is no multiple of the patch size. */
export class ShapeError extends MvHybridError {
  readonly code = 'shape';
}

/** libtorch refused an operation; carries the operator's name and the shapes it was given. */
export class EngineError extends MvHybridError {
  readonly code = 'engine';
}

/** The compute engine is absent or was built for another machine. */
export class EngineMissingError extends MvHybridError {
  readonly code = 'engine-missing';
}

/** Narrows an unknown thrown value to the package's own errors. */
export function isMvHybridError(error: unknown): error is MvHybridError {
  return error instanceof MvHybridError;
}
