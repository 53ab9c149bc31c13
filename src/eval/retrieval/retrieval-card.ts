/** Options of a retrieval and the card that tells about them. */
import { UsageError } from '../../errors.ts';
import type { ProtocolCard } from '../results/index.ts';
import type { ClassRetrieval, RetrievalResult } from './result.ts';

export interface RetrievalOptions {
  /** Subtract the support mean from all embeddings first; default false. */
  readonly centred?: boolean;
  /** Depths of Acc@K and precision@K; default 1, 3, 5, 10. */
  readonly ks?: readonly number[];
  /** Neighbours of the majority vote; default 5 (MVAcc@5). */
  readonly majorityK?: number;
}

/** Options with their defaults filled in. */
export type Settings = Required<RetrievalOptions>;

/** @throws UsageError for a K that is no whole number of at least 1. */
export function settings({ centred = false, ks = [1, 3, 5, 10], majorityK = 5 }: RetrievalOptions): Settings {
  if (ks.length === 0 || ![...ks, majorityK].every((k) => Number.isInteger(k) && k >= 1)) {
    throw new UsageError('retrieval', {
      need: 'whole numbers of at least 1 for every K',
      found: [...ks, majorityK].join(', '),
    });
  }
  return { centred, ks, majorityK };
}

/** Remarks on classes and depths that a reader would stumble over. */
function remarks(
  direction: RetrievalResult['direction'],
  { ks, majorityK }: Settings,
  perClass: readonly ClassRetrieval[],
  searched: number,
  what: string,
): string[] {
  const notes: string[] = [];
  const deep = [...new Set([...ks, majorityK])].filter((k) => k > searched);
  if (deep.length > 0)
    notes.push(`K = ${deep.join(', ')} is more than the ${searched} ${what} patches: all are taken`);
  for (const row of perClass) {
    if (row.support === 0) {
      const effect = direction === 'prototype-to-patch' ? 'no value' : 'its patches can never match';
      notes.push(`${row.class} has no support patch: ${effect}`);
    }
    if (row.gallery === 0) notes.push(`${row.class} has no gallery patch: no value`);
  }
  if (direction === 'patch-to-support') return notes;
  for (const row of perClass) {
    const beyond = ks.filter((k) => k > row.gallery && k <= searched);
    if (row.gallery > 0 && row.support > 0 && beyond.length > 0) {
      const most = beyond.map((k) => `${row.gallery}/${k}`).join(', ');
      notes.push(`${row.class} has ${row.gallery} gallery patches: precision is at most ${most}`);
    }
  }
  return notes;
}

/** Protocol card of one direction; `searched` counts the patches that are ranked. */
export function cardOf(
  direction: RetrievalResult['direction'],
  set: Settings,
  perClass: readonly ClassRetrieval[],
  searched: number,
  what: string,
): ProtocolCard {
  const total = (key: 'support' | 'gallery') => perClass.reduce((sum, row) => sum + row[key], 0);
  const scaled = set.centred
    ? 'support mean subtracted, then scaled to unit length'
    : 'scaled to unit length';
  const steps =
    direction === 'prototype-to-patch'
      ? [
          `embeddings ${scaled}`,
          'one prototype per class: the mean of its support embeddings, scaled to unit length',
          'gallery ranked by cosine similarity to each prototype; means over classes',
        ]
      : [
          `embeddings ${scaled}`,
          'support ranked by cosine similarity to each gallery patch; means over patches',
        ];
  return {
    task: `retrieval, ${direction}`,
    steps,
    settings: { centred: set.centred, ks: set.ks, majorityK: set.majorityK },
    counts: { classes: perClass.length, support: total('support'), gallery: total('gallery') },
    seeds: {},
    tieRules: [
      `equal similarities: the ${what} patch of the lowest index`,
      'equal votes of the majority: the class of the lowest index',
    ],
    undefinedValues: remarks(direction, set, perClass, searched, what),
  };
}
