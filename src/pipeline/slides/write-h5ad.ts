/** Predictions of a whole slide as an AnnData file. */
import { writeExpressionH5ad } from '../../spatial/index.ts';
import type { SlidePrediction } from './prediction-files.ts';

/**
 * Writes patches x genes with the centres of the patches in `obsm/spatial` (level-0 pixels) and `uns/mvhybrid` saying
 * what made them.
 *
 * @param uns names and text, e.g. the head's card.
 */
export async function writePredictionH5ad(
  path: string,
  { rows, sidePx, genes, values }: SlidePrediction,
  uns: Readonly<Record<string, string>>,
): Promise<void> {
  await writeExpressionH5ad(path, {
    barcodes: rows.map(({ barcode }) => barcode),
    genes,
    values: { ...values, data: Float32Array.from(values.data) },
    spatial: rows.map(({ x, y }) => ({ x: x + sidePx / 2, y: y + sidePx / 2 })),
    spotDiameterPx: sidePx,
    uns: { mvhybrid: uns },
  });
}
