/** The scores of an expression benchmark as the browser shows them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunDetail } from '../contract/index.ts';
import { DataError } from '../errors.ts';
import { openSafetensors } from '../weights/index.ts';
import { readResult } from './catalogue/find-runs.ts';
import type { RunRecord } from './catalogue/records.ts';
import { realPathInside } from './security/inside.ts';

const fold = z.looseObject({
  name: z.string(),
  trainSections: z.array(z.string()),
  testSections: z.array(z.string()),
  trainSpots: z.number(),
  genes: z.array(z.string()),
  perGene: z.looseObject({ pcc: z.array(z.number().nullable()) }),
});
const expression = z.looseObject({
  protocol: z.record(z.string(), z.unknown()),
  sections: z.array(z.looseObject({ id: z.string(), spots: z.number() })),
  splits: z.array(z.looseObject({ name: z.string(), folds: z.array(fold) })),
});
const anyCard = z.looseObject({ protocol: z.record(z.string(), z.unknown()).optional() });

type Fold = z.infer<typeof fold>;

/** Rows of the predictions beside the result, by `<split>/<fold>`; empty where the file is absent. */
async function predictedRows({ folder, place }: RunRecord): Promise<Map<string, number>> {
  const path = join(folder, 'predictions.safetensors');
  const rows = new Map<string, number>();
  if (!existsSync(path)) return rows;
  const file = openSafetensors(await realPathInside(place.root, path));
  try {
    for (const [name, { shape }] of file.tensors) rows.set(name, shape[0] ?? 0);
  } finally {
    file.close();
  }
  return rows;
}

/** All spots of a fold's sections that are not trained on. */
function spotsLeft(
  { trainSections, testSections, trainSpots }: Fold,
  spots: ReadonlyMap<string, number>,
): number {
  const sections = new Set([...trainSections, ...testSections]);
  let sum = 0;
  for (const id of sections) sum += spots.get(id) ?? 0;
  return sum - trainSpots;
}

/** One line per gene, one value per fold; null where a fold does not have the gene or it is undefined. */
function genesOf(folds: readonly Fold[]): { gene: string; pcc: (number | null)[] }[] {
  const rows = new Map<string, (number | null)[]>();
  for (const [f, { genes, perGene }] of folds.entries()) {
    for (const [g, gene] of genes.entries()) {
      const pcc = rows.get(gene) ?? folds.map(() => null);
      pcc[f] = perGene.pcc[g] ?? null;
      rows.set(gene, pcc);
    }
  }
  return [...rows].map(([gene, pcc]) => ({ gene, pcc }));
}

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function protocolOf(protocol: Readonly<Record<string, unknown>> = {}): [string, string][] {
  return Object.entries(protocol).map(([name, value]) => [name, asText(value)]);
}

/** @throws DataError for a result that is damaged. */
export async function runDetail(record: RunRecord): Promise<RunDetail> {
  const path = await realPathInside(record.place.root, record.place.absolute);
  const { id, name, kind, report } = record.entry;
  const common = { id, name, kind, report };
  if (kind !== 'expression') {
    const { protocol } = anyCard.parse(await readResult(path));
    return { ...common, protocol: protocolOf(protocol), splits: [] };
  }
  const parsed = expression.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (!parsed.success) {
    throw new DataError('run', {
      need: 'the result of `benchmark expression`',
      found: `another form of it in ${record.entry.path}`,
      next: 'run that benchmark again with this version',
    });
  }
  const { protocol, sections, splits } = parsed.data;
  const spots = new Map(sections.map((section) => [section.id, section.spots]));
  const predicted = await predictedRows(record);
  return {
    ...common,
    protocol: protocolOf(protocol),
    splits: splits.map((split) => ({
      name: split.name,
      folds: split.folds.map((one) => ({
        name: one.name,
        testSpots: predicted.get(`${split.name}/${one.name}`) ?? spotsLeft(one, spots),
      })),
      genes: genesOf(split.folds),
    })),
  };
}
