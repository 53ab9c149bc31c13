/** Slides that a thread keeps open: the last few, bounded in number and in decoded pixels. */
import { openSlide, type WholeSlide } from '../../slide/index.ts';
import type { SlideFile } from '../threads/calls.ts';
import { RecentlyUsed } from '../threads/recently-used.ts';

/** Decoded tiles kept per slide. */
const CACHE_BYTES = 24 * 2 ** 20;
const MOST_SLIDES = 6;
/** Plain pictures are decoded whole; so many bytes of them are kept beside the one in use. */
const MOST_PICTURE_BYTES = 2 ** 29;

export class OpenSlides {
  readonly #kept = new RecentlyUsed<WholeSlide>({
    bytes: MOST_PICTURE_BYTES,
    count: MOST_SLIDES,
    bytesOf: ({ reader, widthPx, heightPx }) => (reader === 'image' ? 3 * widthPx * heightPx : 0),
    drop: (slide) => slide.close(),
  });

  /** The slide, opened if need be. It stays open for reads that have begun. */
  get({ stamp, path, mppEvidence }: SlideFile): Promise<WholeSlide> {
    const key = `${path}\0${stamp}\0${JSON.stringify(mppEvidence)}`;
    return this.#kept.get(key, () => openSlide(path, { cacheBytes: CACHE_BYTES, mppEvidence }));
  }
}
