/** Where an operation's time goes, operator by operator. */
import { native } from './native.ts';

export interface OperatorTime {
  /** libtorch's name, e.g. `aten::add`, `mvhybrid::linear`, `AddBackward0`. */
  readonly name: string;
  /** Whether it ran inside a backward pass. */
  readonly backward: boolean;
  readonly calls: number;
  /** Wall time, without that of operators it called in turn. */
  readonly milliseconds: number;
}

/**
 * Runs `work` and tells what each operator of it took, longest first. What the sum leaves of the whole time was spent
 * outside libtorch: in JavaScript and in passing arguments.
 */
export function profileOperators(work: () => void): OperatorTime[] {
  native().profileStart();
  let rows: ReturnType<ReturnType<typeof native>['profileStop']>;
  try {
    work();
  } finally {
    rows = native().profileStop();
  }
  return rows
    .map(([name, backward, calls, milliseconds]) => ({ name, backward, calls, milliseconds }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
