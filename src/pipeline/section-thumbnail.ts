import { openImage, type Thumbnail } from '../slide/index.ts';
import { hasSlide, type Section } from '../spatial/index.ts';

/** The section's slide, at most `sidePx` on its longer side; white, of the spots' extent, where only patches exist. */
export async function sectionThumbnail(section: Section, sidePx: number): Promise<Thumbnail> {
  if (!hasSlide(section)) return whiteUnder(section, sidePx);
  const image = await openImage(section.imagePath);
  try {
    return await image.readThumbnail(sidePx);
  } finally {
    await image.close();
  }
}

function whiteUnder({ spots, mpp }: Section, sidePx: number): Thumbnail {
  const marginPx = 100 / mpp;
  const extent = (at: (spot: Section['spots'][number]) => number) =>
    spots.reduce((most, spot) => Math.max(most, at(spot)), 1) + marginPx;
  const [width, height] = [extent(({ x }) => x), extent(({ y }) => y)];
  const scale = Math.min(1, sidePx / Math.max(width, height));
  const [widthPx, heightPx] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  return { pixels: new Uint8Array(3 * widthPx * heightPx).fill(255), widthPx, heightPx, scale };
}
