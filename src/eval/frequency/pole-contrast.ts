/** What real poles can tell apart at high frequencies, against complex poles of the same number. */

import { quartiles } from '../aggregate.ts';
import { cell, numberColumns, type ProtocolCard, type ResultTable } from '../results/index.ts';
import { type StoredArray, stateSpaceLayers } from './effective-poles.ts';
import { type VariationRow, variationRows } from './pole-survey.ts';
import type { DiagonalSystem } from './transfer-function.ts';

export interface ContrastRow {
  /** Radians per unit of continuous time. */
  readonly omega0: number;
  readonly real: VariationRow;
  readonly complex: VariationRow;
}

/** Plain JSON. */
export interface PoleContrast {
  readonly card: ProtocolCard;
  readonly rows: readonly ContrastRow[];
}

/** Frequencies at which the variation that is left is measured. */
const OMEGAS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128];

/** Every pole with the same share of a response of 1 in all. */
function equalShares(poleRe: readonly number[], poleIm: readonly number[]): DiagonalSystem {
  return { poleRe, poleIm, residueRe: poleRe.map(() => 1 / poleRe.length) };
}

/** S4D-Lin: conjugate pairs -1/2 +- i pi n. @source Gu et al. 2022, arXiv:2206.11893. */
function linearPoles(states: number): DiagonalSystem {
  const im = Array.from({ length: states }, (_, j) => Math.PI * Math.floor(j / 2) * (j % 2 === 0 ? 1 : -1));
  return equalShares(
    im.map(() => -0.5),
    im,
  );
}

/**
 * Total variation of the transfer function beyond rising frequencies, and its bound: for the layers' real poles (per state
 * the median over channels and layers) and for a system of as many complex poles. Undefined without state-space layers.
 *
 * @source Yu et al., ICLR 2025: sum |r| / (omega0 - Im a) bounds the variation beyond omega0 > max Im a.
 */
export function contrastPoles(parameters: ReadonlyMap<string, StoredArray>): PoleContrast | undefined {
  const layers = stateSpaceLayers(parameters);
  const states = layers[0]?.states;
  if (states === undefined) return undefined;
  const alike = layers.filter((layer) => layer.states === states);
  const median = (n: number) => {
    const values = alike.flatMap(({ channels, aLog }) =>
      Array.from({ length: channels }, (_, c) => -Math.exp(aLog[c * states + n]!)),
    );
    return quartiles(values).median;
  };
  const poles = Array.from({ length: states }, (_, n) => median(n));
  const real = variationRows(
    equalShares(
      poles,
      poles.map(() => 0),
    ),
    OMEGAS,
  );
  const complex = variationRows(linearPoles(states), OMEGAS);
  const card: ProtocolCard = {
    task: 'variation of transfer functions',
    steps: [
      'real: A = -exp(A_log), per state the median over channels and layers',
      `complex: as many poles in conjugate pairs, -1/2 +- i pi n (S4D-Lin)`,
      'every pole with an equal share of the response; integral of |dG / d omega| from omega0 on, and the bound sum |r| / (omega0 - Im a)',
    ],
    settings: { realPoles: poles.map((pole) => Number(pole.toPrecision(6))), omega0: OMEGAS },
    counts: { layers: alike.length, states },
    seeds: {},
    tieRules: [],
    undefinedValues: [],
  };
  return {
    card,
    rows: OMEGAS.map((omega0, i) => ({ omega0, real: real[i]!, complex: complex[i]! })),
  };
}

/** One row per frequency; no bound where a pole's own frequency lies beyond it. */
export function formatPoleContrast({ rows }: PoleContrast): ResultTable {
  return {
    columns: numberColumns('omega0', 'real', 'real, bound', 'complex', 'complex, bound'),
    rows: rows.map(({ omega0, real, complex }) => [
      String(omega0),
      ...[real, complex].flatMap(({ variation, bound }) => [cell(variation, 4), cell(bound, 4)]),
    ]),
  };
}
