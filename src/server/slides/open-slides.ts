/** Slides that a thread keeps open: the last few, bounded in number and in decoded pixels. */
import { openSlide, type WholeSlide } from '../../slide/index.ts';
import type { SlideFile } from '../threads/calls.ts';

/** Decoded tiles kept per slide. */
const CACHE_BYTES = 24 * 2 ** 20;
const MOST_SLIDES = 6;
/** Plain pictures are decoded whole; so many bytes of them are kept beside the one in use. */
const MOST_PICTURE_BYTES = 2 ** 29;

interface Kept {
  readonly opening: Promise<WholeSlide>;
  bytes: number;
}

export class OpenSlides {
  readonly #kept = new Map<string, Kept>();

  /** The slide, opened if need be. It stays open for reads that have begun. */
  async get({ stamp, path, mppEvidence }: SlideFile): Promise<WholeSlide> {
    const key = `${path}\0${stamp}\0${JSON.stringify(mppEvidence)}`;
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.opening;
    }
    const kept: Kept = { opening: openSlide(path, { cacheBytes: CACHE_BYTES, mppEvidence }), bytes: 0 };
    this.#kept.set(key, kept);
    try {
      const slide = await kept.opening;
      kept.bytes = slide.reader === 'image' ? 3 * slide.widthPx * slide.heightPx : 0;
      this.#shrink(key);
      return slide;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }

  #shrink(inUse: string): void {
    let bytes = 0;
    for (const kept of this.#kept.values()) bytes += kept.bytes;
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= MOST_SLIDES && bytes <= MOST_PICTURE_BYTES) return;
      if (key === inUse) continue;
      this.#kept.delete(key);
      bytes -= kept.bytes;
      void kept.opening.then((slide) => slide.close()).catch(() => undefined);
    }
  }
}
