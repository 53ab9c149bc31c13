/** From a run's folder to its report. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { csvText } from '../core/csv.ts';
import { DataError, UsageError } from '../errors.ts';
import {
  documentCsv,
  documentHtml,
  documentJson,
  documentMarkdown,
  type ExpressionRun,
  expressionReport,
  type ReportDocument,
  scatterChart,
} from '../report/index.ts';
import { mapEmbeddings } from './embedding-map.ts';

const OPERATION = 'report';

/** The parts of a result that every kind of report relies on. */
const anyResult = z.looseObject({ kind: z.string() });
const expressionResult = z.looseObject({
  kind: z.literal('expression benchmark'),
  protocol: z.record(z.string(), z.unknown()),
  splits: z.array(z.looseObject({ name: z.string(), folds: z.array(z.looseObject({})) })),
  drops: z.array(z.looseObject({})),
  sections: z.array(z.looseObject({ id: z.string() })),
});

async function readResult(folder: string): Promise<z.infer<typeof anyResult>> {
  const path = join(folder, 'result.json');
  if (!existsSync(path)) {
    throw new UsageError(OPERATION, {
      need: 'the folder of a finished run, with result.json',
      found: `no file ${path}`,
    });
  }
  try {
    return anyResult.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(path: string, cause?: unknown): DataError {
  return new DataError(OPERATION, {
    need: 'a result of this package',
    found: `another or damaged file ${path}`,
    next: 'run the benchmark again',
    cause,
  });
}

interface MapEntry {
  readonly file: string;
  readonly gene: string;
  readonly section: string;
  readonly split: string;
  readonly fold: string;
}

async function mapFigures(folder: string, maps: readonly MapEntry[]) {
  const figures = [];
  for (const { file, gene, section, split, fold } of maps) {
    const path = join(folder, file);
    if (!existsSync(path))
      throw new DataError(OPERATION, {
        need: `the map ${file}`,
        found: 'none',
        next: 'run the benchmark again',
      });
    const caption = `${gene} over section ${section}, measured and predicted without it (${split}, fold ${fold})`;
    figures.push({ caption, png: await readFile(path) });
  }
  return figures;
}

/** UMAP by study and by patient; the points go to `umap.csv`. */
async function embeddingFigures(folder: string, { sections }: ExpressionRun) {
  const points = await mapEmbeddings(join(folder, 'embeddings'), { seed: 0 });
  const known = new Map(sections.map((section) => [section.id, section]));
  const own = points.flatMap((point) => {
    const section = known.get(point.source);
    return section === undefined ? [] : [{ ...point, section }];
  });
  if (own.length === 0) return [];
  const rows = own.map(({ source, row, section, x, y }) => [
    source,
    row,
    section.study,
    section.patient,
    x,
    y,
  ]);
  await writeFileAtomically(
    join(folder, 'umap.csv'),
    csvText(['section', 'barcode', 'study', 'patient', 'x', 'y'], rows),
  );
  const colour = async (title: string, label: (section: (typeof own)[number]['section']) => string) => ({
    caption: `UMAP of ${own.length} feature vectors by ${title}, seed 0. Separate clouds mean that the encoder tells them apart.`,
    svg: await scatterChart(
      own.map(({ x, y, section }) => ({ x, y, label: label(section) })),
      `By ${title}`,
    ),
  });
  const single = new Set(sections.map(({ study }) => study)).size === 1;
  return [
    await colour('study', ({ study }) => study),
    await colour('patient', ({ study, patient }) => (single ? patient : `${study} / ${patient}`)),
  ];
}

async function documentOf(folder: string): Promise<ReportDocument> {
  const result = await readResult(folder);
  const path = join(folder, 'result.json');
  if (result.kind === 'expression benchmark') {
    const parsed = expressionResult.safeParse(result);
    if (!parsed.success) throw damaged(path, parsed.error);
    const run = result as unknown as ExpressionRun & { maps?: readonly MapEntry[] };
    return expressionReport(run, {
      maps: await mapFigures(folder, run.maps ?? []),
      embedding: await embeddingFigures(folder, run),
    });
  }
  throw damaged(path);
}

/**
 * Writes `report.html`, `.md`, `.csv` and `.json` into the folder of a finished run and returns their paths.
 *
 * @throws UsageError for a folder without result.json, DataError for one that cannot be read.
 */
export async function writeReport(folder: string): Promise<string[]> {
  const report = await documentOf(folder);
  const files = [
    ['report.html', documentHtml(report)],
    ['report.md', documentMarkdown(report)],
    ['report.csv', documentCsv(report)],
    ['report.json', documentJson(report)],
  ] as const;
  for (const [name, content] of files) await writeFileAtomically(join(folder, name), content);
  return files.map(([name]) => join(folder, name));
}
