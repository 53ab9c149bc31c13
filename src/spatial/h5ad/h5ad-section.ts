/** A section from an AnnData file. */
import { basename, dirname, join } from 'node:path';
import type { Matrix } from '../../core/matrix.ts';
import { DataError, UsageError } from '../../errors.ts';
import { countsFromColumns, type NamedColumns, type NamedCounts } from '../duplicate-genes.ts';
import {
  type HestSample,
  type HestStudyKey,
  hestPatient,
  hestStudy,
  readHestMetadata,
} from '../hest-samples.ts';
import { nameSome } from '../names.ts';
import { listFolder, pathKind, requireFile } from '../paths.ts';
import { findImage } from '../section-image.ts';
import { givenPixelSize, joinSpots, recordedChanges, type SectionOptions } from '../section-options.ts';
import { transformSpots } from '../spot-alignment.ts';
import { GENE_EXPRESSION } from '../tenx-h5.ts';
import type { Section, Spot } from '../types.ts';
import { columnAsNumbers, columnAsText } from './h5ad-columns.ts';
import { type H5adFile, type MatrixName, withH5ad } from './h5ad-file.ts';
import type { H5adFrame } from './h5ad-frame.ts';
import { h5adPixelSize, type PlacedSpot } from './h5ad-pixel-size.ts';
import type { H5adMatrix } from './h5ad-types.ts';

const OPERATION = 'readH5adSection';

export interface H5adSectionOptions extends SectionOptions {
  /** Where the raw counts stand; default `X`. */
  readonly matrix?: MatrixName;
  /** Column of `var` with the gene names; default the index. */
  readonly geneColumn?: string;
  /** HEST's file of precut patches; default `../patches/{id}.h5` where that is. */
  readonly patchesPath?: string;
  /** What is known of the sample; default what `../metadata/{id}.json` says. */
  readonly sample?: HestSample;
  /** What a study is, where the sample says it; default its title. */
  readonly studyKey?: HestStudyKey;
}

/**
 * Reads an AnnData file (`.h5ad`) as one section: counts, gene names, and the spots' places in `obsm/spatial` (x, y of the
 * centre, level-0 pixels), or else `pxl_col_in_fullres` and `pxl_row_in_fullres` of `obs`. Spots with `in_tissue` 0 are left
 * out and counted. Where `var` has `feature_types`, only gene expression is kept.
 *
 * In a HEST folder (`st/` or `adata/`), metadata, slide (`wsis/`) and patches of the same id are found beside it. Elsewhere the
 * image is the one given, or the one beside the file with its name. The pixel size is the one given, or that of the
 * metadata, or what the file implies (scale factors of 10x, spacing of the spots).
 *
 * @throws UsageError when the file or the image named does not exist, or mpp is not positive.
 * @throws DataError when it is damaged, has no places, counts that are no counts, or no pixel size is to be had.
 */
export async function readH5adSection(path: string, options: H5adSectionOptions = {}): Promise<Section> {
  await requireFile(path, OPERATION, 'an .h5ad file');
  const given = givenPixelSize(options, OPERATION);
  const id = options.id ?? basename(path).replace(/\.h5ad$/i, '');
  const sample = options.sample ?? (await besideMetadata(path, id));
  const { read, spots, outside, size } = await withH5ad(
    path,
    (file) => readParts(file, options, given, sample),
    OPERATION,
  );
  const joined = joinSpots(spots, read.counts, {
    operation: OPERATION,
    folder: path,
    outside,
    unplaced: 'error',
  });
  const images = await findImages(path, id, options);
  const patient = options.patient ?? (sample === undefined ? id : hestPatient(sample));
  const study = options.study ?? (sample === undefined ? id : hestStudy(sample, options.studyKey));
  return { id, patient, study, ...images, ...size, ...joined, ...recordedChanges(options, read) };
}

async function readParts(
  file: H5adFile,
  options: H5adSectionOptions,
  given: ReturnType<typeof givenPixelSize>,
  sample: HestSample | undefined,
) {
  const barcodes = await file.obs.index();
  const places = await placesOf(file, barcodes.length);
  const grid = await gridOf(file);
  const placed: PlacedSpot[] = barcodes.map((barcode, i) => {
    const [x, y] = [places.data[2 * i]!, places.data[2 * i + 1]!];
    return { barcode, x, y, ...grid(i) };
  });
  const moved = transformSpots(placed, options.transform, OPERATION);
  const size =
    given ?? (await h5adPixelSize(file, moved, { ...options.transform, sample, operation: OPERATION }));
  const inTissue = await optionalNumbers(file.obs, 'in_tissue');
  const spots: Spot[] = moved.filter((_, i) => inTissue?.[i] !== 0);
  const outside = barcodes.filter((_, i) => inTissue?.[i] === 0);
  return { read: await readCounts(file, barcodes, options), spots, outside, size };
}

async function placesOf(file: H5adFile, spots: number): Promise<Matrix<Float64Array>> {
  const named = (await file.obsmNames()).find((name) => name === 'spatial' || name === 'X_spatial');
  const places = named === undefined ? await pixelColumns(file) : await file.obsm(named);
  const valid =
    places !== undefined &&
    places.rows === spots &&
    places.cols >= 2 &&
    places.data.every((value) => Number.isFinite(value));
  if (valid) {
    if (places.cols === 2) return places;
    const xy = Float64Array.from(
      { length: 2 * spots },
      (_, i) => places.data[(i >> 1) * places.cols + (i & 1)]!,
    );
    return { rows: spots, cols: 2, data: xy };
  }
  throw new DataError(OPERATION, {
    need: `the places of ${spots} spots in obsm/spatial (or pxl_col_in_fullres and pxl_row_in_fullres in obs)`,
    found: `${places === undefined ? 'none' : `${places.rows} x ${places.cols} numbers, or some that are not finite`} in ${file.path}`,
    next: 'only spatial data can be paired with a slide',
  });
}

async function pixelColumns(file: H5adFile): Promise<Matrix<Float64Array> | undefined> {
  const x = await optionalNumbers(file.obs, 'pxl_col_in_fullres');
  const y = await optionalNumbers(file.obs, 'pxl_row_in_fullres');
  if (x === undefined || y === undefined || x.length !== y.length) return undefined;
  const data = Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 === 0 ? x[i >> 1]! : y[i >> 1]!));
  return { rows: x.length, cols: 2, data };
}

async function gridOf(file: H5adFile): Promise<(i: number) => { arrayRow?: number; arrayCol?: number }> {
  const rows = await optionalNumbers(file.obs, 'array_row');
  const columns = await optionalNumbers(file.obs, 'array_col');
  return (i) => {
    const [arrayRow, arrayCol] = [rows?.[i], columns?.[i]];
    const known = Number.isFinite(arrayRow) && Number.isFinite(arrayCol);
    return known ? { arrayRow: arrayRow!, arrayCol: arrayCol! } : {};
  };
}

async function optionalNumbers(frame: H5adFrame, name: string): Promise<Float64Array | undefined> {
  return (await frame.columnNames()).includes(name) ? columnAsNumbers(await frame.column(name)) : undefined;
}

async function readCounts(
  file: H5adFile,
  barcodes: readonly string[],
  { matrix = 'X', geneColumn, duplicateGenes }: H5adSectionOptions,
): Promise<NamedCounts> {
  const frame = matrix === 'raw' ? ((await file.rawVar()) ?? file.var) : file.var;
  const names = geneColumn === undefined ? await frame.index() : columnAsText(await frame.column(geneColumn));
  const m = await file.matrix(matrix);
  if (m.rows !== barcodes.length || m.cols !== names.length) {
    throw new DataError(OPERATION, {
      need: `${matrix} of ${barcodes.length} spots x ${names.length} genes, as obs and var have names`,
      found: `${m.rows} x ${m.cols} in ${file.path}`,
    });
  }
  const types = (await frame.columnNames()).includes('feature_types')
    ? columnAsText(await frame.column('feature_types'))
    : undefined;
  const keep = types && names.flatMap((_, c) => (types[c] === GENE_EXPRESSION ? [c] : []));
  if (keep?.length === 0) {
    throw new DataError(OPERATION, {
      need: `features of type "${GENE_EXPRESSION}"`,
      found: `none among ${names.length} in ${file.path}`,
    });
  }
  const options = {
    ...(duplicateGenes === undefined ? {} : { rule: duplicateGenes }),
    ...(keep === undefined ? {} : { keep }),
  };
  return countsFromColumns({ barcodes, names, ...sparseParts(m) }, file.path, options);
}

/** Stored values other than 0, by rows. */
function sparseParts(m: H5adMatrix): Pick<NamedColumns, 'indptr' | 'indices' | 'data'> {
  if (m.kind === 'csr') return m;
  const indptr = new Int32Array(m.rows + 1);
  for (let r = 0; r < m.rows; r++) {
    let stored = 0;
    for (let k = r * m.cols; k < (r + 1) * m.cols; k++) if (m.data[k] !== 0) stored++;
    indptr[r + 1] = indptr[r]! + stored;
  }
  const indices = new Int32Array(indptr[m.rows]!);
  const data = new Float64Array(indices.length);
  let at = 0;
  for (let k = 0; k < m.data.length; k++) {
    if (m.data[k] === 0) continue;
    indices[at] = k % m.cols;
    data[at++] = m.data[k]!;
  }
  return { indptr, indices, data };
}

async function besideMetadata(path: string, id: string): Promise<HestSample | undefined> {
  const beside = join(dirname(path), '..', 'metadata', `${id}.json`);
  return (await pathKind(beside)) === 'file' ? readHestMetadata(beside) : undefined;
}

/** The slide, and the precut patches where there are some; patches alone stand in for a slide. */
async function findImages(
  path: string,
  id: string,
  options: H5adSectionOptions,
): Promise<{ imagePath: string; patchesPath?: string }> {
  const patchesPath = await findPatches(path, id, options.patchesPath);
  const patches = patchesPath === undefined ? {} : { patchesPath };
  const above = join(dirname(path), '..');
  const slide = options.imagePath ?? (await imageNamed(id, [dirname(path), join(above, 'wsis')]));
  if (slide !== undefined) return { imagePath: await findImage(slide, [], OPERATION), ...patches };
  if (patchesPath !== undefined) return { imagePath: patchesPath, patchesPath };
  throw new DataError(OPERATION, {
    need: 'the full-resolution image that the spots refer to, or precut patches',
    found: `no image named ${id} beside ${path}, in wsis, or patches/${id}.h5`,
    next: 'name the image; pictures inside an .h5ad file are scaled down',
  });
}

async function findPatches(path: string, id: string, given: string | undefined): Promise<string | undefined> {
  if (given !== undefined) {
    if ((await pathKind(given)) === 'file') return given;
    throw new UsageError(OPERATION, { need: 'the file of patches given', found: `nothing at ${given}` });
  }
  const beside = join(dirname(path), '..', 'patches', `${id}.h5`);
  return (await pathKind(beside)) === 'file' ? beside : undefined;
}

async function imageNamed(id: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const images = (await listFolder(folder)).filter((name) => isImageOf(name, id));
    if (images.length === 1) return join(folder, images[0]!);
    if (images.length > 1) {
      throw new DataError(OPERATION, {
        need: `one image of ${id}`,
        found: `${images.length} (${nameSome(images)}) in ${folder}`,
        next: 'name the one that the spots refer to',
      });
    }
  }
  return undefined;
}

function isImageOf(name: string, id: string): boolean {
  const dot = name.lastIndexOf('.');
  const stem = name.slice(0, dot).replace(/\.ome$/i, '');
  return stem === id && /^\.(tiff?|btf|svs|ndpi|scn|mrxs|bif|jpe?g|png)$/i.test(name.slice(dot));
}
