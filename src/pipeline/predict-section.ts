/** A head and a section to predicted expression: a table and maps. */
import { join } from 'node:path';
import type { FeatureKind } from '../backbones/index.ts';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { csvText } from '../core/csv.ts';
import { type Matrix, matrixColumn, matrixRow } from '../core/matrix.ts';
import { DataError, UsageError } from '../errors.ts';
import { type ExpressionHead, expressionMatrix, predictRows } from '../eval/index.ts';
import { renderGeneMap, renderGeneMapPair } from '../report/index.ts';
import { openImage } from '../slide/index.ts';
import type { Section } from '../spatial/index.ts';
import type { Device } from '../tensor/index.ts';
import { type EmbedRunOptions, type EncoderSettings, embedSections, readEmbedded } from './embed-sections.ts';
import { writePredictionCard } from './prediction-card.ts';

export interface PredictOptions {
  /** Folder for `predictions.csv` and `maps/`. */
  readonly folder: string;
  /** Where embeddings are kept or found; default `<folder>/embeddings`. */
  readonly embeddings?: string;
  /** Genes to draw; all are in the table. */
  readonly mapGenes: readonly string[];
  /** The checkpoint that the head was trained with, where it was not random. */
  readonly weights?: string | undefined;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
  /** Diameter of the drawn discs in micrometres. */
  readonly spotUm: number;
  /** Draw the measured counts beside the prediction, where the section has them. */
  readonly compare: boolean;
  readonly embed?: EmbedRunOptions;
}

export interface Prediction {
  readonly table: string;
  readonly maps: readonly { readonly gene: string; readonly path: string }[];
  readonly spots: number;
  readonly genes: number;
}

/** The encoder that a head's card names. */
export function encoderOf(
  head: ExpressionHead,
  options: Pick<PredictOptions, 'weights' | 'device' | 'threads'>,
): EncoderSettings {
  const { backbone, backboneOptions = '{}', features, patchUm, sizePx, batch, weights = '' } = head.card;
  if (backbone === undefined || features === undefined || patchUm === undefined || sizePx === undefined) {
    throw new DataError('predict', { need: 'a head whose card names its encoder', found: 'one without' });
  }
  const seed = /^random initialisation, seed (\d+)$/.exec(weights)?.[1];
  const { device, threads } = options;
  return {
    backbone,
    options: JSON.parse(backboneOptions),
    ...(seed === undefined ? { weights: options.weights } : { randomInit: Number(seed) }),
    features: features as FeatureKind,
    patchUm: Number(patchUm),
    sizePx: Number(sizePx),
    batch: Number(batch ?? 16),
    device,
    threads,
  };
}

/** @throws UsageError for genes that the head does not predict. */
export function checkGenes(head: ExpressionHead, wanted: readonly string[]): void {
  const unknown = wanted.filter((gene) => !head.genes.includes(gene));
  if (unknown.length === 0) return;
  throw new UsageError('predict', {
    need: `genes that the head predicts (${head.genes.slice(0, 8).join(', ')} ... ${head.genes.length} in all)`,
    found: unknown.join(', '),
    next: 'ask for some of these, or fit a head with the genes you need',
  });
}

/** @throws UsageError for an encoder other than the one the head was trained with. */
export function checkWeights(head: ExpressionHead, weights: string): void {
  if (weights === head.card.weights) return;
  throw new UsageError('predict', {
    need: `the encoder weights that the head was trained with (${head.card.weights})`,
    found: weights,
    next: 'give that checkpoint with --weights',
  });
}

function tableOf(section: Section, genes: readonly string[], values: Matrix): string {
  const rows = section.spots.map(({ barcode, x, y }, i) => {
    return [barcode, x, y, ...Array.from(matrixRow(values, i), (v) => Number(v.toPrecision(7)))];
  });
  return csvText(['barcode', 'x_px', 'y_px', ...genes], rows);
}

/** A file name that is safe for any gene name, without ending. */
export function geneFileName(gene: string): string {
  return gene.replace(/[^\w.-]/g, '_');
}

async function drawMaps(
  section: Section,
  head: ExpressionHead,
  values: Matrix,
  options: PredictOptions,
): Promise<Prediction['maps']> {
  const maps: { gene: string; path: string }[] = [];
  const image = await openImage(section.imagePath);
  try {
    const thumbnail = await image.readThumbnail(800);
    for (const gene of options.mapGenes) {
      const predicted = matrixColumn(values, head.genes.indexOf(gene));
      const common = {
        image: thumbnail,
        spots: section.spots,
        unit: 'ln(1 + count)',
        spotDiameterPx: options.spotUm / section.mpp,
        mpp: section.mpp,
      };
      const measured = options.compare && section.counts.genes.includes(gene);
      const png = measured
        ? await renderGeneMapPair({
            ...common,
            title: `${gene}, ${section.id}`,
            measured: matrixColumn(expressionMatrix([section], [gene], undefined), 0),
            predicted,
          })
        : await renderGeneMap({ ...common, title: `${gene}, ${section.id}, predicted`, values: predicted });
      const path = join(options.folder, 'maps', `${geneFileName(gene)}.png`);
      await writeFileAtomically(path, png);
      maps.push({ gene, path });
    }
  } finally {
    await image.close();
  }
  return maps;
}

/**
 * Predicts every gene of the head at every spot of the section.
 *
 * @throws UsageError for genes the head does not know, or weights that are missing or other than the head's.
 */
export async function predictSection(
  head: ExpressionHead,
  section: Section,
  options: PredictOptions,
): Promise<Prediction> {
  checkGenes(head, options.mapGenes);
  const encoder = encoderOf(head, options);
  const embeddings = options.embeddings ?? join(options.folder, 'embeddings');
  const run = await embedSections([section], embeddings, encoder, options.embed);
  if (run.failures.length > 0) throw run.failures[0]!.error;
  checkWeights(head, run.encoder.weights);
  const [embedded] = await readEmbedded([section], run);
  const values = predictRows(embedded!.features, head.probe);
  const table = join(options.folder, 'predictions.csv');
  await writeFileAtomically(table, tableOf(section, head.genes, values));
  await writePredictionCard(options.folder, {
    section: section.id,
    slide: section.imagePath,
    shape: 'disc',
    sizePx: options.spotUm / section.mpp,
    head,
  });
  const maps = await drawMaps(section, head, values, options);
  return { table, maps, spots: section.spots.length, genes: head.genes.length };
}
