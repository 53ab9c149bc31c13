/** Summary of a backbone's state-space layers, and of what their poles can tell apart. */
import { UsageError } from '../../errors.ts';
import { quartiles } from '../aggregate.ts';
import { cell, numberColumns, type ProtocolCard, type ResultTable } from '../results/index.ts';
import {
  effectivePoles,
  frozenStep,
  type StateSpaceLayer,
  type StoredArray,
  stateSpaceLayers,
} from './effective-poles.ts';
import {
  type DiagonalSystem,
  poleVariations,
  type Side,
  totalVariation,
  variationBound,
} from './transfer-function.ts';

/** Quartiles, NaN left out; null where no value is defined. */
export interface Spread {
  readonly q1: number | null;
  readonly median: number | null;
  readonly q3: number | null;
}

export interface PoleLayer {
  readonly name: string;
  readonly channels: number;
  readonly states: number;
  readonly step: Spread;
  /** Over all channels and states. */
  readonly memoryTokens: Spread;
  /** Cycles per token, of the states that have one. */
  readonly halfPower: Spread;
  /** States without a half-power frequency: they pass all frequencies. */
  readonly allPass: number;
}

/** Plain JSON. */
export interface PoleSurvey {
  readonly card: ProtocolCard;
  readonly layers: readonly PoleLayer[];
}

function spreadOf(values: ArrayLike<number>): Spread {
  const { q1, median, q3 } = quartiles(values);
  const known = (v: number) => (Number.isNaN(v) ? null : v);
  return { q1: known(q1), median: known(median), q3: known(q3) };
}

function surveyLayer(layer: StateSpaceLayer, projected: ArrayLike<number> | undefined): PoleLayer {
  const step = frozenStep(layer, projected);
  const poles = effectivePoles(layer, step);
  return {
    name: layer.name,
    channels: layer.channels,
    states: layer.states,
    step: spreadOf(step),
    memoryTokens: spreadOf(poles.memoryTokens),
    halfPower: spreadOf(poles.halfPower),
    allPass: poles.halfPower.filter(Number.isNaN).length,
  };
}

/**
 * Effective poles of every state-space layer at its initial, trained or given step.
 *
 * @param parameters a backbone's parameters outside the compute engine, by full name.
 * @param projected  per layer name, see `frozenStep`; layers without an entry use 0.
 * @throws UsageError for a backbone without state-space layers, or an entry for a layer that it does not have.
 */
export function surveyPoles(
  parameters: ReadonlyMap<string, StoredArray>,
  projected: ReadonlyMap<string, ArrayLike<number>> = new Map(),
): PoleSurvey {
  const found = stateSpaceLayers(parameters);
  if (found.length === 0) {
    throw new UsageError('pole survey', {
      need: 'a backbone with state-space layers (parameters named A_log)',
      found: `${parameters.size} parameters without one`,
    });
  }
  const names = new Set(found.map((layer) => layer.name));
  const stranger = [...projected.keys()].find((name) => !names.has(name));
  if (stranger !== undefined) {
    throw new UsageError('pole survey', { need: `steps for ${[...names].join(', ')}`, found: stranger });
  }
  const layers = found.map((layer) => surveyLayer(layer, projected.get(layer.name)));
  const passing = layers.filter((layer) => layer.allPass > 0);
  const card: ProtocolCard = {
    task: 'effective poles of state-space layers',
    steps: [
      'A = -exp(A_log), real and negative',
      'Delta = softplus(projected + 2 bias), frozen',
      'discrete pole exp(Delta A) per channel and state; quartiles over both',
    ],
    settings: {
      projected: projected.size === 0 ? '0' : `given for ${projected.size} of ${layers.length} layers`,
    },
    counts: { layers: layers.length, poles: layers.reduce((sum, l) => sum + l.channels * l.states, 0) },
    seeds: {},
    tieRules: [],
    undefinedValues: passing.map(
      ({ name, allPass }) =>
        `${name}: ${allPass} states pass all frequencies and have no half-power frequency`,
    ),
  };
  return { card, layers };
}

/** One row per layer. */
export function formatPoleSurvey({ layers }: PoleSurvey): ResultTable {
  return {
    columns: numberColumns(
      'layer',
      'channels',
      'states',
      'Delta',
      'memory (tokens)',
      'half power (cycles/token)',
      'all-pass states',
    ),
    rows: layers.map((layer) => [
      layer.name,
      String(layer.channels),
      String(layer.states),
      ...[layer.step, layer.memoryTokens, layer.halfPower].map(
        ({ q1, median, q3 }) => `${cell(median, 4)} (${cell(q1, 4)}-${cell(q3, 4)})`,
      ),
      String(layer.allPass),
    ]),
  };
}

/** Total variation beyond one frequency; plain JSON. */
export interface VariationRow {
  readonly omega0: number;
  readonly variation: number;
  /** Sum of the poles' own variations, the tighter bound. */
  readonly poleSum: number;
  /** Sum |r| / (omega0 - Im a); null where omega0 is not beyond every pole. */
  readonly bound: number | null;
}

/** Variation and bounds of a system at several frequencies. */
export function variationRows(
  system: DiagonalSystem,
  omegas: readonly number[],
  side: Side = 'above',
): VariationRow[] {
  return omegas.map((omega0) => {
    const bound = variationBound(system, omega0, side);
    return {
      omega0,
      variation: totalVariation(system, omega0, side),
      poleSum: poleVariations(system, omega0, side).reduce((sum, v) => sum + v, 0),
      bound: Number.isNaN(bound) ? null : bound,
    };
  });
}

/** {@link variationRows} as a table. */
export function formatVariation(rows: readonly VariationRow[]): ResultTable {
  return {
    columns: numberColumns('omega0', 'variation', 'sum over poles', 'bound'),
    rows: rows.map(({ omega0, variation, poleSum, bound }) => [
      omega0.toPrecision(4),
      variation.toExponential(3),
      poleSum.toExponential(3),
      bound === null ? 'n/a' : bound.toExponential(3),
    ]),
  };
}
