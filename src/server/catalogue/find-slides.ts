/** Whole-slide images by their endings, and the images of sections whatever their kind. */
import { isSlideName } from '../../pipeline/slides/slide-list.ts';
import type { MppEvidence } from '../../slide/index.ts';
import { WorkLimit } from '../../slide/tiff/work-limit.ts';
import type { SlideFacts, SlideFile } from '../threads/calls.ts';
import type { SectionImage } from './find-sections.ts';
import { idOf } from './ids.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { folderOf, type SlideRecord, stemOf } from './records.ts';
import type { FoundFile, Listing } from './walk.ts';

/** Files that are opened at a time. */
const AT_A_TIME = 8;

/** Colour maps that `predict` draws are slides by name only. */
function isMap({ path }: FoundFile, { folders }: Listing): boolean {
  const folder = folderOf(path);
  if (folder.split('/').at(-1) !== 'maps') return false;
  return folders.get(folderOf(folder))?.some((name) => /^predictions\./.test(name)) ?? false;
}

/** What the section says about the pixel size wins over the tags of the image. */
function evidenceOf(section: SectionImage | undefined): MppEvidence[] {
  const { mpp, mppSource = 'metadata' } = section ?? {};
  return mpp === undefined ? [] : [{ source: 'metadata', field: mppSource, mppX: mpp, mppY: mpp }];
}

export async function findSlides(
  listing: Listing,
  images: readonly SectionImage[],
  describe: (slide: SlideFile) => Promise<SlideFacts>,
  peeks: PeekCache,
): Promise<SlideRecord[]> {
  const { root, files } = listing;
  const sections = new Map(images.map((image) => [image.absolute, image]));
  const wanted = files.filter((file) => {
    return sections.has(file.absolute) || (isSlideName(file.path) && !isMap(file, listing));
  });
  const limit = new WorkLimit(AT_A_TIME);
  const look = async (file: FoundFile): Promise<SlideRecord | undefined> => {
    const section = sections.get(file.absolute);
    const { path, absolute, size, mtimeMs } = file;
    const mppEvidence = evidenceOf(section);
    const stamp = stampOf(file);
    const subject = { kind: 'slide', path, stamp: `${stamp} ${section?.mpp ?? ''}`, root };
    const facts = await peeks.peek(subject, () => describe({ stamp, path: absolute, mppEvidence }));
    if (facts === undefined) return undefined;
    const { width, height, mpp } = facts;
    const entry = {
      id: idOf('slide', path),
      name: section?.section ?? stemOf(path),
      path,
      width,
      height,
      mpp,
    };
    return { entry, place: { root, absolute, stamp }, size, mtimeMs, facts, mppEvidence };
  };
  const slides = await Promise.all(wanted.map((file) => limit.run(() => look(file))));
  return slides.filter((slide) => slide !== undefined);
}
