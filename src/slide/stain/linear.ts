/** Three-by-three matrices and percentiles, as stain separation needs them. */

/** Row-major 3 x 3 matrix. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

/** Three numbers. */
export type Vector3 = readonly [number, number, number];

/** Matrix times column vector. */
export function multiply(m: Matrix3, [x, y, z]: Vector3): [number, number, number] {
  return [m[0] * x + m[1] * y + m[2] * z, m[3] * x + m[4] * y + m[5] * z, m[6] * x + m[7] * y + m[8] * z];
}

/** Inverse by cofactors; the matrices here are constants far from singular. */
export function invert(m: Matrix3): Matrix3 {
  const [a, b, c, d, e, f, g, h, i] = m;
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const cofactors = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
  return cofactors.map((value) => value / det) as unknown as Matrix3;
}

/**
 * Unit eigenvectors of a symmetric matrix, from the largest eigenvalue to the smallest. Cyclic Jacobi rotations
 * until the off-diagonal part vanishes to rounding.
 */
export function eigenvectors(matrix: Matrix3): [Vector3, Vector3, Vector3] {
  const a = [...matrix];
  const v = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  for (let sweep = 0; sweep < 50; sweep++) {
    const off = a[1]! ** 2 + a[2]! ** 2 + a[5]! ** 2;
    if (off < 1e-34 * (a[0]! ** 2 + a[4]! ** 2 + a[8]! ** 2)) break;
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      rotate(a, v, p, q);
  }
  const order = [0, 1, 2].sort((i, j) => a[4 * j]! - a[4 * i]!);
  return order.map((i) => [v[i]!, v[3 + i]!, v[6 + i]!]) as unknown as [Vector3, Vector3, Vector3];
}

/** One Jacobi rotation that clears element (p, q); `v` collects the rotations. */
function rotate(a: number[], v: number[], p: number, q: number): void {
  const apq = a[3 * p + q]!;
  if (apq === 0) return;
  const theta = (a[4 * q]! - a[4 * p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < 3; k++) {
    const [x, y] = [a[3 * k + p]!, a[3 * k + q]!];
    a[3 * k + p] = c * x - s * y;
    a[3 * k + q] = s * x + c * y;
  }
  for (let k = 0; k < 3; k++) {
    const [x, y] = [a[3 * p + k]!, a[3 * q + k]!];
    a[3 * p + k] = c * x - s * y;
    a[3 * q + k] = s * x + c * y;
    const [vx, vy] = [v[3 * k + p]!, v[3 * k + q]!];
    v[3 * k + p] = c * vx - s * vy;
    v[3 * k + q] = s * vx + c * vy;
  }
}

/** Percentile (0 to 100) with linear interpolation between the sorted values; sorts a copy. */
export function percentile(values: Float64Array, percent: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = (percent / 100) * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}

/** Rounds and clamps colour values to bytes. */
export function toBytes(values: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Uint8ClampedArray.from(values).buffer);
}
