/** Patches around the spots of a tissue section, cut once into a file that every thread can read. */
import { type Dataset, File, ready } from 'h5wasm/node';
import { writeAtomically } from '../../core/atomic-file.ts';
import { UsageError } from '../../errors.ts';
import { checkSpotsInside, openImage, patchGeometry, patchRegion, readPatches } from '../../slide/index.ts';
import type { Section } from '../../spatial/index.ts';

export interface SectionPatchesOptions {
  /** Physical side of a patch in micrometres. */
  readonly patchUm: number;
  /** Side of a patch in pixels after resampling. */
  readonly sizePx: number;
  readonly signal?: AbortSignal;
}

/**
 * Cuts the patch around each spot of a section and writes them in HEST-1k's layout: `img` uint8 (N, P, P, 3), one chunk
 * per patch; `coords` int64 (N, 2), level-0 top left corners; `barcode` strings (N). Rows are in the order of the
 * spots. The file appears whole or not at all; only one patch and the section's image are in memory.
 *
 * Cutting beforehand, because a section's image is one picture that must be decoded as a whole: random access from
 * several threads would hold it several times.
 *
 * @throws UsageError when the section has no spot; DataError when its image cannot be read or a spot lies outside it.
 */
export async function writeSectionPatches(
  section: Section,
  path: string,
  { patchUm, sizePx, signal }: SectionPatchesOptions,
): Promise<void> {
  const geometry = patchGeometry({ patchUm, sizePx, mpp: section.mpp });
  const { spots } = section;
  if (spots.length === 0) {
    throw new UsageError('writeSectionPatches', {
      need: 'a section with spots',
      found: `none in ${section.id}`,
    });
  }
  await ready;
  const image = await openImage(section.imagePath);
  try {
    checkSpotsInside(spots, image);
    await writeAtomically(path, async (temporary) => {
      const file = new File(temporary, 'w');
      try {
        for await (const { index, pixels } of readPatches(image, spots, geometry, {
          ...(signal && { signal }),
        })) {
          if (index === 0) createImages(file, pixels, sizePx, spots.length);
          else images(file).write_slice([[index, index + 1], [], [], []], pixels);
        }
        const corners = spots.map((spot) => patchRegion(geometry, spot));
        const coords = BigInt64Array.from(corners.flatMap(({ x, y }) => [BigInt(x), BigInt(y)]));
        file.create_dataset({ name: 'coords', data: coords, shape: [spots.length, 2], dtype: '<q' });
        file.create_dataset({ name: 'barcode', data: spots.map(({ barcode }) => barcode) });
      } finally {
        file.close();
      }
    });
  } finally {
    await image.close();
  }
}

function images(file: File): Dataset {
  return file.get('img') as Dataset;
}

/** The library makes a data set from its content, so it starts with one patch and is then enlarged. */
function createImages(file: File, first: Uint8Array, sizePx: number, count: number): void {
  const patch = [sizePx, sizePx, 3];
  file.create_dataset({
    name: 'img',
    data: first,
    shape: [1, ...patch],
    maxshape: [null, ...patch],
    chunks: [1, ...patch],
    dtype: '<B',
  });
  images(file).resize([count, ...patch]);
}
