/** Xenium sections: single transcripts summed in a square grid of pseudo-spots. */
import { join } from 'node:path';
import { DataError, UsageError } from '../errors.ts';
import { listFolder, requireFolder } from './paths.ts';
import { countsFromSums, gridName } from './pool-bins.ts';
import { findImage } from './section-image.ts';
import { givenPixelSize, type SectionOptions, sectionName } from './section-options.ts';
import { transformSpots } from './spot-alignment.ts';
import { type Transcripts, transcriptBlocks } from './transcripts.ts';
import type { CountMatrix, Section, Spot } from './types.ts';

const OPERATION = 'readXenium';

export interface XeniumOptions extends SectionOptions {
  /** Side of a pseudo-spot; default 100. */
  readonly binUm?: number;
  /** Lowest quality value of a transcript that counts; default 0, every one, as in HEST-1k. */
  readonly minQv?: number;
}

/** Names of the transcript table in a Xenium folder. */
const TRANSCRIPTS = /^([\w-]+_)?transcripts\.(parquet|csv|csv\.gz)$/;

/** The table of single transcripts in a folder, Parquet before text; undefined when there is none. */
export async function transcriptFile(folder: string): Promise<string | undefined> {
  const found = (await listFolder(folder)).filter((name) => TRANSCRIPTS.test(name));
  return found.find((name) => name.endsWith('.parquet')) ?? found[0];
}

/**
 * Reads a Xenium folder: `transcripts.parquet` or `transcripts.csv.gz`. Places are in micrometres (`x_location`,
 * `y_location`); the pixels of the image follow from `mpp`, and from `transform` where the H&E image was not
 * registered to the run. HEST's own tables (`he_x`, `he_y`) are in pixels already. The grid starts at the origin;
 * spots are named `rrrxccc` and those without a transcript are left out. Control probes stay in under their names.
 *
 * @throws UsageError when the folder does not exist, mpp is absent or not positive, or a number is out of range.
 * @throws DataError when the table is absent or damaged, or no transcript passes.
 */
export async function readXenium(folder: string, options: XeniumOptions = {}): Promise<Section> {
  await requireFolder(folder, OPERATION, 'a Xenium folder');
  const size = givenPixelSize(options, OPERATION);
  if (size === undefined) {
    throw new UsageError(OPERATION, {
      need: 'mpp of the H&E image',
      found: 'none',
      next: 'a Xenium folder only knows the pixel size of its own fluorescence image',
    });
  }
  const table = await transcriptFile(folder);
  if (table === undefined) {
    throw new DataError(OPERATION, {
      need: 'transcripts.parquet or transcripts.csv.gz',
      found: `none in ${folder}`,
    });
  }
  const { binUm = 100, minQv = 0 } = options;
  if (!(binUm > 0 && Number.isFinite(binUm)) || !Number.isFinite(minQv)) {
    throw new UsageError(OPERATION, {
      need: 'binUm above 0 and minQv as numbers',
      found: `${binUm} and ${minQv}`,
    });
  }
  const imagePath = await findImage(options.imagePath, [folder], OPERATION);
  const binned = await binTranscripts(join(folder, table), { binUm, minQv, mpp: size.mpp });
  const spots = transformSpots(binned.spots, options.transform, OPERATION);
  const id = options.id ?? sectionName(folder);
  const { transform, patient = id, study = id } = options;
  const changed = transform === undefined ? {} : { transform };
  const dropped = { spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 0 };
  return { id, patient, study, imagePath, ...size, spots, counts: binned.counts, dropped, ...changed };
}

/**
 * Sums a table of transcripts in a square grid.
 *
 * @throws DataError when it is damaged or no transcript passes.
 */
export async function binTranscripts(
  path: string,
  { binUm, minQv, mpp }: { readonly binUm: number; readonly minQv: number; readonly mpp: number },
): Promise<{ spots: Spot[]; counts: CountMatrix }> {
  const sums = new Map<string, Map<number, number>>();
  const spots = new Map<string, Spot>();
  const columnOf = new Map<string, number>();
  for await (const block of transcriptBlocks(path, OPERATION)) {
    const pxPerUnit = block.unit === 'um' ? 1 / mpp : 1;
    const side = block.unit === 'um' ? binUm : binUm / mpp;
    addBlock(block, minQv, side, (row, column, gene) => {
      const name = gridName(row, column, 3);
      if (!spots.has(name)) {
        const [x, y] = [(column + 0.5) * side * pxPerUnit, (row + 0.5) * side * pxPerUnit];
        spots.set(name, { barcode: name, x, y, arrayRow: row, arrayCol: column });
        sums.set(name, new Map());
      }
      if (!columnOf.has(gene)) columnOf.set(gene, columnOf.size);
      const key = columnOf.get(gene)!;
      const sum = sums.get(name)!;
      sum.set(key, (sum.get(key) ?? 0) + 1);
    });
  }
  if (spots.size === 0) {
    throw new DataError(OPERATION, {
      need: `transcripts of quality ${minQv} or more`,
      found: `none in ${path}`,
    });
  }
  const names = [...spots.keys()].sort();
  return sortedGenes(names, [...columnOf.keys()], spots, sums, path);
}

function addBlock(
  { x, y, genes, codes, quality }: Transcripts,
  minQv: number,
  side: number,
  add: (row: number, column: number, gene: string) => void,
): void {
  for (let i = 0; i < codes.length; i++) {
    const gene = genes[codes[i]!];
    if (gene === undefined || gene === '' || (quality !== undefined && !(quality[i]! >= minQv))) continue;
    const row = Math.floor(y[i]! / side);
    const column = Math.floor(x[i]! / side);
    if (row >= 0 && column >= 0 && row < 1e6 && column < 1e6) add(row, column, gene);
  }
}

/** Genes in order of their names, so that the order of transcripts in the file does not matter. */
function sortedGenes(
  names: readonly string[],
  found: readonly string[],
  spots: ReadonlyMap<string, Spot>,
  sums: ReadonlyMap<string, ReadonlyMap<number, number>>,
  path: string,
): { spots: Spot[]; counts: CountMatrix } {
  const genes = [...found].sort();
  const place = new Map(genes.map((gene, i) => [gene, i]));
  const renumbered = new Map(
    [...sums].map(([name, sum]) => [
      name,
      new Map([...sum].map(([key, value]) => [place.get(found[key]!)!, value])),
    ]),
  );
  const counts = countsFromSums(names, genes, renumbered, path);
  return { spots: names.map((name) => spots.get(name)!), counts };
}
