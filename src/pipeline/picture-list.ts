/** Pictures from anywhere, in a stated order, to feature vectors. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import sharp from 'sharp';
import { openBackbone } from '../backbones/index.ts';
import { embedSource, type PatchSource, readEmbeddings } from '../embedding/index.ts';
import { DataError, ShapeError } from '../errors.ts';
import type { EmbedRunOptions, EncoderSettings } from './embed-sections.ts';

/** Decodes a square picture and resamples it to the encoder's input where it has another size. */
async function decode(path: string, sizePx: number): Promise<Uint8Array> {
  const picture = sharp(path).toColourspace('srgb').removeAlpha();
  try {
    const { width, height } = await picture.metadata();
    if (width !== height) {
      throw new ShapeError('read picture', {
        need: 'a square picture',
        found: `${width} x ${height} pixels in ${path}`,
        next: 'cut it to squares first',
      });
    }
    const sized = width === sizePx ? picture : picture.resize(sizePx, sizePx, { kernel: 'lanczos3' });
    return await sized.raw().toBuffer();
  } catch (cause) {
    if (cause instanceof ShapeError) throw cause;
    throw new DataError('read picture', {
      need: 'a readable picture',
      found: `${path}: ${(cause as Error).message.split('\n')[0]}`,
      next: 'remove or replace it',
      cause,
    });
  }
}

/** Pictures read ahead of the encoder. */
const AHEAD = 8;

/** @param names one per picture, for the rows of the result. */
export async function pictureSource(
  id: string,
  paths: readonly string[],
  names: readonly string[],
  sizePx: number,
): Promise<PatchSource> {
  const digest = createHash('sha256');
  for (const [i, path] of paths.entries()) digest.update(`${names[i]!} ${(await stat(path)).size}\n`);
  return {
    id,
    rows: names.map((barcode) => ({ barcode, x: 0, y: 0 })),
    fingerprint: { pictures: paths.length, list: digest.digest('hex'), sizePx },
    async *read(from) {
      const waiting: Promise<Uint8Array>[] = [];
      try {
        for (let i = from; i < paths.length; i++) {
          for (let next = i + waiting.length; waiting.length < AHEAD && next < paths.length; next++) {
            const reading = decode(paths[next]!, sizePx);
            // Thrown when its turn comes; until then it must not count as unhandled.
            reading.catch(() => undefined);
            waiting.push(reading);
          }
          yield await waiting.shift()!;
        }
      } finally {
        await Promise.allSettled(waiting);
      }
    },
  };
}

/** Embeds pictures into `<folder>/<id>.h5`, resuming, and returns the vectors in order. */
export async function embedPictureList(
  id: string,
  paths: readonly string[],
  names: readonly string[],
  folder: string,
  settings: EncoderSettings,
  options: EmbedRunOptions = {},
) {
  const encoder = await openBackbone(settings);
  try {
    const source = await pictureSource(id, paths, names, settings.sizePx);
    const { features, sizePx, batch } = settings;
    const { path } = await embedSource(encoder.backbone, source, folder, {
      features,
      sizePx,
      batch,
      weights: encoder.weights,
      overwrite: options.overwrite ?? false,
      onProgress: (done, total) => options.onProgress?.(id, done, total),
    });
    const { values, width } = await readEmbeddings(path);
    return { values, width, encoder: { name: encoder.name, weights: encoder.weights } };
  } finally {
    encoder.backbone.dispose();
  }
}
