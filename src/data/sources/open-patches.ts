/** From a listing to readable patches, in whichever thread. */
import { openPatchFiles } from './patch-file.ts';
import type { JoinedListing, PatchListing, PatchSet } from './patch-set.ts';
import { openPictures } from './pictures.ts';
import { createSlidePool, openSlideSquares, type SlidePool } from './slide-squares.ts';
import { Spans } from './spans.ts';

/** Opens a listing. Nothing is read before the first patch is asked for. */
export async function openPatches(listing: PatchListing): Promise<PatchSet> {
  return openWith(listing, createSlidePool());
}

async function openWith(listing: PatchListing, slides: SlidePool): Promise<PatchSet> {
  switch (listing.kind) {
    case 'pictures':
      return openPictures(listing);
    case 'patch-files':
      return openPatchFiles(listing);
    case 'slide':
      return openSlideSquares(listing, slides);
    case 'joined':
      return openJoined(listing, slides);
  }
}

async function openJoined({ parts }: JoinedListing, slides: SlidePool): Promise<PatchSet> {
  const sets = await Promise.all(parts.map((part) => openWith(part, slides)));
  const spans = new Spans(sets.map(({ count }) => count));
  return {
    count: spans.total,
    id(index) {
      const { part, offset } = spans.locate(index);
      return sets[part]!.id(offset);
    },
    read(index) {
      const { part, offset } = spans.locate(index);
      return sets[part]!.read(offset);
    },
    async close() {
      await Promise.all(sets.map((set) => set.close()));
    },
  };
}
