/** The values that are numbers, ascending; the input stays as it is. */
export function finiteSorted(values: Float32Array): Float32Array {
  return values.filter((value) => Number.isFinite(value)).sort();
}

/** Quantile with linear interpolation between the two nearest values; `share` from 0 to 1. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
  const left = Math.floor(place);
  const right = Math.min(sorted.length - 1, left + 1);
  return sorted[left]! + (place - left) * (sorted[right]! - sorted[left]!);
}
