/** A plain picture (JPEG, PNG, WebP ...) as a slide with a single level. */
import { UsageError } from '../errors.ts';
import { openImage } from './image.ts';
import type { MppEvidence } from './mpp/mpp-table.ts';
import type { PyramidSource } from './pyramid-source.ts';

/**
 * Decodes a picture into memory.
 *
 * @throws what `openImage` throws.
 */
export async function openImageSource(path: string): Promise<PyramidSource> {
  const image = await openImage(path);
  const { widthPx, heightPx, mpp } = image;
  const field = 'picture resolution';
  const mppEvidence: MppEvidence[] =
    mpp === undefined ? [] : [{ source: 'resolution tags', field, mppX: mpp, mppY: mpp }];
  return {
    path,
    reader: 'image',
    format: 'image',
    levels: [{ widthPx, heightPx, downsample: 1 }],
    properties: new Map(),
    mppEvidence,
    associatedNames: [],
    readLevel: (_level, region) => image.readRegion(region),
    readAssociated: async (name) => {
      throw new UsageError('readAssociated', { need: `an associated image in ${path}`, found: `no ${name}` });
    },
    close: () => image.close(),
  };
}
