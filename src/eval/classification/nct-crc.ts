import { basename } from 'node:path';
import { type LabelledImages, readClassFolders } from './labelled-images.ts';

/** Tissue classes of NCT-CRC-HE, in the usual order. */
export const NCT_CRC_CLASSES = ['ADI', 'BACK', 'DEB', 'LYM', 'MUC', 'MUS', 'NORM', 'STR', 'TUM'] as const;

/**
 * Reads one folder of the NCT-CRC-HE family (`NCT-CRC-HE-100K`, its unnormalised form, or `CRC-VAL-HE-7K`):
 * nine class folders of 224 px tiles at 0.5 um per pixel.
 *
 * @param split recorded for every tile; default `test` for a folder whose name has `VAL`, else `train`.
 * @throws UsageError for a missing folder, DataError for a class without tiles.
 * @source Kather et al., Zenodo record 1214456.
 */
export async function readNctCrc(folder: string, split?: string): Promise<LabelledImages> {
  const own = split ?? (/VAL/i.test(basename(folder)) ? 'test' : 'train');
  const set = await readClassFolders(folder, {
    classes: NCT_CRC_CLASSES,
    split: own,
    operation: 'readNctCrc',
  });
  return {
    ...set,
    name: basename(folder),
    notes: ['tiles carry no patient: scores between tiles of one folder may mix tiles of a patient'],
  };
}
