/** Whole-slide images by their endings, and the images of sections whatever their kind. */
import { isSlideName } from '../../pipeline/slides/slide-list.ts';
import type { MppEvidence } from '../../slide/index.ts';
import type { SlideFacts, SlideFile } from '../threads/calls.ts';
import type { SectionImage } from './find-sections.ts';
import { idOf } from './ids.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { folderOf, type SlideRecord, stemOf } from './records.ts';
import type { FoundFile, Listing } from './walk.ts';

/** Colour maps that `predict` draws are slides by name only. */
function isMap({ path }: FoundFile, { folders }: Listing): boolean {
  const folder = folderOf(path);
  if (folder.split('/').at(-1) !== 'maps') return false;
  return folders.get(folderOf(folder))?.some((name) => /^predictions\./.test(name)) ?? false;
}

export async function findSlides(
  listing: Listing,
  images: readonly SectionImage[],
  describe: (slide: SlideFile) => Promise<SlideFacts>,
  peeks: PeekCache,
): Promise<SlideRecord[]> {
  const { root, files } = listing;
  const sections = new Map(images.map((image) => [image.absolute, image]));
  const slides: SlideRecord[] = [];
  for (const file of files) {
    const section = sections.get(file.absolute);
    if (section === undefined && (!isSlideName(file.path) || isMap(file, listing))) continue;
    const { path, absolute, size, mtimeMs } = file;
    const mppEvidence: MppEvidence[] =
      section === undefined
        ? []
        : [{ source: 'metadata', field: section.mppSource, mppX: section.mpp, mppY: section.mpp }];
    const stamp = stampOf(file);
    const subject = { kind: 'slide', path, stamp: `${stamp} ${section?.mpp ?? ''}`, root };
    const facts = await peeks.peek(subject, () => describe({ stamp, path: absolute, mppEvidence }));
    if (facts === undefined) continue;
    const { width, height, mpp } = facts;
    const entry = {
      id: idOf('slide', path),
      name: section?.section ?? stemOf(path),
      path,
      width,
      height,
      mpp,
    };
    slides.push({ entry, place: { root, absolute, stamp }, size, mtimeMs, facts, mppEvidence });
  }
  return slides;
}
