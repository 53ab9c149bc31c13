/** Retrieval of tissue classes as a run with a result. */
import { UsageError } from '../errors.ts';
import { encodeLabels } from '../eval/classification/index.ts';
import {
  patchToSupport,
  prototypeToPatch,
  type RetrievalOptions,
  type RetrievalResult,
} from '../eval/retrieval/index.ts';
import type { LabelledData } from './labelled-data.ts';

export const RETRIEVAL_DIRECTIONS = ['prototype-to-patch', 'patch-to-support'] as const;

export interface RetrievalRun {
  readonly kind: 'retrieval benchmark';
  readonly support: { readonly name: string; readonly patches: number };
  readonly gallery: { readonly name: string; readonly patches: number };
  readonly notes: readonly string[];
  readonly encoder: Readonly<Record<string, string>>;
  readonly results: readonly RetrievalResult[];
}

/** Support and gallery of one labelled set, by its parts `train` and `test`. */
export function supportAndGallery(data: LabelledData): [LabelledData, LabelledData] {
  const part = (name: string): LabelledData => {
    const rows = data.items.flatMap(({ split }, i) => (split === name ? [i] : []));
    const width = data.features.cols;
    const features = new Float32Array(rows.length * width);
    for (const [r, i] of rows.entries()) {
      features.set(data.features.data.subarray(i * width, (i + 1) * width), r * width);
    }
    return {
      ...data,
      name: `${data.name} (${name})`,
      items: rows.map((i) => data.items[i]!),
      features: { rows: rows.length, cols: width, data: features },
    };
  };
  const [support, gallery] = [part('train'), part('test')];
  if (support.items.length > 0 && gallery.items.length > 0) return [support, gallery];
  throw new UsageError('retrieval', {
    need: 'a support and a gallery: two folders, or parts train and test in a column split',
    found: `${support.items.length} train and ${gallery.items.length} test items in ${data.name}`,
  });
}

/** Both sets by the class numbers of the support. */
export function benchmarkRetrieval(
  support: LabelledData,
  gallery: LabelledData,
  directions: readonly RetrievalResult['direction'][],
  options: RetrievalOptions,
): RetrievalRun {
  const classes = [...new Set([...support.classes, ...gallery.classes])];
  const patches = ({ features, items }: LabelledData) => ({
    features,
    codes: encodeLabels(
      items.map(({ label }) => label),
      classes,
    ).codes,
  });
  const [from, to] = [patches(support), patches(gallery)];
  const results = directions.map((direction) =>
    direction === 'prototype-to-patch'
      ? prototypeToPatch(from, to, classes, options)
      : patchToSupport(from, to, classes, options),
  );
  return {
    kind: 'retrieval benchmark',
    support: { name: support.name, patches: support.items.length },
    gallery: { name: gallery.name, patches: gallery.items.length },
    notes: [...new Set([...support.notes, ...gallery.notes])],
    encoder: support.encoder,
    results,
  };
}
