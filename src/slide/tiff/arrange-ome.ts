/** OME-TIFF: which directories are the slide's levels. */
import { DataError } from '../../errors.ts';
import { evidenceFromMagnification, evidenceFromOme } from '../mpp/evidence.ts';
import {
  type Arrangement,
  isVersionOf,
  type LevelImages,
  resolutionEvidence,
  smallerVersions,
} from './arrange.ts';
import { isGreyPlane } from './chunk-reader.ts';
import { type OmeImage, readOmeXml } from './ome-xml.ts';
import type { TiffImage } from './tiff-image.ts';

/** Names under which writers store the pictures around a scan. */
const ASSOCIATED = /\b(label|macro|overview|thumbnail)\b/i;

/**
 * Arranges an OME-TIFF. The largest image that is neither label nor macro is the slide. Its colours are one
 * RGB directory or three grey directories; its pyramid lies in SubIFDs, or in images of its own that are
 * smaller versions.
 *
 * @param images       main directories.
 * @param subImages    reads the SubIFDs of one of them.
 * @throws DataError   if the slide is no RGB picture, such as fluorescence with several channels.
 */
export async function arrangeOme(
  images: readonly TiffImage[],
  subImages: (image: TiffImage) => Promise<TiffImage[]>,
): Promise<Arrangement> {
  const { path, description } = images[0]!;
  const known = readOmeXml(description).filter(
    ({ directories }) => images[directories[0] ?? -1] !== undefined,
  );
  const slides = known.filter(({ name }) => !ASSOCIATED.test(name));
  const area = ({ directories }: OmeImage) => {
    const { widthPx, heightPx } = images[directories[0]!]!;
    return widthPx * heightPx;
  };
  const slide = slides.sort((a, b) => area(b) - area(a))[0];
  if (slide === undefined) {
    throw new DataError('openSlide', {
      need: `an OME image with pixels in ${path}`,
      found: `${known.length} images, none of them a slide`,
      next: 'export it as a pyramidal TIFF',
    });
  }
  const planes = colourPlanes(path, slide, images);
  const pyramids = await Promise.all(
    planes.map(async (plane) => smallerVersions([plane, ...(await subImages(plane))])),
  );
  const depth = Math.min(...pyramids.map((pyramid) => pyramid.length));
  const levels: LevelImages[] = Array.from({ length: depth }, (_, i) =>
    pyramids.map((pyramid) => pyramid[i]!),
  );
  for (const other of depth > 1 ? [] : slides.slice(1)) {
    const smaller = other.directories.map((d) => images[d]).filter((image) => image !== undefined);
    if (isVersionOf(planes[0]!, smaller[0]!)) levels.push(smaller.slice(0, planes.length));
  }
  return {
    format: 'ome-tiff',
    levels: levels.filter((level) => level.length === planes.length),
    associated: associatedImages(known, images),
    properties: new Map([...slide.pixels].map(([key, value]) => [`ome.${key}`, value])),
    mppEvidence: [
      ...evidenceFromOme(slide.pixels),
      ...(await resolutionEvidence(planes[0]!)),
      ...evidenceFromMagnification('ome.NominalMagnification', magnification(description)),
    ],
  };
}

function colourPlanes(path: string, slide: OmeImage, images: readonly TiffImage[]): TiffImage[] {
  const planes = slide.directories.map((d) => images[d]).filter((image) => image !== undefined);
  const [first] = planes;
  if (first !== undefined && !isGreyPlane(first)) return [first];
  const rgb = planes.slice(0, 3);
  const alike = rgb.every(
    (p) => isGreyPlane(p) && p.widthPx === first!.widthPx && p.heightPx === first!.heightPx,
  );
  const sameChunks = rgb.every(
    (p) => p.chunkWidthPx === first!.chunkWidthPx && p.chunkHeightPx === first!.chunkHeightPx,
  );
  if (planes.length === 3 && alike && sameChunks) return rgb;
  if (planes.length === 1) return rgb;
  throw new DataError('openSlide', {
    need: `one RGB picture or three equal grey ones in ${path}`,
    found: `${planes.length} grey planes (SizeC ${slide.pixels.get('SizeC') ?? '?'})`,
    next: 'this reader is for brightfield slides; export the slide as RGB',
  });
}

function associatedImages(known: readonly OmeImage[], images: readonly TiffImage[]): Map<string, TiffImage> {
  const found = new Map<string, TiffImage>();
  for (const { name, directories } of known) {
    const kind = ASSOCIATED.exec(name)?.[1]?.toLowerCase();
    const image = images[directories[0]!];
    if (kind !== undefined && image !== undefined) found.set(kind === 'overview' ? 'macro' : kind, image);
  }
  return found;
}

function magnification(xml: string): string | undefined {
  return /NominalMagnification\s*=\s*["']([\d.]+)["']/.exec(xml)?.[1];
}
