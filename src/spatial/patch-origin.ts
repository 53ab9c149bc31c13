/** Whether a section's patches are cut from its slide or come from HEST's file of precut ones. */
import { DataError } from '../errors.ts';
import type { Section } from './types.ts';

export const PATCH_ORIGINS = ['cut', 'precut'] as const;
export type PatchOrigin = (typeof PATCH_ORIGINS)[number];

/** False where only precut patches were downloaded. */
export function hasSlide({ imagePath, patchesPath }: Section): boolean {
  return imagePath !== patchesPath;
}

/**
 * Where the patches of a section come from: what is wanted; by default the slide, and the precut patches where there is no
 * slide.
 *
 * @throws DataError when the section lacks what is wanted.
 */
export function patchOrigin(section: Section, wanted?: PatchOrigin): PatchOrigin {
  const { id, patchesPath } = section;
  if (wanted === 'precut' && patchesPath === undefined) {
    throw new DataError('patches', {
      need: `precut patches of section ${id}`,
      found: 'none beside it',
      next: `put patches/${id}.h5 into the HEST folder, or cut from the slide with --patches cut`,
    });
  }
  if (wanted === 'cut' && !hasSlide(section)) {
    throw new DataError('patches', {
      need: `the slide of section ${id}`,
      found: `only precut patches, ${patchesPath}`,
      next: 'put the slide into wsis/, or use the patches with --patches precut',
    });
  }
  return wanted ?? (hasSlide(section) ? 'cut' : 'precut');
}
