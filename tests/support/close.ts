/** Number comparison for golden tests. */

export interface Tolerance {
  /** |a - b| <= rtolOfMax * max|golden|. */
  readonly rtolOfMax?: number;
  /** |a - b| <= atol. */
  readonly atol?: number;
}

/** Returns undefined when all values agree, else one line about the worst of them. */
export function compareClose(
  actual: ArrayLike<number>,
  golden: ArrayLike<number>,
  { rtolOfMax = 0, atol = 0 }: Tolerance,
): string | undefined {
  if (actual.length !== golden.length) return `length ${actual.length}, golden has ${golden.length}`;
  let largest = 0;
  for (let i = 0; i < golden.length; i++) largest = Math.max(largest, Math.abs(golden[i]!));
  const limit = Math.max(atol, rtolOfMax * largest);
  let worst = -1;
  let worstError = -1;
  for (let i = 0; i < golden.length; i++) {
    const a = actual[i]!;
    const b = golden[i]!;
    const error = Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b)) ? 0 : Math.abs(a - b);
    if (!(error <= worstError)) {
      worst = i;
      worstError = error;
      if (Number.isNaN(error)) break;
    }
  }
  if (worstError <= limit) return undefined;
  return (
    `worst at index ${worst} of ${golden.length}: got ${actual[worst]}, golden ${golden[worst]}, ` +
    `|error| ${worstError}, limit ${limit} (error / max|golden| = ${worstError / largest})`
  );
}
