/** Diagonal linear systems in the frequency domain. */
import { ShapeError, UsageError } from '../../errors.ts';
import { integrateToInfinity } from '../numeric/index.ts';

/** G(s) = sum_j r_j / (s - a_j) + d with poles a_j and residues r_j = c_j b_j. */
export interface DiagonalSystem {
  /** Real and imaginary parts of the poles; real parts below 0 (stable). */
  readonly poleRe: ArrayLike<number>;
  readonly poleIm: ArrayLike<number>;
  readonly residueRe: ArrayLike<number>;
  /** Default 0. */
  readonly residueIm?: ArrayLike<number>;
  /** Direct path d; default 0. */
  readonly direct?: number;
}

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** @throws ShapeError for lists of unequal length; UsageError for a pole that is not stable. */
export function checkSystem({ poleRe, poleIm, residueRe, residueIm }: DiagonalSystem): void {
  const lengths = [poleRe.length, poleIm.length, residueRe.length, residueIm?.length ?? poleRe.length];
  if (lengths.some((length) => length !== lengths[0])) {
    throw new ShapeError('transfer function', {
      need: 'as many residues as poles',
      found: lengths.join(', '),
    });
  }
  const unstable = Array.from(poleRe).find((re) => !(re < 0));
  if (unstable === undefined) return;
  throw new UsageError('transfer function', {
    need: 'poles with a negative real part',
    found: `${unstable}`,
  });
}

/** (a + ib) / (c + id) */
export function divide(a: number, b: number, c: number, d: number): Complex {
  const square = c * c + d * d;
  return { re: (a * c + b * d) / square, im: (b * c - a * d) / square };
}

/** Frequency response G(i omega). */
export function transferFunction(system: DiagonalSystem, omega: number): Complex {
  checkSystem(system);
  let [re, im] = [system.direct ?? 0, 0];
  for (let j = 0; j < system.poleRe.length; j++) {
    const term = divide(
      system.residueRe[j]!,
      system.residueIm?.[j] ?? 0,
      -system.poleRe[j]!,
      omega - system.poleIm[j]!,
    );
    re += term.re;
    im += term.im;
  }
  return { re, im };
}

/** |dG / d omega|: every pole contributes -i r / (i omega - a)^2. */
function slope({ poleRe, poleIm, residueRe, residueIm }: DiagonalSystem, omega: number): number {
  let [re, im] = [0, 0];
  for (let j = 0; j < poleRe.length; j++) {
    const [x, y] = [-poleRe[j]!, omega - poleIm[j]!];
    const term = divide(residueRe[j]!, residueIm?.[j] ?? 0, x * x - y * y, 2 * x * y);
    re += term.im;
    im -= term.re;
  }
  return Math.hypot(re, im);
}

/** The same system seen from negative frequencies: omega -> -omega. */
function mirrored(system: DiagonalSystem): DiagonalSystem {
  const negate = (values: ArrayLike<number>) => Array.from(values, (v) => -v);
  const { residueIm, ...rest } = system;
  return {
    ...rest,
    poleIm: negate(system.poleIm),
    ...(residueIm === undefined ? {} : { residueIm: negate(residueIm) }),
  };
}

/** `above`: frequencies from omega0 to infinity. `below`: from minus infinity to omega0. */
export type Side = 'above' | 'below';

/** Reduces `below` to `above`. */
function seen(
  system: DiagonalSystem,
  omega0: number,
  side: Side,
): { system: DiagonalSystem; omega0: number } {
  checkSystem(system);
  return side === 'above' ? { system, omega0 } : { system: mirrored(system), omega0: -omega0 };
}

/**
 * Total variation of G over all frequencies beyond omega0: the length of the path that G(i omega) runs. A layer
 * can tell apart two high frequencies only as far as G varies there.
 *
 * Numerical integral of |dG / d omega|, to a relative 1e-12.
 *
 * @source Yu et al., ICLR 2025 (frequency bias of state-space models).
 */
export function totalVariation(system: DiagonalSystem, omega0: number, side: Side = 'above'): number {
  const from = seen(system, omega0, side);
  return integrateToInfinity((omega) => slope(from.system, omega), from.omega0);
}

/** |r| of pole j. */
const size = ({ residueRe, residueIm }: DiagonalSystem, j: number) =>
  Math.hypot(residueRe[j]!, residueIm?.[j] ?? 0);

/**
 * Total variation of every pole's own term, in closed form:
 *   |r| / |Re a| * arctan(|Re a| / (omega0 - Im a)), the arctangent taken from 0 to pi.
 * Their sum bounds the system's variation from above.
 */
export function poleVariations(system: DiagonalSystem, omega0: number, side: Side = 'above'): number[] {
  const from = seen(system, omega0, side);
  return Array.from(system.poleRe, (re, j) => {
    const angle = Math.atan2(-re, from.omega0 - from.system.poleIm[j]!);
    return (size(system, j) / -re) * angle;
  });
}

/**
 * The simpler bound sum |r| / (omega0 - Im a) on the total variation beyond omega0. With real poles it is
 * sum |r| / omega0: variation falls off from frequency 0 on. Complex poles carry it out to their own frequency.
 *
 * NaN where omega0 does not lie beyond the imaginary part of every pole: the bound says nothing there.
 */
export function variationBound(system: DiagonalSystem, omega0: number, side: Side = 'above'): number {
  const from = seen(system, omega0, side);
  let bound = 0;
  for (let j = 0; j < system.poleRe.length; j++) {
    const distance = from.omega0 - from.system.poleIm[j]!;
    if (!(distance > 0)) return Number.NaN;
    bound += size(system, j) / distance;
  }
  return bound;
}
