/** What a result's reader must know to repeat it or to compare it with another. */
import type { ResultTable } from './result-table.ts';

export type CardValue = string | number | boolean | null | readonly number[] | readonly string[];

/** Stands beside every task result; plain JSON. */
export interface ProtocolCard {
  /** E.g. `classification by logistic regression`. */
  readonly task: string;
  /** What was done, in order, one sentence each. */
  readonly steps: readonly string[];
  /** Every choice with its value, defaults included. */
  readonly settings: Readonly<Record<string, CardValue>>;
  /** How many of what entered. */
  readonly counts: Readonly<Record<string, number>>;
  readonly seeds: Readonly<Record<string, number>>;
  /** How equal values were told apart. */
  readonly tieRules: readonly string[];
  /** Values that could not be computed or were left out of an average, and why; empty when there were none. */
  readonly undefinedValues: readonly string[];
}

function shown(value: CardValue): string {
  if (value === null) return 'none';
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/** The card as a table of two columns. */
export function formatCard(card: ProtocolCard): ResultTable {
  const many = (name: string, lines: readonly string[]) => lines.map((line) => [name, line]);
  const named = (values: Readonly<Record<string, CardValue>>, prefix = '') =>
    Object.entries(values).map(([name, value]) => [prefix + name, shown(value)]);
  return {
    columns: [{ header: 'item' }, { header: 'value' }],
    rows: [
      ['task', card.task],
      ...many('step', card.steps),
      ...named(card.settings),
      ...named(card.counts),
      ...named(card.seeds, 'seed: '),
      ...many('ties', card.tieRules),
      ...many('undefined', card.undefinedValues),
    ],
  };
}
