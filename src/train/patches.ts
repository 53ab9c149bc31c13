/** The patches of a run as a listing that every loader thread can open. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listPatchFiles, listPictures, type PatchListing, writeSectionPatches } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { readCohort, type SectionFailure } from '../spatial/index.ts';
import type { RunConfig } from './config.ts';

export interface RunPatches {
  readonly listing: PatchListing;
  /** Sections of a cohort that could not be used. */
  readonly failures: readonly SectionFailure[];
}

/**
 * Lists the patches; those of a cohort are cut once into `<folder>/patches/<section>-<um>um-<px>px.h5`.
 *
 * @throws UsageError or DataError when there is none to use.
 */
export async function listRunPatches(
  { patches }: RunConfig,
  folder: string,
  signal?: AbortSignal,
): Promise<RunPatches> {
  const { pictures, files, cohort, patchUm, sizePx } = patches;
  if (pictures !== undefined) return { listing: await listPictures(pictures), failures: [] };
  if (files !== undefined) return { listing: await listPatchFiles(files), failures: [] };
  const { sections, failures } = await readCohort(cohort!, signal === undefined ? {} : { signal });
  const cut: string[] = [];
  const failed: SectionFailure[] = [...failures];
  for (const section of sections) {
    const path = join(folder, 'patches', `${section.id}-${patchUm}um-${sizePx}px.h5`);
    try {
      if (!existsSync(path))
        await writeSectionPatches(section, path, { patchUm, sizePx, ...(signal && { signal }) });
      cut.push(path);
    } catch (error) {
      signal?.throwIfAborted();
      failed.push({ id: section.id, error });
    }
  }
  if (cut.length === 0) {
    const { id, error } = failed[0]!;
    throw new DataError('pretrain', {
      need: 'a section with usable patches',
      found: `none in ${cohort} (${id}: ${error instanceof Error ? error.message : String(error)})`,
      cause: error,
    });
  }
  return { listing: await listPatchFiles(cut), failures: failed };
}
