/** The size of a section and its image, without reading its counts. */
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../errors.ts';
import { withHdf5 } from '../../spatial/hdf5/hdf5-file.ts';
import { readStSpots, readTissuePositions, type SectionKind, visiumPixelSize } from '../../spatial/index.ts';
import { listFolder } from '../../spatial/paths.ts';
import { findImage } from '../../spatial/section-image.ts';
import { readSectionMeta } from '../../spatial/section-meta.ts';
import { GENE_EXPRESSION } from '../../spatial/tenx-h5.ts';

const OPERATION = 'catalogue';

export interface PeekedSection {
  readonly rows: number;
  readonly genes: number;
  readonly imagePath: string;
  readonly mpp: number;
  readonly mppSource: string;
}

interface Given {
  readonly imagePath?: string;
  readonly mpp?: number;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const bytes = createReadStream(path);
  const input = path.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    // A damaged gzip stream fails the stream, not the reader of its lines.
    const failed = new Promise<never>((_, reject) => {
      for (const stream of [bytes, input]) {
        stream.once('error', (cause: Error) => {
          const found = `${path}, which is damaged`;
          reject(new DataError(OPERATION, { need: 'readable text', found, next: 'copy it again', cause }));
        });
      }
    });
    failed.catch(() => undefined);
    const iterator = lines[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([iterator.next(), failed]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    lines.close();
    bytes.destroy();
  }
}

async function firstLine(path: string): Promise<string> {
  for await (const line of linesOf(path)) return line;
  return '';
}

async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const line of linesOf(path)) if (line !== '') count++;
  return count;
}

async function peekSt(folder: string, given: Given): Promise<PeekedSection> {
  const names = await listFolder(folder);
  const counts = names.find((name) => /^counts\.(tsv|csv|txt)(\.gz)?$/.test(name));
  if (counts === undefined)
    throw new DataError(OPERATION, {
      need: 'counts.tsv, counts.csv or .gz of them',
      found: `none in ${folder}`,
    });
  const imagePath = await findImage(given.imagePath, [folder], OPERATION);
  const header = await firstLine(join(folder, counts));
  const spots = await readStSpots(join(folder, names.find((name) => /^spots\.(csv|tsv)$/.test(name))!));
  const meta = await readSectionMeta(folder);
  const mpp = given.mpp ?? meta?.mpp;
  if (mpp === undefined) {
    throw new DataError(OPERATION, {
      need: 'the pixel size in micrometres',
      found: `no meta.json entry for ${folder}`,
      next: 'add meta.json with um_per_px',
    });
  }
  const genes = header.split(header.includes('\t') ? '\t' : ',').length - 1;
  const mppSource = given.mpp === undefined ? meta!.source : 'cohort.csv mpp';
  return { rows: spots.length, genes, imagePath, mpp, mppSource };
}

/** `filtered` where it is there, else `raw`, of which the spots on tissue are kept. */
export async function matrixKind(outs: string): Promise<'filtered' | 'raw'> {
  const names = await listFolder(outs);
  const has = (kind: string) =>
    names.some((name) => new RegExp(`${kind}_feature_bc_matrix(\\.h5)?$`).test(name));
  return !has('filtered') && has('raw') ? 'raw' : 'filtered';
}

async function genesOfOuts(outs: string): Promise<number> {
  const matrix = `${await matrixKind(outs)}_feature_bc_matrix`;
  const h5 = (await listFolder(outs)).find((name) => name.endsWith(`${matrix}.h5`));
  if (h5 !== undefined) {
    return withHdf5(join(outs, h5), OPERATION, async (file) => {
      const types = await file.strings('matrix/features/feature_type');
      return types.filter((type) => type === GENE_EXPRESSION).length;
    });
  }
  const mex = join(outs, matrix);
  const features = (await listFolder(mex)).find((name) => /^features\.tsv(\.gz)?$/.test(name));
  if (features !== undefined) return countLines(join(mex, features));
  throw new DataError(OPERATION, {
    need: `${matrix}.h5 or the folder of that name`,
    found: `neither in ${outs}`,
    next: 'copy it there',
  });
}

async function peekSpaceRanger(outs: string, given: Given): Promise<PeekedSection> {
  const spatial = join(outs, 'spatial');
  const above = basename(outs) === 'outs' ? [dirname(outs)] : [];
  const imagePath = await findImage(given.imagePath, [outs, ...above, spatial], OPERATION);
  const positions = await readTissuePositions(spatial);
  const { mpp, mppSource } =
    given.mpp === undefined
      ? await visiumPixelSize(positions, spatial)
      : { mpp: given.mpp, mppSource: 'cohort.csv mpp' };
  const rows = positions.filter(({ inTissue }) => inTissue).length;
  return { rows, genes: await genesOfOuts(outs), imagePath, mpp, mppSource };
}

/** Undefined for kinds whose counts must be read to tell their size. */
export async function peekSection(
  kind: SectionKind,
  folder: string,
  given: Given,
): Promise<PeekedSection | undefined> {
  if (kind === 'st') return peekSt(folder, given);
  return kind === 'space-ranger' ? peekSpaceRanger(folder, given) : undefined;
}
