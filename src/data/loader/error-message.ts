/** Errors on their way from a worker thread: classes are lost in the copy, so they are named and made again. */
import {
  DataError,
  EngineError,
  EngineMissingError,
  type ErrorParts,
  isMvHybridError,
  ShapeError,
  UsageError,
} from '../../errors.ts';

/** An error as plain data. */
export interface ErrorMessage {
  /** Tag of a package error; undefined for any other. */
  readonly code?: string;
  readonly operation: string;
  readonly parts: ErrorParts;
  readonly message: string;
  readonly stack?: string;
}

const CLASSES = [DataError, UsageError, ShapeError, EngineError, EngineMissingError];

export function packError(error: unknown): ErrorMessage {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const trace = stack === undefined ? {} : { stack };
  if (!isMvHybridError(error)) return { operation: '', parts: { need: '', found: '' }, message, ...trace };
  const { code, operation, need, found, next } = error;
  return {
    code,
    operation,
    parts: { need, found, ...(next === undefined ? {} : { next }) },
    message,
    ...trace,
  };
}

/** The error again, with the worker's stack. */
export function unpackError({ code, operation, parts, message, stack }: ErrorMessage): Error {
  const made = CLASSES.map((Class) => new Class(operation, parts)).find((error) => error.code === code);
  const error = made ?? new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
