/** Coordinate files for many slides. */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type TileOptions, type TileProgress, type TissueChoice, tileSlide } from '../../slide/index.ts';
import { runSlides, type SlideRun, type SlideRunOptions } from './run-slides.ts';
import type { SlideEntry } from './slide-list.ts';

/** Where tissue is, for many slides: a choice for all, or a folder with a mask for each, named as the slide. */
export type TissueOfSlides =
  | TissueChoice
  | { readonly from: 'folder'; readonly path: string; readonly classes?: readonly string[] };

/** Endings of masks in a folder, in the order they are looked for. */
const MASK_ENDINGS = ['.geojson', '.json', '.png', '.tif', '.jpg'];

/** Options of {@link tileSlides}. */
export interface TileSlidesOptions extends Omit<TileOptions, 'outFolder' | 'tissue' | 'onProgress'> {
  readonly tissue?: TissueOfSlides;
  readonly run?: Omit<SlideRunOptions, 'signal'>;
  readonly onProgress?: (id: string, progress: TileProgress) => void;
}

/** The choice of tissue for one slide. */
export function tissueOf(entry: SlideEntry, choice: TissueOfSlides | undefined): TissueChoice | undefined {
  if (choice?.from !== 'folder') return choice;
  const paths = MASK_ENDINGS.map((ending) => join(choice.path, entry.id + ending));
  const path = paths.find((one) => existsSync(one)) ?? paths[0]!;
  return maskChoice(path, choice.classes);
}

/** A mask by the ending of its file: outlines or a picture. */
export function maskChoice(path: string, classes?: readonly string[]): TissueChoice {
  const isOutlines = ['.geojson', '.json'].includes(extname(path).toLowerCase());
  if (!isOutlines) return { from: 'mask', path };
  return { from: 'geojson', path, ...(classes === undefined ? {} : { classes }) };
}

/**
 * Cuts every slide into patches; see `tileSlide` for the files and `runSlides` for how the list is shared.
 *
 * @throws UsageError for options that do not fit; the signal's reason if it is aborted.
 */
export async function tileSlides(
  entries: readonly SlideEntry[],
  folder: string,
  options: TileSlidesOptions,
): Promise<SlideRun> {
  const { run, onProgress, tissue, signal, ...choices } = options;
  const settings = { tiling: JSON.stringify({ ...choices, tissue }) };
  const work = {
    settings,
    isComplete: ({ id }: SlideEntry) => existsSync(join(folder, `${id}.json`)),
    process: async (entry: SlideEntry, check: () => void) => {
      const chosen = tissueOf(entry, tissue);
      const mpp = choices.mpp ?? entry.mpp;
      const { counts, reason } = await tileSlide(entry.path, {
        ...choices,
        outFolder: folder,
        ...(mpp === undefined ? {} : { mpp }),
        ...(chosen === undefined ? {} : { tissue: chosen }),
        ...(signal === undefined ? {} : { signal }),
        onProgress: (progress) => {
          check();
          onProgress?.(entry.id, progress);
        },
      });
      return { patches: counts.kept, ...(reason === null ? {} : { reason }) };
    },
  };
  return runSlides(entries, folder, work, { ...run, ...(signal === undefined ? {} : { signal }) });
}
