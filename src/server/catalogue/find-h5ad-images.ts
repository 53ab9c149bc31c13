/** Images of AnnData files: named by a manifest, or of the same name beside the file or in HEST's folder `wsis`. */
import type { CohortEntry } from '../../spatial/cohort-manifest.ts';
import { readHestMetadata } from '../../spatial/index.ts';
import type { SectionImage } from './find-sections.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { folderOf, stemOf } from './records.ts';
import type { FoundFile, Listing } from './walk.ts';

const IMAGE = /\.(tiff?|btf|svs|ndpi|scn|mrxs|bif|jpe?g|png)$/i;

/** Pixel size that HEST's metadata states, which is better evidence than the tags of some of its slides. */
async function hestMpp(
  { path }: FoundFile,
  files: ReadonlyMap<string, FoundFile>,
  root: string,
  peeks: PeekCache,
): Promise<{ mpp: number; mppSource: string } | undefined> {
  const above = folderOf(folderOf(path));
  const metadata = files.get(`${above === '' ? '' : `${above}/`}metadata/${stemOf(path)}.json`);
  if (metadata === undefined) return undefined;
  const subject = { kind: 'hest', path: metadata.path, stamp: stampOf(metadata), root };
  const sample = await peeks.peek(subject, () => readHestMetadata(metadata.absolute));
  const mpp = sample?.mpp;
  return mpp === undefined ? undefined : { mpp, mppSource: 'HEST metadata pixel_size_um_estimated' };
}

export async function findH5adImages(
  { root, files }: Listing,
  described: ReadonlyMap<string, CohortEntry>,
  peeks: PeekCache,
): Promise<SectionImage[]> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const byStem = new Map<string, FoundFile[]>();
  for (const file of files.filter(({ path }) => IMAGE.test(path))) {
    const key = `${folderOf(file.path)}\0${stemOf(file.path).replace(/\.ome$/i, '')}`;
    byStem.set(key, [...(byStem.get(key) ?? []), file]);
  }
  const images: SectionImage[] = [];
  for (const file of files.filter(({ path }) => path.toLowerCase().endsWith('.h5ad'))) {
    const entry = described.get(file.absolute);
    const folder = folderOf(file.path);
    const above = folderOf(folder);
    const beside = [folder, above === '' ? 'wsis' : `${above}/wsis`].flatMap(
      (place) => byStem.get(`${place}\0${stemOf(file.path)}`) ?? [],
    );
    const absolute = entry?.imagePath ?? (beside.length === 1 ? beside[0]!.absolute : undefined);
    if (absolute === undefined) continue;
    const stated = await hestMpp(file, byPath, root, peeks);
    const size = entry?.mpp === undefined ? stated : { mpp: entry.mpp, mppSource: 'cohort.csv mpp' };
    images.push({ absolute, section: entry?.id ?? stemOf(file.path), ...size });
  }
  return images;
}
