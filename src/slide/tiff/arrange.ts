/** Sorts the pictures of a TIFF into levels and associated images. */
import { DataError } from '../../errors.ts';
import { evidenceFromMagnification, evidenceFromResolution, evidenceFromText } from '../mpp/evidence.ts';
import type { MppEvidence } from '../mpp/mpp-table.ts';
import { TAG } from './tags.ts';
import type { TiffImage } from './tiff-image.ts';

/** Pictures of one level: one with all colours, or three grey ones that are red, green and blue. */
export type LevelImages = readonly TiffImage[];

/** A TIFF understood as a slide. */
export interface Arrangement {
  readonly format: 'aperio' | 'ome-tiff' | 'generic-tiff';
  readonly levels: readonly LevelImages[];
  readonly associated: ReadonlyMap<string, TiffImage>;
  readonly properties: ReadonlyMap<string, string>;
  readonly mppEvidence: readonly MppEvidence[];
}

/**
 * Aperio SVS: tiled pictures are levels; the strip pictures are thumbnail, label and macro.
 * Fields stand in the description as `name = value` between bars.
 */
export async function arrangeAperio(images: readonly TiffImage[]): Promise<Arrangement> {
  const [first] = images;
  const levels = smallerVersions(images.filter(({ tiled }) => tiled));
  const associated = new Map<string, TiffImage>();
  for (const [i, image] of images.entries()) {
    if (image.tiled) continue;
    const lastLine = image.description.split('\n').at(-1)!.trim();
    const named = /^(label|macro)\b/.exec(lastLine)?.[1];
    const name = named ?? (image.subfileType === 9 ? 'macro' : image.subfileType === 1 ? 'label' : undefined);
    if (name !== undefined) associated.set(name, image);
    else if (i === 1) associated.set('thumbnail', image);
  }
  const properties = aperioProperties(first!.description);
  const mppEvidence = [
    ...evidenceFromText('aperio', 'aperio.MPP', properties.get('aperio.MPP')),
    ...(await resolutionEvidence(first!)),
    ...evidenceFromMagnification('aperio.AppMag', properties.get('aperio.AppMag')),
  ];
  return { format: 'aperio', levels: levels.map((level) => [level]), associated, properties, mppEvidence };
}

function aperioProperties(description: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const part of description.split('|').slice(1)) {
    const at = part.indexOf('=');
    if (at > 0) properties.set(`aperio.${part.slice(0, at).trim()}`, part.slice(at + 1).trim());
  }
  return properties;
}

/** Any other TIFF: the first picture is level 0; smaller versions of it, also in its SubIFDs, are levels. */
export async function arrangeGeneric(
  images: readonly TiffImage[],
  subImages: readonly TiffImage[],
): Promise<Arrangement> {
  const [first, ...others] = images;
  // A page of a document may have any size; only pictures that say they are reduced, or pyramids of tiles, count.
  const reduced = others.filter(
    ({ subfileType, tiled }) => (subfileType & 1) === 1 || (tiled && first!.tiled),
  );
  const levels = smallerVersions([first!, ...reduced, ...subImages]);
  return {
    format: 'generic-tiff',
    levels: levels.map((level) => [level]),
    associated: new Map(),
    properties: new Map(first!.description === '' ? [] : [['tiff.ImageDescription', first!.description]]),
    mppEvidence: await resolutionEvidence(first!),
  };
}

/** What the resolution tags of a picture state. */
export async function resolutionEvidence({ directory }: TiffImage): Promise<MppEvidence[]> {
  const x = await directory.number(TAG.xResolution, undefined);
  const y = await directory.number(TAG.yResolution, undefined);
  return evidenceFromResolution(x, y, await directory.number(TAG.resolutionUnit, 2));
}

/** The first picture and the others that are smaller versions of it, from large to small, one per size. */
export function smallerVersions(images: readonly TiffImage[]): TiffImage[] {
  const [first, ...others] = images;
  if (first === undefined) throw new DataError('openSlide', { need: 'a tiled picture', found: 'none' });
  const versions = others.filter((image) => isVersionOf(first, image));
  const sorted = [first, ...versions.sort((a, b) => b.widthPx - a.widthPx)];
  return sorted.filter((image, i) => i === 0 || image.widthPx < sorted[i - 1]!.widthPx);
}

/** Smaller, with the same proportions up to the rounding of sides (some writers round down twice). */
export function isVersionOf(first: TiffImage, image: TiffImage): boolean {
  if (image.widthPx >= first.widthPx || image.heightPx >= first.heightPx) return false;
  const [x, y] = [first.widthPx / image.widthPx, first.heightPx / image.heightPx];
  return Math.abs(x / y - 1) <= 0.01 + 2 / Math.min(image.widthPx, image.heightPx);
}
