/** Numerical integration. */

// 15-point Kronrod rule with the embedded 7-point Gauss rule: abscissae on [0, 1], symmetric.
const POINTS = [
  0.9914553711208126, 0.9491079123427585, 0.8648644233597691, 0.7415311855993945, 0.5860872354676911,
  0.4058451513773972, 0.20778495500789848, 0,
];
const KRONROD = [
  0.022935322010529224, 0.06309209262997856, 0.10479001032225019, 0.14065325971552592, 0.1690047266392679,
  0.19035057806478542, 0.20443294007529889, 0.20948214108472782,
];
const GAUSS = [0, 0.1294849661688697, 0, 0.27970539148927664, 0, 0.3818300505051189, 0, 0.4179591836734694];

interface Panel {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly error: number;
}

function panel(f: (x: number) => number, from: number, to: number): Panel {
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  let [kronrod, gauss] = [0, 0];
  for (const [i, point] of POINTS.entries()) {
    const sum = point === 0 ? f(middle) : f(middle - half * point) + f(middle + half * point);
    kronrod += KRONROD[i]! * sum;
    gauss += GAUSS[i]! * sum;
  }
  return { from, to, value: kronrod * half, error: Math.abs(kronrod - gauss) * half };
}

/**
 * Integral of a continuous function over [from, to] by adaptive Gauss-Kronrod halving.
 *
 * @param relative wanted error relative to the result; default 1e-12.
 */
export function integrate(f: (x: number) => number, from: number, to: number, relative = 1e-12): number {
  const panels = [panel(f, from, to)];
  for (let halvings = 0; halvings < 2000; halvings++) {
    const total = panels.reduce((sum, p) => sum + p.value, 0);
    const error = panels.reduce((sum, p) => sum + p.error, 0);
    if (!(error > relative * Math.abs(total))) break;
    const worst = panels.reduce((most, p, i) => (p.error > panels[most]!.error ? i : most), 0);
    const { from: a, to: b } = panels[worst]!;
    const middle = (a + b) / 2;
    if (middle === a || middle === b) break;
    panels.splice(worst, 1, panel(f, a, middle), panel(f, middle, b));
  }
  return panels.reduce((sum, p) => sum + p.value, 0);
}

/** Integral over [from, infinity) of a function that falls off at least as 1 / x^2; x = from + t / (1 - t). */
export function integrateToInfinity(f: (x: number) => number, from: number, relative = 1e-12): number {
  return integrate((t) => f(from + t / (1 - t)) / (1 - t) ** 2, 0, 1, relative);
}
