/** What a retrieval evaluation hands back; plain JSON. */
import type { ProtocolCard } from '../results/index.ts';

/** Values by K, in the order in which the K were asked for. */
export interface AtK {
  readonly k: number;
  readonly value: number | null;
}

/** Retrieval for one class: by its prototype, or the mean over its query patches. */
export interface ClassRetrieval {
  readonly class: string;
  readonly support: number;
  readonly gallery: number;
  /** 1 when any of the first K has the class. */
  readonly accuracy: readonly AtK[];
  /** Share of the first K that have the class. */
  readonly precision: readonly AtK[];
  /** 1 when the majority of the first `majorityK` has the class. */
  readonly majority: number | null;
  /** Over the whole gallery; null where the direction does not define it. */
  readonly averagePrecision: number | null;
}

export interface RetrievalResult {
  readonly card: ProtocolCard;
  /** `prototype-to-patch`: one query per class. `patch-to-support`: one per gallery patch. */
  readonly direction: 'prototype-to-patch' | 'patch-to-support';
  readonly classes: readonly string[];
  /** Neighbours whose majority is taken. */
  readonly majorityK: number;
  readonly perClass: readonly ClassRetrieval[];
  /** Mean over queries: over classes with a value, or over all patches. */
  readonly mean: {
    readonly accuracy: readonly AtK[];
    readonly precision: readonly AtK[];
    readonly majority: number | null;
    /** Mean average precision. */
    readonly map: number | null;
  };
  /** Per query the ranked indices of the first max(K): of gallery patches, or of support patches. */
  readonly top: readonly (readonly number[])[];
}
