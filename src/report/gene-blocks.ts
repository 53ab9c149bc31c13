/** Which genes are predicted how well. */
import { type ExpressionSplit, meanDefined } from '../eval/index.ts';
import { cell, numberColumns } from '../eval/results/index.ts';
import { figure, type ReportBlock, table } from './document.ts';
import { type GeneDots, geneDotChart, histogram } from './result-charts.ts';

const SHOWN = 25;

/** Genes by falling mean PCC over the folds that predict them; JSON's null counts as undefined. */
function genesOf({ folds }: ExpressionSplit): GeneDots[] {
  const values = new Map<string, number[]>();
  for (const { genes, perGene } of folds) {
    for (const [g, gene] of genes.entries()) {
      const pcc = (perGene.pcc as ArrayLike<number | null>)[g] ?? Number.NaN;
      values.set(gene, [...(values.get(gene) ?? []), pcc]);
    }
  }
  return [...values]
    .map(([gene, all]) => ({ gene, folds: all, mean: meanDefined(all) }))
    .filter(({ mean }) => !Number.isNaN(mean))
    .sort((a, b) => b.mean - a.mean || (a.gene < b.gene ? -1 : 1));
}

/** A dot plot of the best genes of every split, all genes as histograms, and the best ten in numbers. */
export async function geneBlocks(splits: readonly ExpressionSplit[]): Promise<ReportBlock[]> {
  const ranked = splits.map((split) => ({ split, genes: genesOf(split) }));
  const some = ranked.filter(({ genes }) => genes.length > 0);
  if (some.length === 0) return [];
  const blocks: ReportBlock[] = [];
  for (const { split, genes } of some) {
    const caption = `${Math.min(SHOWN, genes.length)} of ${genes.length} genes, best first`;
    blocks.push(figure(caption, await geneDotChart(genes.slice(0, SHOWN), split.title)));
  }
  const series = some.map(({ split, genes }) => ({ name: split.title, values: genes.map((g) => g.mean) }));
  blocks.push(figure('All genes', await histogram(series, 'Mean PCC of every gene', 'PCC')));
  for (const { split, genes } of some) {
    const rows = genes
      .slice(0, 10)
      .map(({ gene, mean, folds }) => [
        gene,
        cell(mean),
        cell(Math.min(...folds.filter((v) => !Number.isNaN(v)))),
        cell(Math.max(...folds.filter((v) => !Number.isNaN(v)))),
        String(folds.length),
      ]);
    const columns = numberColumns('gene', 'mean PCC', 'lowest fold', 'highest fold', 'folds');
    blocks.push(table(`genes ${split.name}`, { columns, rows }, `Ten best genes, ${split.title}`));
  }
  return blocks;
}
