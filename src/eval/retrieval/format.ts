/** Retrieval results as a table. */
import { cell, numberColumns, type ResultTable } from '../results/index.ts';
import type { AtK, RetrievalResult } from './result.ts';

/** One row per class, the mean last. */
export function formatRetrieval({ perClass, mean, majorityK, direction }: RetrievalResult): ResultTable {
  const withMap = direction === 'prototype-to-patch';
  const line = (accuracy: readonly AtK[], precision: readonly AtK[], majority: number | null) => [
    ...accuracy.map(({ value }) => cell(value)),
    cell(majority),
    ...precision.map(({ value }) => cell(value)),
  ];
  const total = (key: 'support' | 'gallery') => String(perClass.reduce((sum, row) => sum + row[key], 0));
  const headers = [
    ...mean.accuracy.map(({ k }) => `Acc@${k}`),
    `MVAcc@${majorityK}`,
    ...mean.precision.map(({ k }) => `P@${k}`),
    ...(withMap ? ['AP'] : []),
  ];
  return {
    columns: numberColumns('class', 'support', 'gallery', ...headers),
    rows: [
      ...perClass.map((row) => [
        row.class,
        String(row.support),
        String(row.gallery),
        ...line(row.accuracy, row.precision, row.majority),
        ...(withMap ? [cell(row.averagePrecision)] : []),
      ]),
      [
        'mean',
        total('support'),
        total('gallery'),
        ...line(mean.accuracy, mean.precision, mean.majority),
        ...(withMap ? [cell(mean.map)] : []),
      ],
    ],
  };
}
