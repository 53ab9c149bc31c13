import { basename, join } from 'node:path';
import { DataError } from '../../errors.ts';
import { pathKind, requireFile } from '../../spatial/paths.ts';
import { parseTable, readText } from '../../spatial/text-file.ts';
import { type LabelledImage, type LabelledImages, pictureNames, requireImages } from './labelled-images.ts';

/** Polyp classes of UniToPatho, in alphabetical order. */
export const UNITOPATHO_CLASSES = ['HP', 'NORM', 'TA.HG', 'TA.LG', 'TVA.HG', 'TVA.LG'] as const;

const OPERATION = 'readUniToPatho';

/** The slide in a picture's name: all before `.ndpi`, or before `_ROI` where that is missing. */
function slideOf(image: string): string | undefined {
  return /^(.*?)(?:\.ndpi|_ROI)/i.exec(image)?.[1];
}

/** One of the two lists; a picture's class is its column `top_label_name`, else the folder that holds it. */
async function readList(
  folder: string,
  split: 'train' | 'validation',
  folderOf: ReadonlyMap<string, string>,
): Promise<LabelledImage[]> {
  const path = join(folder, split === 'train' ? 'train.csv' : 'test.csv');
  await requireFile(path, OPERATION, `UniToPatho's list ${basename(path)}`);
  const { columns, rows } = parseTable(await readText(path, OPERATION), ',', OPERATION, path);
  if (!columns.includes('image_id')) {
    throw new DataError(OPERATION, { need: 'a column image_id', found: `${columns.join(', ')} in ${path}` });
  }
  const names = rows.map((row) => basename(row.image_id!));
  requireImages(OPERATION, names, new Set(folderOf.keys()));
  return rows.map((row, i) => {
    const name = names[i]!;
    const label = row.top_label_name || folderOf.get(name)!;
    if (label !== folderOf.get(name)) {
      throw new DataError(OPERATION, {
        need: `${name} in the folder of its class ${label}`,
        found: `it in ${folderOf.get(name)}`,
      });
    }
    const patient = row.wsi || slideOf(name);
    return { path: join(folder, label, name), label, patient, split };
  });
}

/**
 * Reads UniToPatho's 800 um part: `train.csv`, `test.csv` and one folder of 1812 px PNGs (0.4415 um per pixel)
 * per class. `test.csv` is the validation part of the evaluation literature (6,270 and 2,399 pictures). Every
 * slide is of another patient, so the slide stands for the patient.
 *
 * @param folder the data set, or its folder `800`.
 * @throws UsageError for missing lists; DataError for lists and folders that disagree, or a slide in both lists.
 * @source arXiv:2101.09991.
 */
export async function readUniToPatho(folder: string): Promise<LabelledImages> {
  const inner = join(folder, '800');
  const root = (await pathKind(inner)) === 'folder' ? inner : folder;
  const folderOf = new Map<string, string>();
  for (const label of UNITOPATHO_CLASSES) {
    for (const name of await pictureNames(join(root, label))) folderOf.set(name, label);
  }
  const [train, validation] = [
    await readList(root, 'train', folderOf),
    await readList(root, 'validation', folderOf),
  ];
  const trained = new Set(train.map((image) => image.patient));
  const shared = validation.find((image) => image.patient !== undefined && trained.has(image.patient));
  if (shared !== undefined) {
    throw new DataError(OPERATION, {
      need: 'no slide in both train.csv and test.csv',
      found: `slide ${shared.patient} in both`,
    });
  }
  const unused = folderOf.size - train.length - validation.length;
  return {
    name: `UniToPatho (${basename(root)})`,
    classes: UNITOPATHO_CLASSES,
    images: [...train, ...validation],
    notes: [
      'test.csv is called `validation`: published scores choose and test on it',
      ...(unused > 0 ? [`${unused} pictures of the folders are in neither list and were left out`] : []),
    ],
  };
}
