/** Round numbers for colour bars. */

/** Positions and labels on a scale. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

/**
 * Three to seven ticks at multiples of 1, 2 or 5 times a power of ten inside [low, high].
 * All labels have the same number of decimals; very large or small numbers are written as 1.2e+7.
 *
 * @param low, high finite, low < high.
 */
export function niceTicks(low: number, high: number): Tick[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!;
  const ticks: Tick[] = [];
  // Counting in whole steps keeps 0.3 from becoming 0.30000000000000004.
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    ticks.push({ value: k * step, label: label(k * step, step) });
  }
  return ticks;
}

function label(value: number, step: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 || step < 1e-4) return value === 0 ? '0' : value.toExponential(1);
  const decimals = Math.max(0, -Math.floor(Math.log10(step * 1.001)));
  return value.toFixed(decimals).replace(/^-(?=0(\.0*)?$)/, '');
}
