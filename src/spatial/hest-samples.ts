/** What HEST-1k says about its samples: the root table and one JSON file per sample, with the same fields. */
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { firstDuplicate } from './names.ts';
import { requireFile } from './paths.ts';
import { parseJson } from './section-meta.ts';
import { finiteNumber, parseTable, readText } from './text-file.ts';

/** One sample; fields that the source leaves empty are absent. */
export interface HestSample {
  readonly id: string;
  /** Data set of its publication (`dataset_title`). */
  readonly title: string;
  readonly organ?: string;
  /** OncoTree code, e.g. COAD. */
  readonly oncotree?: string;
  readonly species?: string;
  /** As written, e.g. `Patient 1`: unique only within a title. */
  readonly patient?: string;
  /** Visium, Visium HD, Xenium or Spatial Transcriptomics. */
  readonly technology?: string;
  readonly studyLink?: string;
  readonly genes?: number;
  readonly spots?: number;
  /** `pixel_size_um_estimated`: measured from the spots, and the one to use. */
  readonly mpp?: number;
  /** `pixel_size_um_embedded`: from the image file's header, which can be ten times off. */
  readonly embeddedMpp?: number;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly spotUm?: number;
  readonly pitchUm?: number;
}

type Raw = Readonly<Record<string, unknown>>;

function textAt(raw: Raw, key: string): string | undefined {
  const value = raw[key];
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return text === '' || text.toLowerCase() === 'nan' ? undefined : text;
}

function present<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** Reads the fields by HEST's names; undefined without `id` or `dataset_title`. */
function sampleFrom(raw: Raw): HestSample | undefined {
  const id = textAt(raw, 'id');
  const title = textAt(raw, 'dataset_title');
  if (id === undefined || title === undefined) return undefined;
  const number = (key: string) => finiteNumber(textAt(raw, key));
  return present({
    id,
    title,
    organ: textAt(raw, 'organ'),
    oncotree: textAt(raw, 'oncotree_code'),
    species: textAt(raw, 'species'),
    patient: textAt(raw, 'patient'),
    technology: textAt(raw, 'st_technology'),
    studyLink: textAt(raw, 'study_link'),
    genes: number('nb_genes'),
    spots: number('spots_under_tissue'),
    mpp: number('pixel_size_um_estimated'),
    embeddedMpp: number('pixel_size_um_embedded'),
    widthPx: number('fullres_px_width'),
    heightPx: number('fullres_px_height'),
    spotUm: number('spot_diameter'),
    pitchUm: number('inter_spot_dist'),
  }) as HestSample;
}

/**
 * Reads HEST's sample table (`HEST_v1_1_0.csv` and later ones).
 *
 * @throws UsageError when the path does not exist.
 * @throws DataError for a table without the columns id and dataset_title, empty ones, or a repeated id.
 */
export async function readHestTable(path: string): Promise<HestSample[]> {
  const operation = 'readHestTable';
  await requireFile(path, operation, 'a HEST sample table');
  const table = parseTable(await readText(path, operation), ',', operation, path);
  const need = 'the columns id and dataset_title, filled in every row';
  const samples = table.rows.map(sampleFrom);
  const gap = samples.indexOf(undefined);
  if (!table.columns.includes('id') || !table.columns.includes('dataset_title') || gap >= 0) {
    throw new DataError(operation, {
      need,
      found: `${gap >= 0 ? `row ${gap + 1} without` : 'others'} in ${path}`,
    });
  }
  const twice = firstDuplicate(samples.map((sample) => sample!.id));
  if (twice === undefined) return samples as HestSample[];
  throw new DataError(operation, { need: 'each id once', found: `"${twice}" more than once in ${path}` });
}

/**
 * Reads `metadata/{id}.json`.
 *
 * @throws UsageError when the path does not exist.
 * @throws DataError when it is no JSON object with id and dataset_title.
 */
export async function readHestMetadata(path: string): Promise<HestSample> {
  const operation = 'readHestMetadata';
  await requireFile(path, operation, 'a HEST metadata file');
  const need = 'an object with id and dataset_title';
  const schema = z.record(z.string(), z.unknown());
  const sample = sampleFrom(parseJson(await readText(path, operation), schema, operation, path, need));
  if (sample !== undefined) return sample;
  throw new DataError(operation, { need, found: `one without in ${path}` });
}

/**
 * The donor, unique over all titles: samples of a title that names no patient count as one donor, so that they
 * never stand on both sides of a split.
 *
 * @source HEST's fold rule: groups are (dataset_title, patient or `Patient 1`).
 */
export function hestPatient({ title, patient = 'Patient 1' }: HestSample): string {
  return `${title}: ${patient}`;
}

/** What counts as one study when a study is left out: its title, or title and link (a title can span two papers). */
export type HestStudyKey = 'title' | 'title+link';

export function hestStudy({ title, studyLink = 'no link' }: HestSample, key: HestStudyKey = 'title'): string {
  return key === 'title' ? title : `${title} (${studyLink})`;
}
