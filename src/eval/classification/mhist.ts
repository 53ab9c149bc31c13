import { join } from 'node:path';
import { DataError } from '../../errors.ts';
import { requireFile, requireFolder } from '../../spatial/paths.ts';
import { parseTable, readText } from '../../spatial/text-file.ts';
import { type LabelledImages, pictureNames, requireImages } from './labelled-images.ts';

/** Sessile serrated adenoma and hyperplastic polyp, numbered as in kaiko's eva. */
export const MHIST_CLASSES = ['SSA', 'HP'] as const;

const OPERATION = 'readMhist';
const COLUMNS = { image: 'Image Name', label: 'Majority Vote Label', split: 'Partition' } as const;

/**
 * Reads MHIST: `annotations.csv` beside a folder `images` of 224 px PNGs of colorectal polyps
 * (2,175 `train`, 977 `test`). Further columns, such as the annotators' votes, are not read.
 *
 * @throws UsageError when file or folder is missing; DataError for missing columns, unknown labels or
 *   partitions, or pictures that the list names and the folder lacks.
 * @source arXiv:2101.12355.
 */
export async function readMhist(folder: string): Promise<LabelledImages> {
  const list = join(folder, 'annotations.csv');
  await requireFile(list, OPERATION, "MHIST's annotations.csv");
  await requireFolder(join(folder, 'images'), OPERATION, "MHIST's folder images");
  const { columns, rows } = parseTable(await readText(list, OPERATION), ',', OPERATION, list);
  const absent = Object.values(COLUMNS).filter((name) => !columns.includes(name));
  if (absent.length > 0) {
    throw new DataError(OPERATION, {
      need: `the columns ${Object.values(COLUMNS).join(', ')}`,
      found: `none named ${absent.join(', ')} in ${list}`,
    });
  }
  const images = rows.map((row, i) => {
    const [name, label, split] = [row[COLUMNS.image]!, row[COLUMNS.label]!, row[COLUMNS.split]!];
    const known = MHIST_CLASSES.some((c) => c === label) && (split === 'train' || split === 'test');
    if (!known) {
      throw new DataError(OPERATION, {
        need: 'a label SSA or HP and a partition train or test',
        found: `"${label}" and "${split}" in line ${i + 2} of ${list}`,
      });
    }
    return { name, path: join(folder, 'images', name), label, patient: undefined, split };
  });
  const present = new Set(await pictureNames(join(folder, 'images')));
  requireImages(
    OPERATION,
    images.map((image) => image.name),
    present,
  );
  return {
    name: 'MHIST',
    classes: MHIST_CLASSES,
    images: images.map(({ name: _, ...image }) => image),
    notes: [
      'MHIST names no patients and has no validation part: choices made on `test` make its score too high',
    ],
  };
}
