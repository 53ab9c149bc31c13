/** Maps of the genes that a benchmark predicts best, measured beside predicted. */
import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { type Matrix, matrixColumn } from '../core/matrix.ts';
import { type ExpressionSplit, meanDefined } from '../eval/index.ts';
import { renderGeneMapPair } from '../report/index.ts';
import type { Section } from '../spatial/index.ts';
import { sectionThumbnail } from './section-thumbnail.ts';

/** One picture; `file` relative to the run's folder. */
export interface BenchmarkMap {
  readonly split: string;
  readonly fold: string;
  readonly section: string;
  readonly gene: string;
  readonly file: string;
}

/** Measured and predicted values of one fold of the split that is drawn. */
export interface MapFold {
  readonly fold: string;
  readonly genes: readonly string[];
  /** Indices of the test spots, counted through all sections. */
  readonly rows: readonly number[];
  readonly measured: Matrix<Float32Array>;
  readonly predicted: Matrix<Float32Array>;
}

export interface MapOptions {
  /** Genes drawn; default 3. */
  readonly genes?: number;
  /** Sections drawn, one per fold, folds in order; default 2. */
  readonly sections?: number;
}

/** The split that says most about new tissue. */
export function mappedSplit(names: readonly string[]): string {
  return (
    ['study', 'task', 'patient', 'hest-patients', 'section'].find((name) => names.includes(name)) ?? names[0]!
  );
}

/** Genes that at least half of the folds predict, by falling mean PCC over those folds, undefined ones left out. */
export function genesByPcc({ folds }: ExpressionSplit): { gene: string; pcc: number }[] {
  const values = new Map<string, number[]>();
  for (const { genes, perGene } of folds) {
    for (const [g, gene] of genes.entries()) values.set(gene, [...(values.get(gene) ?? []), perGene.pcc[g]!]);
  }
  return [...values]
    .filter(([, pccs]) => 2 * pccs.length >= folds.length)
    .map(([gene, pccs]) => ({ gene, pcc: meanDefined(pccs) }))
    .filter(({ pcc }) => !Number.isNaN(pcc))
    .sort((a, b) => b.pcc - a.pcc || (a.gene < b.gene ? -1 : 1));
}

const safe = (name: string) => name.replace(/[^\w.-]/g, '_');

interface Place {
  readonly section: Section;
  /** Index of the section's first spot among all spots. */
  readonly first: number;
}

/** The section of a fold with most test spots. */
function mainSection({ rows }: MapFold, places: readonly Place[]): Place {
  const test = new Set(rows);
  const size = ({ section, first }: Place) =>
    section.spots.reduce((n, _, i) => n + (test.has(first + i) ? 1 : 0), 0);
  return places.reduce((a, b) => (size(b) > size(a) ? b : a));
}

/** Draws the best genes over one section of each of the first folds into `<folder>/maps`. */
export async function drawBenchmarkMaps(
  folder: string,
  split: ExpressionSplit,
  folds: readonly MapFold[],
  sections: readonly Section[],
  { genes: geneCount = 3, sections: sectionCount = 2 }: MapOptions = {},
): Promise<BenchmarkMap[]> {
  let next = 0;
  const places = sections.map((section) => {
    const place = { section, first: next };
    next += section.spots.length;
    return place;
  });
  const best = genesByPcc(split).map(({ gene }) => gene);
  const maps: BenchmarkMap[] = [];
  for (const fold of folds.slice(0, sectionCount)) {
    const { section, first } = mainSection(fold, places);
    const local = fold.rows.flatMap((row, i) =>
      row >= first && row < first + section.spots.length ? [{ spot: row - first, row: i }] : [],
    );
    const thumbnail = await sectionThumbnail(section, 420);
    for (const gene of best.filter((name) => fold.genes.includes(name)).slice(0, geneCount)) {
      const column = fold.genes.indexOf(gene);
      const values = (m: Matrix) => {
        const all = matrixColumn(m, column);
        return local.map(({ row }) => all[row]!);
      };
      const png = await renderGeneMapPair({
        image: thumbnail,
        panelPx: 420,
        spots: local.map(({ spot }) => section.spots[spot]!),
        title: `${gene}, ${section.id}`,
        unit: 'target, ln(1 + count)',
        spotDiameterPx: 100 / section.mpp,
        mpp: section.mpp,
        measured: values(fold.measured),
        predicted: values(fold.predicted),
      });
      const file = `maps/${safe(gene)}-${safe(section.id)}.png`;
      await writeFileAtomically(join(folder, file), png);
      maps.push({ split: split.name, fold: fold.fold, section: section.id, gene, file });
    }
  }
  return maps;
}
