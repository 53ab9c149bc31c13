/** Measured sections: folders of ST, Space Ranger, Visium HD and Xenium, and what `cohort.csv` says about them. */
import { dirname, join } from 'node:path';
import { type CohortEntry, readManifest } from '../../spatial/cohort-manifest.ts';
import { readSection, type SectionKind } from '../../spatial/index.ts';
import { sectionName } from '../../spatial/section-options.ts';
import { checkTreeInside, isInside, realPathInside } from '../security/inside.ts';
import { idOf } from './ids.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { matrixKind, type PeekedSection, peekSection } from './peek-section.ts';
import type { FoundTable } from './records.ts';
import type { FoundFile, Listing } from './walk.ts';

/** What a section says about the image it lies on. */
export interface SectionImage {
  readonly absolute: string;
  readonly section: string;
  readonly mpp?: number;
  readonly mppSource?: string;
}

export interface FoundSections {
  readonly tables: readonly FoundTable[];
  readonly images: readonly SectionImage[];
  /** What manifests say about `.h5ad` files, by their path. */
  readonly described: ReadonlyMap<string, CohortEntry>;
}

/** Kind of a section folder by the names in it; folders of single bin sizes are parts of one. */
function kindOf(
  path: string,
  names: readonly string[],
  folders: Listing['folders'],
): SectionKind | undefined {
  if (path.split('/').includes('binned_outputs')) return undefined;
  if (names.includes('binned_outputs')) return 'visium-hd';
  const spatial = folders.get(path === '' ? 'spatial' : `${path}/spatial`) ?? [];
  if (spatial.some((name) => name.startsWith('tissue_positions'))) return 'space-ranger';
  if (names.includes('spots.csv') || names.includes('spots.tsv')) return 'st';
  const isTranscripts = (name: string) => /^([\w-]+_)?transcripts\.(parquet|csv|csv\.gz)$/.test(name);
  return names.some(isTranscripts) ? 'xenium' : undefined;
}

/** Every `cohort.csv`; entries that lie elsewhere are left out and listed. */
async function readManifests(listing: Listing, peeks: PeekCache): Promise<Map<string, CohortEntry>> {
  const { root } = listing;
  const described = new Map<string, CohortEntry>();
  for (const file of listing.files.filter(({ path }) => path.split('/').at(-1) === 'cohort.csv')) {
    const subject = { kind: 'manifest', path: file.path, stamp: stampOf(file), root };
    const entries = await peeks.peek(subject, () => readManifest(file.absolute));
    for (const entry of entries ?? []) {
      const paths = [entry.path, entry.imagePath, entry.patchesPath].filter((path) => path !== undefined);
      if (paths.every((path) => isInside(root, path))) described.set(join(entry.path), entry);
      else
        peeks.problems.push({ path: file.path, message: `${entry.id} lies outside of the served folder.` });
    }
  }
  return described;
}

/** Changes with any file of the folder, of its `meta.json` above, or of what the manifest says. */
function sectionStamp(files: readonly FoundFile[], path: string, described: CohortEntry | undefined): string {
  const above = `${path === '' ? '' : `${dirname(path)}/`}meta.json`.replace(/^\.\//, '');
  let [count, size, newest] = [0, 0, 0];
  for (const file of files) {
    if (!(path === '' || file.path.startsWith(`${path}/`) || file.path === above)) continue;
    count++;
    size += file.size;
    newest = Math.max(newest, file.mtimeMs);
  }
  return `${count}-${size}-${Math.round(newest)}-${JSON.stringify(described ?? {})}`;
}

/** Reads the whole section where its size cannot be told otherwise. */
async function sizeOfSection(
  kind: SectionKind,
  absolute: string,
  described: Partial<CohortEntry>,
): Promise<PeekedSection> {
  const { imagePath, mpp } = described;
  const given = { ...(imagePath === undefined ? {} : { imagePath }), ...(mpp === undefined ? {} : { mpp }) };
  const peeked = await peekSection(kind, absolute, given);
  if (peeked !== undefined) return peeked;
  const { path: _path, ...options } = described;
  const section = await readSection(absolute, { unplacedCounts: 'drop', ...options });
  const { counts, ...rest } = section;
  const { imagePath: image, mpp: size, mppSource } = rest;
  return { rows: counts.barcodes.length, genes: counts.genes.length, imagePath: image, mpp: size, mppSource };
}

export async function findSections(listing: Listing, peeks: PeekCache): Promise<FoundSections> {
  const { root, files, folders } = listing;
  const described = await readManifests(listing, peeks);
  const tables: FoundTable[] = [];
  const images: SectionImage[] = [];
  for (const [path, names] of folders) {
    const kind = kindOf(path, names, folders);
    if (kind === undefined) continue;
    const absolute = path === '' ? root : join(root, path);
    const entry = described.get(absolute) ?? described.get(dirname(absolute));
    const stamp = sectionStamp(files, path, entry);
    const size = await peeks.peek({ kind: 'section', path, stamp, root }, async () => {
      await checkTreeInside(root, absolute);
      const found = await sizeOfSection(kind, absolute, entry ?? {});
      const matrix = kind === 'space-ranger' ? { matrix: await matrixKind(absolute) } : {};
      return { ...found, matrix, imagePath: await realPathInside(root, found.imagePath) };
    });
    if (size === undefined) continue;
    const name = entry?.id ?? sectionName(absolute);
    const { path: _path, ...options } = entry ?? {};
    images.push({ absolute: size.imagePath, section: name, mpp: size.mpp, mppSource: size.mppSource });
    tables.push({
      entry: { id: idOf('table', path), name, path, kind: 'measured', rows: size.rows, genes: size.genes },
      place: { root, absolute, stamp },
      source: {
        from: 'section',
        path: absolute,
        options: { ...options, ...size.matrix, imagePath: size.imagePath, mpp: size.mpp },
      },
      look: {},
      hints: { paths: [size.imagePath], names: [name] },
      sectionPath: absolute,
    });
  }
  return { tables, images, described };
}
