/** What a slide thread does: opening, and pictures of regions as JPEG. */
import { extname } from 'node:path';
import sharp from 'sharp';
import { MAX_DECODED_PIXELS, type Picture, readResolutionMpp, type WholeSlide } from '../../slide/index.ts';
import { reconcileMpp } from '../../slide/mpp/mpp-table.ts';
import { Refusal } from '../refusal.ts';
import type { SlideCalls, SlideFacts, SlideFile, TileRequest } from '../threads/calls.ts';
import { OpenSlides } from './open-slides.ts';

const QUALITY = 85;
const PLAIN_PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp']);

function encode({ pixels, widthPx, heightPx }: Picture): Promise<Uint8Array> {
  const raw = { width: widthPx, height: heightPx, channels: 3 as const };
  return sharp(pixels, { raw }).jpeg({ quality: QUALITY }).toBuffer();
}

function factsOf(slide: WholeSlide): SlideFacts {
  return {
    width: slide.widthPx,
    height: slide.heightPx,
    mpp: slide.mpp ?? null,
    reader: slide.reader,
    mppRows: slide.mppTable.rows,
    levels: slide.levels.map(({ widthPx, heightPx, downsample }) => {
      return { width: widthPx, height: heightPx, downsample };
    }),
  };
}

/** A plain picture is not decoded to tell its size. */
async function pictureFacts({ path, mppEvidence }: SlideFile): Promise<SlideFacts> {
  const { width, height } = await sharp(path, { limitInputPixels: false }).metadata();
  if (width * height > MAX_DECODED_PIXELS) {
    throw new Refusal(422, `This picture has ${width} x ${height} pixels; convert it to a pyramidal TIFF.`);
  }
  const tagged = await readResolutionMpp(path);
  const tags =
    tagged === undefined
      ? []
      : [{ source: 'resolution tags', field: 'picture resolution', mppX: tagged, mppY: tagged } as const];
  const table = reconcileMpp([...mppEvidence, ...tags]);
  const levels = [{ width, height, downsample: 1 }];
  return { width, height, mpp: table.mpp ?? null, reader: 'image', mppRows: table.rows, levels };
}

export function slideCalls(): SlideCalls {
  // Tiles come in by the dozen: each on one thread of the pool, nothing kept by libvips.
  sharp.concurrency(1);
  sharp.cache(false);
  const slides = new OpenSlides();
  return {
    async describe(file) {
      if (PLAIN_PICTURES.has(extname(file.path).toLowerCase())) {
        return pictureFacts(file).catch((error) => {
          if (error instanceof Refusal) throw error;
          throw new Refusal(422, 'This picture is damaged or of an unknown format; export it again.');
        });
      }
      return factsOf(await slides.get(file));
    },
    async tile({ region, widthPx, heightPx, ...file }: TileRequest) {
      const slide = await slides.get(file);
      return encode(await slide.readScaled(region, { widthPx, heightPx }));
    },
    async thumbnail({ sizePx, ...file }) {
      const slide = await slides.get(file);
      return encode(await slide.readThumbnail(sizePx));
    },
  };
}
