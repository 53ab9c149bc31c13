/** Small symmetric positive definite systems. */

/**
 * Lower Cholesky factor of `a` ([n, n] row-major), or undefined when `a` is not positive definite.
 */
export function choleskyFactor(a: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c <= r; c++) {
      let sum = a[r * n + c]!;
      for (let k = 0; k < c; k++) sum -= l[r * n + k]! * l[c * n + k]!;
      if (r === c) {
        if (!(sum > Number.EPSILON * n * Math.abs(a[r * n + r]!))) return undefined;
        l[r * n + r] = Math.sqrt(sum);
      } else {
        l[r * n + c] = sum / l[c * n + c]!;
      }
    }
  }
  return l;
}

/** x of (L L^T) x = b. */
export function choleskySubstitute(l: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = Float64Array.from(b);
  for (let r = 0; r < n; r++) {
    for (let k = 0; k < r; k++) x[r]! -= l[r * n + k]! * x[k]!;
    x[r]! /= l[r * n + r]!;
  }
  for (let r = n - 1; r >= 0; r--) {
    for (let k = r + 1; k < n; k++) x[r]! -= l[k * n + r]! * x[k]!;
    x[r]! /= l[r * n + r]!;
  }
  return x;
}

/** Diagonal of the inverse of L L^T. */
export function inverseDiagonal(l: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const unit = new Float64Array(n);
    unit[i] = 1;
    return choleskySubstitute(l, unit)[i]!;
  });
}
