/** Labelled pictures or labelled embeddings, as every task on labels takes them. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type Matrix, vstack } from '../core/matrix.ts';
import { type Embeddings, readEmbeddings } from '../embedding/index.ts';
import { DataError, UsageError } from '../errors.ts';
import {
  type LabelledImages,
  readClassFolders,
  readMhist,
  readNctCrc,
  readUniToPatho,
} from '../eval/classification/index.ts';
import { requireFile } from '../spatial/paths.ts';
import { parseTable, readText } from '../spatial/text-file.ts';
import type { EmbedRunOptions, EncoderSettings } from './embed-sections.ts';
import { embedPictureList } from './picture-list.ts';

/** How a folder of pictures tells labels; `folders`: one sub-folder per class. */
export const PICTURE_FORMATS = ['folders', 'mhist', 'unitopatho', 'nct-crc'] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

export interface LabelRow {
  readonly item: string;
  readonly label: string;
  readonly patient: string | undefined;
  readonly split: string | undefined;
}

/** Items with features, labels and what is known about them. */
export interface LabelledData {
  readonly name: string;
  readonly features: Matrix<Float32Array>;
  readonly items: readonly LabelRow[];
  readonly classes: readonly string[];
  readonly notes: readonly string[];
  /** For the protocol: what made the features. */
  readonly encoder: Readonly<Record<string, string>>;
}

const OPERATION = 'labelled data';

/**
 * Reads `item,label[,patient][,split]`.
 *
 * @throws UsageError for a missing file; DataError for missing columns or labels, or an item named twice.
 */
export async function readLabels(path: string): Promise<LabelRow[]> {
  await requireFile(path, OPERATION, 'a table of labels');
  const { columns, rows } = parseTable(await readText(path, OPERATION), ',', OPERATION, path);
  const absent = ['item', 'label'].filter((name) => !columns.includes(name));
  if (absent.length > 0) {
    throw new DataError(OPERATION, {
      need: 'the columns item,label and optionally patient,split',
      found: `no ${absent.join(' and ')} in ${path}`,
    });
  }
  const seen = new Set<string>();
  return rows.map(({ item = '', label = '', patient, split }, i) => {
    if (item === '' || label === '' || seen.has(item)) {
      throw new DataError(OPERATION, {
        need: 'an item of its own and a label in every line',
        found: `"${item}","${label}" in line ${i + 2} of ${path}`,
      });
    }
    seen.add(item);
    return { item, label, patient: patient || undefined, split: split || undefined };
  });
}

/** Embedding files of a path: itself, or all of a folder by name. */
export async function embeddingFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return [path];
  const names = found?.isDirectory()
    ? (await readdir(path)).filter((name) => name.endsWith('.h5')).sort()
    : [];
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new UsageError(OPERATION, {
    need: 'an embedding file (.h5) or a folder of them',
    found: found === undefined ? `no file or folder ${path}` : `none in ${path}`,
    next: 'make them with `mvhybrid embed`',
  });
}

/** Rows of several embedding files under their barcode, or `<file>/<barcode>` where files share barcodes. */
function rowsByName(files: readonly { readonly name: string; readonly embeddings: Embeddings }[]) {
  const all = files.flatMap(({ name, embeddings }) =>
    embeddings.rows.map(({ barcode }, row) => ({ name, barcode, row, embeddings })),
  );
  const unique = new Set(all.map(({ barcode }) => barcode)).size === all.length;
  return new Map(all.map((one) => [unique ? one.barcode : `${one.name}/${one.barcode}`, one]));
}

/** Embeddings joined with a table of labels by item; embeddings without a label are left out and counted. */
export async function labelledEmbeddings(path: string, labels: string): Promise<LabelledData> {
  const items = await readLabels(labels);
  const files = [];
  for (const file of await embeddingFiles(path)) {
    files.push({ name: basename(file, '.h5'), embeddings: await readEmbeddings(file) });
  }
  const width = files[0]!.embeddings.width;
  const odd = files.find(({ embeddings }) => embeddings.width !== width);
  if (odd !== undefined) {
    throw new DataError(OPERATION, {
      need: `vectors of ${width} numbers in every file`,
      found: `${odd.embeddings.width} in ${odd.name}.h5`,
    });
  }
  const rows = rowsByName(files);
  const missing = items.filter(({ item }) => !rows.has(item)).map(({ item }) => item);
  if (missing.length > 0) {
    throw new DataError(OPERATION, {
      need: `an embedding for each of ${items.length} labelled items`,
      found: `none for ${missing.length} (${missing.slice(0, 3).join(', ')}); ${path} has e.g. ${[...rows.keys()][0] ?? 'nothing'}`,
      next: 'name items as the embeddings do',
    });
  }
  const data = new Float32Array(items.length * width);
  for (const [i, { item }] of items.entries()) {
    const { embeddings, row } = rows.get(item)!;
    data.set(embeddings.values.subarray(row * width, (row + 1) * width), i * width);
  }
  const { backbone = 'not stated', weights = 'not stated' } = files[0]!.embeddings.attributes;
  const unused = rows.size - items.length;
  return {
    name: basename(path),
    features: { rows: items.length, cols: width, data },
    items,
    classes: [...new Set(items.map(({ label }) => label))].sort(),
    notes: unused > 0 ? [`${unused} embeddings have no label and were left out`] : [],
    encoder: { backbone, weights },
  };
}

const READERS: Record<PictureFormat, (folder: string) => Promise<LabelledImages>> = {
  folders: (folder) => readClassFolders(folder),
  mhist: readMhist,
  unitopatho: readUniToPatho,
  'nct-crc': (folder) => readNctCrc(folder),
};

/** Pictures with labels, embedded into `<out>/embeddings`, resuming. */
export async function labelledPictures(
  folder: string,
  format: PictureFormat,
  out: string,
  settings: EncoderSettings,
  options: EmbedRunOptions = {},
): Promise<LabelledData> {
  const set = await READERS[format](folder);
  const names = set.images.map(({ path }) => relative(folder, path));
  const paths = set.images.map(({ path }) => path);
  const id = basename(folder) || 'pictures';
  const { values, width, encoder } = await embedPictureList(
    id,
    paths,
    names,
    join(out, 'embeddings'),
    settings,
    options,
  );
  return {
    name: basename(folder),
    features: { rows: paths.length, cols: width, data: values },
    items: set.images.map(({ label, patient, split }, i) => ({ item: names[i]!, label, patient, split })),
    classes: set.classes,
    notes: set.notes,
    encoder: {
      backbone: encoder.name,
      weights: encoder.weights,
      features: settings.features,
      sizePx: String(settings.sizePx),
    },
  };
}

/**
 * Several sets as one, e.g. the training and the test folder of a data set.
 *
 * @throws DataError for features of different widths.
 */
export function joinLabelled(sets: readonly LabelledData[]): LabelledData {
  const first = sets[0]!;
  if (sets.length === 1) return first;
  const odd = sets.find(({ features }) => features.cols !== first.features.cols);
  if (odd !== undefined) {
    throw new DataError(OPERATION, {
      need: `features of one width, ${first.features.cols} in ${first.name}`,
      found: `${odd.features.cols} in ${odd.name}`,
    });
  }
  const features = vstack(sets.map((set) => set.features));
  return {
    name: sets.map(({ name }) => name).join(' + '),
    features: { ...features, data: Float32Array.from(features.data) },
    items: sets.flatMap(({ name, items }) => items.map((row) => ({ ...row, item: `${name}/${row.item}` }))),
    classes: [...new Set(sets.flatMap(({ classes }) => classes))],
    notes: [...new Set(sets.flatMap(({ notes }) => notes))],
    encoder: first.encoder,
  };
}
