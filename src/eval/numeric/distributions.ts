/** Tail probabilities of the normal and chi-square distributions. */

/** ln Gamma(x) for x > 0 (Stirling series after shifting x above 15; about 1e-15 relative). */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 15; z++) shift += Math.log(z);
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188))))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** Upper regularised incomplete gamma Q(a, x) by its continued fraction; good for x > a + 1. */
function upperByFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1; i < 1000; i++) {
    const term = -i * (i - a);
    b += 2;
    d = 1 / (term * d + b || tiny);
    c = b + term / c || tiny;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return Math.exp(a * Math.log(x) - x - logGamma(a)) * fraction;
}

/** Lower regularised incomplete gamma P(a, x) by its series; good for x <= a + 1. */
function lowerBySeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 1000 && Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= x / (a + n);
    sum += term;
  }
  return Math.exp(a * Math.log(x) - x - logGamma(a)) * sum;
}

/** P(X >= x) of a chi-square variable; 1 for x <= 0, NaN for NaN. */
export function chiSquareTail(x: number, degreesOfFreedom: number): number {
  if (x <= 0) return 1;
  const [a, half] = [degreesOfFreedom / 2, x / 2];
  return half > a + 1 ? upperByFraction(a, half) : 1 - lowerBySeries(a, half);
}

/** P(|Z| >= |z|) of a standard normal variable. */
export function normalTwoSided(z: number): number {
  return chiSquareTail(z * z, 1);
}

/** 0.975 quantile of the standard normal distribution: half width of a 95 % interval in standard errors. */
export const NORMAL_975 = 1.959963984540054;
