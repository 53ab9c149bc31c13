/** Choosing which genes to predict, from training sections only. */
import { DataError, UsageError } from '../errors.ts';
import { selectGeneColumns, spotsPerGene } from './count-matrix.ts';
import { geneMoments } from './gene-moments.ts';
import { highlyVariable } from './highly-variable.ts';
import { firstDuplicate, indexByName, nameSome } from './names.ts';
import { log1p } from './normalize.ts';
import { highlyVariableSeuratV3 } from './seurat-v3.ts';
import type { Section, SparseMatrix } from './types.ts';

const OPERATION = 'selectGenes';

/**
 * - `hvg`: highly variable genes, HEST-Benchmark's `var`: flavor `seurat` on log1p of raw counts of all spots
 *   stacked, the flagged genes in order of their names;
 * - `hvg-cell-ranger`: the same with flavor `cell_ranger`;
 * - `hvg-seurat-v3`: flavor `seurat_v3` on raw counts, every section a batch; best first;
 * - `mean`: highest mean raw count first, HEST-Benchmark's `mean`;
 * - `hmhvg`: highly expressed among the highly variable: the `pool` genes of largest normalised dispersion, of
 *   these the highest mean log1p first;
 * - `hmhvg-rank`: lowest first by the worse of two ranks, by normalised dispersion and by mean log1p;
 * - `hmhvg-variance`: the `pool` genes of largest plain variance of log1p, of these the highest mean log1p first.
 *
 * No released code defines HMHVG genes; the three readings of "highly variable and highly expressed" are
 * offered under their own names so that a report can say which was used.
 */
export const GENE_METHODS = [
  'hvg',
  'hvg-cell-ranger',
  'hvg-seurat-v3',
  'mean',
  'hmhvg',
  'hmhvg-rank',
  'hmhvg-variance',
] as const;
export type GeneMethod = (typeof GENE_METHODS)[number];

export interface GeneSelectionOptions {
  readonly method: GeneMethod;
  /** How many genes, 1 or more. */
  readonly count: number;
  /** Genes must be above 0 in at least this share of every section's spots (rounded up); default 0.1. */
  readonly minSpotFraction?: number;
  /** Names that contain one of these are no genes; default `BLANK` and `Control`. */
  readonly excluded?: readonly string[];
  /** Size of the first cut of `hmhvg` and `hmhvg-variance`; default 2 * count. */
  readonly pool?: number;
}

export interface GeneSelection {
  readonly genes: readonly string[];
  /** Genes that passed the filter in every section, sorted. */
  readonly candidates: readonly string[];
}

const DEFAULT_EXCLUDED = ['BLANK', 'Control'];

/**
 * Genes present in every section, in at least `ceil(minSpotFraction * spots)` spots of each, without those
 * excluded by name; sorted by name.
 *
 * @throws UsageError for no sections.
 * @source HEST `get_k_genes`.
 */
export function candidateGenes(
  sections: readonly Pick<Section, 'counts'>[],
  { minSpotFraction = 0.1, excluded = DEFAULT_EXCLUDED }: Partial<GeneSelectionOptions> = {},
): string[] {
  if (sections.length === 0) {
    throw new UsageError(OPERATION, { need: 'at least one training section', found: 'none' });
  }
  const sets = sections.map(({ counts }) => {
    const minSpots = Math.ceil(minSpotFraction * counts.barcodes.length);
    const spots = spotsPerGene(counts);
    return new Set(counts.genes.filter((_, g) => spots[g]! >= minSpots));
  });
  const shared = [...sets[0]!].filter((gene) => sets.every((set) => set.has(gene)));
  return shared.filter((gene) => !excluded.some((part) => gene.includes(part))).sort();
}

/**
 * Chooses genes by their raw counts in TRAINING sections. Sections of the test fold must not be passed: a
 * choice that has seen them makes the test score too good.
 *
 * @throws UsageError for an unknown method, a count or pool out of range, or no sections.
 * @throws DataError for an empty gene list or fewer candidates than asked for.
 */
export function selectGenes(
  sections: readonly Pick<Section, 'counts'>[],
  options: GeneSelectionOptions,
): GeneSelection {
  checkOptions(options);
  const candidates = candidateGenes(sections, options);
  if (candidates.length === 0) {
    throw new DataError(OPERATION, {
      need: 'genes that every training section detects in enough spots',
      found: `an empty gene list from ${sections.length} sections`,
      next: 'check that gene names agree between sections, or lower minSpotFraction',
    });
  }
  if (candidates.length < options.count) throw tooFew(options.count, `${candidates.length} candidates`);
  const raw = sections.map(({ counts }) => selectGeneColumns(counts, candidates));
  const genes = RULES[options.method](raw, candidates, options);
  if (genes.length < options.count) throw tooFew(options.count, `${genes.length} with a dispersion`);
  return { genes, candidates };
}

function tooFew(count: number, found: string): DataError {
  return new DataError(OPERATION, { need: `${count} genes`, found, next: 'lower count or minSpotFraction' });
}

function checkOptions({ method, count, minSpotFraction = 0.1, pool }: GeneSelectionOptions): void {
  const fail = (need: string, found: unknown): never => {
    throw new UsageError(OPERATION, { need, found: String(found) });
  };
  if (!GENE_METHODS.includes(method)) fail(`a method of ${GENE_METHODS.join(', ')}`, method);
  if (!Number.isInteger(count) || count < 1) fail('a whole count of 1 or more', count);
  if (!(minSpotFraction >= 0 && minSpotFraction <= 1)) fail('minSpotFraction from 0 to 1', minSpotFraction);
  if (pool === undefined) return;
  if (method !== 'hmhvg' && method !== 'hmhvg-variance')
    fail('a pool only with hmhvg or hmhvg-variance', method);
  if (!Number.isInteger(pool) || pool < count) fail(`a whole pool of at least count = ${count}`, pool);
}

type Rule = (
  raw: readonly SparseMatrix[],
  names: readonly string[],
  options: GeneSelectionOptions,
) => string[];

const RULES: Readonly<Record<GeneMethod, Rule>> = {
  hvg(raw, names, { count }) {
    const { selected } = highlyVariable(logOf(raw), { flavor: 'seurat', count });
    return names.filter((_, g) => selected[g]).slice(0, count);
  },
  'hvg-cell-ranger'(raw, names, { count }) {
    const { selected } = highlyVariable(logOf(raw), { flavor: 'cell_ranger', count });
    return names.filter((_, g) => selected[g]).slice(0, count);
  },
  'hvg-seurat-v3'(raw, names, { count }) {
    const batches = raw.map((matrix) => [matrix]);
    return Array.from(highlyVariableSeuratV3(batches, { count }).order, (g) => names[g]!);
  },
  mean(raw, names, { count }) {
    const { mean } = geneMoments(raw);
    return byValue(mean, everyGene(names))
      .slice(0, count)
      .map((g) => names[g]!);
  },
  hmhvg(raw, names, { count, pool = 2 * count }) {
    const logs = logOf(raw);
    const { normalizedDispersions } = highlyVariable(logs, { flavor: 'seurat' });
    const first = byValue(normalizedDispersions, everyGene(names)).slice(0, pool);
    return byValue(geneMoments(logs).mean, first)
      .slice(0, count)
      .map((g) => names[g]!);
  },
  'hmhvg-rank'(raw, names, { count }) {
    const logs = logOf(raw);
    const { normalizedDispersions } = highlyVariable(logs, { flavor: 'seurat' });
    const byDispersion = ranks(byValue(normalizedDispersions, everyGene(names)), names.length);
    const byMean = ranks(byValue(geneMoments(logs).mean, everyGene(names)), names.length);
    const worse = byDispersion.map((rank, g) => -Math.max(rank, byMean[g]!));
    return byValue(worse, everyGene(names))
      .slice(0, count)
      .map((g) => names[g]!);
  },
  'hmhvg-variance'(raw, names, { count, pool = 2 * count }) {
    const { mean, variance } = geneMoments(logOf(raw));
    const first = byValue(variance, everyGene(names)).slice(0, pool);
    return byValue(mean, first)
      .slice(0, count)
      .map((g) => names[g]!);
  },
};

function logOf(raw: readonly SparseMatrix[]): SparseMatrix[] {
  return raw.map((matrix) => log1p(matrix));
}

function everyGene(names: readonly string[]): number[] {
  return Array.from(names.keys());
}

/** Genes by falling value, equal values in name order; genes without a value (NaN) are left out. */
function byValue(values: Float64Array, genes: readonly number[]): number[] {
  const valued = genes.filter((g) => !Number.isNaN(values[g]!));
  return valued.sort((a, b) => (values[a] === values[b] ? a - b : values[a]! > values[b]! ? -1 : 1));
}

/** Place of every gene in the order, from 0; genes not in it come after all others. */
function ranks(order: readonly number[], count: number): Float64Array {
  const places = new Float64Array(count).fill(count);
  for (const [place, g] of order.entries()) places[g] = place;
  return places;
}

/**
 * Takes a list as it is, checking that it can be predicted in every section.
 *
 * @throws DataError for an empty list, a gene named twice, or genes that a section lacks (listing the first few).
 */
export function requireGenes(
  sections: readonly Pick<Section, 'id' | 'counts'>[],
  genes: readonly string[],
): GeneSelection {
  if (genes.length === 0)
    throw new DataError('requireGenes', { need: 'gene names', found: 'an empty gene list' });
  const twice = firstDuplicate(genes);
  if (twice !== undefined) {
    throw new DataError('requireGenes', { need: 'each gene once', found: `"${twice}" more than once` });
  }
  for (const { id, counts } of sections) {
    const held = indexByName(counts.genes);
    const unknown = genes.filter((gene) => !held.has(gene));
    if (unknown.length === 0) continue;
    throw new DataError('requireGenes', {
      need: 'genes that every section measured',
      found: `${unknown.length} of ${genes.length} unknown in section ${id} (${nameSome(unknown)})`,
      next: 'use the names that the counts use',
    });
  }
  return { genes: [...genes], candidates: [...genes] };
}
