/** A head for some of its genes. */
import type { ExpressionHead } from '../eval/index.ts';
import { checkGenes } from './predict-section.ts';

/**
 * The head restricted to `genes`, in that order; all of it for none. Predictions of a gene do not depend on the others.
 *
 * @throws UsageError for genes that the head does not predict.
 */
export function selectHeadGenes(head: ExpressionHead, genes: readonly string[]): ExpressionHead {
  if (genes.length === 0) return head;
  checkGenes(head, genes);
  const columns = genes.map((gene) => head.genes.indexOf(gene));
  const { inputs, targets, weights, intercept, alpha } = head.probe;
  const chosen = new Float64Array(inputs * columns.length);
  for (let i = 0; i < inputs; i++) {
    for (const [c, column] of columns.entries())
      chosen[i * columns.length + c] = weights[i * targets + column]!;
  }
  const probe = {
    inputs,
    targets: columns.length,
    weights: chosen,
    intercept: Float64Array.from(columns, (column) => intercept[column]!),
    alpha,
  };
  return { ...head, genes: [...genes], probe };
}
