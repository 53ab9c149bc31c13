/** A head and a whole slide to predicted expression: tables, outlines, maps. */
import { basename, extname, join, resolve } from 'node:path';
import { writeFileAtomically } from '../../core/atomic-file.ts';
import { matrix, matrixColumn } from '../../core/matrix.ts';
import { readEmbeddings } from '../../embedding/index.ts';
import { DataError } from '../../errors.ts';
import { type ExpressionHead, predictRows } from '../../eval/index.ts';
import { patchRange, renderPatchMap } from '../../report/index.ts';
import { openSlide } from '../../slide/index.ts';
import type { Device } from '../../tensor/index.ts';
import { checkGenes, checkWeights, encoderOf, geneFileName } from '../predict-section.ts';
import { writePredictionCard } from '../prediction-card.ts';
import { type EmbedSlidesOptions, embedSlides } from './embed-slides.ts';
import { writeHeatMap } from './heat-map.ts';
import { type SlidePrediction, writePredictionGeojson, writePredictionTable } from './prediction-files.ts';
import { writePredictionH5ad } from './write-h5ad.ts';

/** Options of {@link predictSlide}. */
export interface PredictSlideOptions extends EmbedSlidesOptions {
  /** Folder of all results. */
  readonly folder: string;
  /** Genes to draw and to write as outlines; all are in the tables. Without any, the outlines have all. */
  readonly mapGenes: readonly string[];
  /** The checkpoint that the head was trained with, where it was not random. */
  readonly weights?: string | undefined;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
}

/** What a prediction left. */
export interface SlidePredictionFiles {
  readonly table: string;
  readonly h5ad: string;
  readonly geojson: string;
  readonly maps: readonly { readonly gene: string; readonly path: string; readonly heatMap: string }[];
  readonly patches: number;
  readonly genes: number;
}

/** Side of one picture of a map. */
const MAP_PX = 800;

/** Embeds the slide (or finds that done) and applies the head. */
async function predict(
  head: ExpressionHead,
  path: string,
  options: PredictSlideOptions,
): Promise<SlidePrediction> {
  const entry = { id: basename(path, extname(path)), path: resolve(path) };
  const folder = join(options.folder, 'embeddings');
  const run = await embedSlides([entry], folder, encoderOf(head, options), {
    ...options,
    check: ({ weights }) => checkWeights(head, weights),
  });
  const [outcome] = run.outcomes;
  if (run.failures.length > 0) throw run.failures[0]!.error;
  const { rows, values, width, attributes } = await readEmbeddingsOf(
    join(folder, `${entry.id}.h5`),
    outcome!,
  );
  const predicted = predictRows(matrix(rows.length, width, values), head.probe);
  const [sidePx, stepPx] = [Number(attributes.sidePx), Number(attributes.stepPx ?? attributes.sidePx)];
  return { rows, sidePx, stepPx, genes: head.genes, values: predicted };
}

async function readEmbeddingsOf(
  path: string,
  { status, reason, slide }: { status: string; reason: string | null; slide: string },
) {
  if (reason === null) return readEmbeddings(path);
  throw new DataError('predict', {
    need: status === 'running' ? 'a slide that no other process is embedding' : `tissue on ${slide}`,
    found: reason,
    next: status === 'running' ? 'wait for it, then run again' : 'choose another --tissue, or give a --mask',
  });
}

/** A map and a heat map for every gene asked for. */
async function draw(
  path: string,
  { rows, sidePx, stepPx, genes, values }: SlidePrediction,
  unit: string,
  options: PredictSlideOptions,
): Promise<SlidePredictionFiles['maps']> {
  const { mpp, reader } = options.patches ?? {};
  const maps: { gene: string; path: string; heatMap: string }[] = [];
  // Of patches that overlap, the middle is drawn, so that every place shows the value of one patch.
  const drawnPx = Math.min(sidePx, stepPx);
  const margin = (sidePx - drawnPx) / 2;
  const corners = Float64Array.from(rows.flatMap(({ x, y }) => [x + margin, y + margin]));
  const slide = await openSlide(path, {
    ...(mpp === undefined ? {} : { mpp }),
    ...(reader === undefined ? {} : { reader }),
  });
  try {
    const thumbnail = await slide.readThumbnail(MAP_PX);
    for (const gene of options.mapGenes) {
      const column = matrixColumn(values, genes.indexOf(gene));
      const range = patchRange(column);
      const field = { corners, sidePx: drawnPx, values: column, range, unit };
      const file = (ending: string) => join(options.folder, 'maps', `${geneFileName(gene)}.${ending}`);
      const title = `${gene}, ${basename(path)}`;
      const size = slide.mpp === undefined ? {} : { mpp: slide.mpp };
      await writeFileAtomically(file('png'), await renderPatchMap({ ...field, ...size, thumbnail, title }));
      const { signal } = options.run ?? {};
      await writeHeatMap(file('tif'), slide, { ...field, gene, ...(signal === undefined ? {} : { signal }) });
      maps.push({ gene, path: file('png'), heatMap: file('tif') });
    }
  } finally {
    await slide.close();
  }
  return maps;
}

/**
 * Predicts every gene of the head at every patch of the slide's tissue and writes, into `folder`: `predictions.csv`,
 * `predictions.h5ad`, `predictions.geojson` (for QuPath), and `maps/<gene>.png` and `maps/<gene>.tif` (a pyramid) of
 * the genes asked for. Embeddings are kept in `embeddings/`, from which an interrupted run goes on.
 *
 * @throws UsageError for genes the head does not know, or weights that are missing or other than the head's; DataError
 *         for a slide that cannot be read or has no tissue.
 */
export async function predictSlide(
  head: ExpressionHead,
  path: string,
  options: PredictSlideOptions,
): Promise<SlidePredictionFiles> {
  checkGenes(head, options.mapGenes);
  const prediction = await predict(head, path, options);
  const file = (ending: string) => join(options.folder, `predictions.${ending}`);
  await writePredictionTable(file('csv'), prediction);
  await writePredictionCard(options.folder, {
    slide: path,
    shape: 'square',
    sizePx: prediction.sidePx,
    head,
  });
  await writePredictionH5ad(file('h5ad'), prediction, { ...head.card, slide: basename(path) });
  const outlined = options.mapGenes.length > 0 ? options.mapGenes : head.genes;
  await writePredictionGeojson(file('geojson'), prediction, outlined);
  const maps = await draw(path, prediction, head.card.transform ?? 'ln(1 + count)', options);
  return {
    table: file('csv'),
    h5ad: file('h5ad'),
    geojson: file('geojson'),
    maps,
    patches: prediction.rows.length,
    genes: head.genes.length,
  };
}
