/** Numerical integration. */

// 15-point Kronrod rule with the embedded 7-point Gauss rule: abscissae on [0, 1], symmetric.
const POINTS = [
  0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
  0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
  0.58608723546769113029414469372859, 0.405845151377397166906606412076961,
  0.207784955007898467600689403773245, 0,
];
const KRONROD = [
  0.02293532201052922496373200805897, 0.063092092629978553290700663189204,
  0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
  0.16900472663926790282658342659855, 0.190350578064785409913256402421014,
  0.204432940075298892414161999234649, 0.209482141084727828012999174891714,
];
const GAUSS = [
  0, 0.129484966168869693270611432679082, 0, 0.27970539148927666790146777142378, 0,
  0.381830050505118944950369775488975, 0, 0.417959183673469387755102040816327,
];

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
