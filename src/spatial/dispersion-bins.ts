/** Dispersions relative to genes of similar mean: the binning step of highly variable genes. */

/** Names as in scanpy. */
export type Flavor = 'seurat' | 'cell_ranger';

/** Per gene; NaN where a value does not exist. */
export interface DispersionBins {
  /** seurat: ln(1 + mean); cell_ranger: the mean. */
  readonly means: Float64Array;
  /** seurat: ln(variance / mean), NaN where that is 0; cell_ranger: variance / mean. */
  readonly dispersions: Float64Array;
  readonly normalizedDispersions: Float64Array;
  /** 0 to 19. */
  readonly bins: Int32Array;
  /** 21 rising edges; a bin includes its upper edge. */
  readonly binEdges: Float64Array;
}

const BINS = 20;

/** Median absolute deviation times 1 / this estimates a standard deviation: the normal's upper quartile. */
const NORMAL_QUARTILE = 0.6744897501960817;

/**
 * Cuts the genes into 20 bins by mean and scales dispersions within each.
 *
 * @param mean      per gene, >= 0; 0 is read as 1e-12.
 * @param variance  per gene, divisor n - 1.
 * @source scanpy.pp.highly_variable_genes; bins as pandas.cut makes them.
 */
export function binDispersions(mean: Float64Array, variance: Float64Array, flavor: Flavor): DispersionBins {
  const floored = mean.map((value) => (value === 0 ? 1e-12 : value));
  const ratio = variance.map((value, g) => value / floored[g]!);
  const logged = flavor === 'seurat';
  const means = logged ? floored.map((value) => Math.log1p(value)) : floored;
  const dispersions = logged ? ratio.map((value) => (value === 0 ? Number.NaN : Math.log(value))) : ratio;
  const binEdges = logged ? equalWidthEdges(means) : percentileEdges(means);
  const bins = Int32Array.from(means, (value) => binOf(binEdges, value));
  const normalizedDispersions = new Float64Array(means.length);
  for (let b = 0; b < BINS; b++) {
    const members = Int32Array.from(means.keys()).filter((g) => bins[g] === b);
    const values = Float64Array.from(members, (g) => dispersions[g]!).filter((value) => !Number.isNaN(value));
    const { centre, spread } = logged ? meanAndDeviation(values) : medianAndDeviation(values);
    for (const g of members) normalizedDispersions[g] = (dispersions[g]! - centre) / spread;
  }
  return { means, dispersions, normalizedDispersions, bins, binEdges };
}

/** 20 equal parts of the range; the lowest edge moves down by 0.1 % so that the minimum falls inside. */
function equalWidthEdges(values: Float64Array): Float64Array {
  let low = values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const flat = low === high;
  if (flat) {
    const margin = low === 0 ? 0.001 : 0.001 * Math.abs(low);
    low -= margin;
    high += margin;
  }
  const step = (high - low) / BINS;
  const edges = Float64Array.from({ length: BINS + 1 }, (_, i) => (i === BINS ? high : low + i * step));
  if (!flat) edges[0]! -= 0.001 * (high - low);
  return edges;
}

/** -infinity, the 10th, 15th, ... 100th percentile, infinity. */
function percentileEdges(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  const inner = Array.from({ length: BINS - 1 }, (_, i) => percentile(sorted, (10 + 5 * i) / 100));
  return Float64Array.of(-Infinity, ...inner, Infinity);
}

/** Linear interpolation between order statistics, rounded as numpy rounds it. */
function percentile(sorted: Float64Array, fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const a = sorted[below]!;
  const b = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const t = place - below;
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/** Index of the bin (edges[i], edges[i + 1]] that holds the value; empty bins from equal edges are passed over. */
function binOf(edges: Float64Array, value: number): number {
  let bin = 0;
  while (bin < BINS - 1 && value > edges[bin + 1]!) bin++;
  return bin;
}

/** A bin with one value has no deviation; its gene then gets exactly 1. */
function meanAndDeviation(values: Float64Array): { centre: number; spread: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { centre: 0, spread: mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { centre: mean, spread: Math.sqrt(squares / (values.length - 1)) };
}

function medianAndDeviation(values: Float64Array): { centre: number; spread: number } {
  const centre = median(values);
  return { centre, spread: median(values.map((value) => Math.abs(value - centre))) / NORMAL_QUARTILE };
}

function median(values: Float64Array): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
