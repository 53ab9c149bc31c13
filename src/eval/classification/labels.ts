/** Class names as small whole numbers. */
import { DataError, UsageError } from '../../errors.ts';

/** Labels of a data set: item i has the class `classes[codes[i]]`. */
export interface LabelCodes {
  readonly classes: readonly string[];
  readonly codes: Int32Array;
}

/**
 * Numbers labels by their place in `classes`; without it, by sorted name.
 *
 * @param classes may name classes that no label has: they stay part of the task.
 * @throws DataError for a label that `classes` does not name; UsageError when `classes` names one twice.
 */
export function encodeLabels(labels: readonly string[], classes?: readonly string[]): LabelCodes {
  const names = classes ?? [...new Set(labels)].sort();
  const codeOf = new Map(names.map((name, i) => [name, i]));
  if (codeOf.size !== names.length) {
    throw new UsageError('labels', { need: 'every class named once', found: names.join(', ') });
  }
  const codes = Int32Array.from(labels, (label, i) => {
    const code = codeOf.get(label);
    if (code !== undefined) return code;
    throw new DataError('labels', { need: `one of ${names.join(', ')}`, found: `"${label}" at item ${i}` });
  });
  return { classes: names, codes };
}

/** Items of every class. */
export function classCounts(codes: ArrayLike<number>, classCount: number): number[] {
  const counts = new Array<number>(classCount).fill(0);
  for (let i = 0; i < codes.length; i++) counts[codes[i]!]!++;
  return counts;
}

/**
 * Checks that every code is a whole number below `classCount` and that there is one per row.
 *
 * @throws DataError otherwise.
 */
export function checkCodes(
  operation: string,
  codes: ArrayLike<number>,
  rows: number,
  classCount: number,
): void {
  if (codes.length !== rows) {
    throw new DataError(operation, { need: `${rows} labels, one per row`, found: `${codes.length}` });
  }
  for (let i = 0; i < rows; i++) {
    const code = codes[i]!;
    if (Number.isInteger(code) && code >= 0 && code < classCount) continue;
    throw new DataError(operation, {
      need: `labels from 0 to ${classCount - 1}`,
      found: `${code} at row ${i}`,
    });
  }
}
