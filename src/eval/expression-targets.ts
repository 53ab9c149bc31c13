/** What is predicted: which genes, and their transformed counts. */
import { type Matrix, vstack } from '../core/matrix.ts';
import { DataError } from '../errors.ts';
import {
  type GeneSelection,
  type GeneSelectionOptions,
  log1p,
  medianTotal,
  normalizeTotal,
  requireGenes,
  type Section,
  type SparseMatrix,
  selectGeneColumns,
  selectGenes,
  spotTotals,
  toDense,
} from '../spatial/index.ts';

export interface TargetOptions {
  /** A list taken as it is, or a rule. */
  readonly genes: readonly string[] | GeneSelectionOptions;
  /** Sections the rule sees: those of the training side (default), or all, as HEST's benchmark does. */
  readonly geneScope?: 'train' | 'all';
  /** Scale every spot to the training spots' median total before the logarithm; default false, as HEST. */
  readonly normalizeTotal?: boolean;
}

/** Genes measured (named, not necessarily detected) in every section, in the first section's order. */
export function sharedGenes(sections: readonly Section[]): string[] {
  const others = sections.slice(1).map(({ counts }) => new Set(counts.genes));
  const shared = (sections[0]?.counts.genes ?? []).filter((gene) => others.every((set) => set.has(gene)));
  if (shared.length > 0) return shared;
  throw new DataError('expression targets', {
    need: 'genes measured in every section',
    found: `an empty gene list: no name is shared by all ${sections.length} sections`,
    next: 'check that all sections use the same kind of gene names',
  });
}

/** The genes of one fold: `train` are the sections it may look at. */
export function chooseGenes(
  sections: readonly Section[],
  train: readonly Section[],
  { genes, geneScope = 'train' }: TargetOptions,
): GeneSelection {
  if ('method' in genes) {
    const shared = sharedGenes(sections);
    const seen = geneScope === 'train' ? train : sections;
    return selectGenes(
      seen.map(({ counts }) => ({ counts: selectGeneColumns(counts, shared) })),
      genes,
    );
  }
  return requireGenes(sections, genes);
}

/**
 * ln(1 + count) of the genes for all spots of all sections, stacked in order: [spots, genes].
 *
 * @param target sum that every spot is scaled to first; undefined: raw counts.
 */
export function expressionMatrix(
  sections: readonly Section[],
  genes: readonly string[],
  target: number | undefined,
): Matrix {
  const parts = sections.map(({ counts }) => {
    const scaled: SparseMatrix = target === undefined ? counts : normalizeTotal(counts, { target });
    return toDense(log1p(selectGeneColumns(scaled, genes)));
  });
  return vstack(parts);
}

/** The sum that {@link expressionMatrix} scales to: the median total over the training spots. */
export function totalTarget(train: readonly Section[]): number {
  const totals = train.map(({ counts }) => spotTotals(counts));
  const all = new Float64Array(totals.reduce((n, t) => n + t.length, 0));
  let at = 0;
  for (const part of totals) {
    all.set(part, at);
    at += part.length;
  }
  return medianTotal(all);
}
