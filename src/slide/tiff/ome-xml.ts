/** The few facts that are needed from OME-XML. */

/** One `Image` element and its `Pixels`. */
export interface OmeImage {
  /** The `Name` attribute, empty where absent. */
  readonly name: string;
  /** Attributes of `Pixels`: SizeX, SizeC, PhysicalSizeX, ... */
  readonly pixels: ReadonlyMap<string, string>;
  /** `SamplesPerPixel` of the first channel; 1 where absent. */
  readonly samplesPerPixel: number;
  /** Directory of the first plane, and of the others in the order of the `TiffData` elements. */
  readonly directories: readonly number[];
}

/** True for a TIFF description that holds OME-XML. */
export function isOmeXml(description: string): boolean {
  return /<(?:\w+:)?OME[\s>]/.test(description.slice(0, 4096));
}

/**
 * Images in document order. Elements may carry a namespace prefix. An image without `TiffData` takes the
 * directories after those of the images before it, one per plane.
 *
 * @source OME-TIFF specification; OME schema 2016-06.
 */
export function readOmeXml(xml: string): OmeImage[] {
  const images: OmeImage[] = [];
  let nextDirectory = 0;
  for (const part of splitElements(xml, 'Image')) {
    const pixels = attributesOf(part, 'Pixels')[0];
    if (pixels === undefined) continue;
    const samplesPerPixel = Number(attributesOf(part, 'Channel')[0]?.get('SamplesPerPixel') ?? 1);
    const size = (axis: string) => Number(pixels.get(`Size${axis}`) ?? 1);
    const planes = Math.min(4096, (size('C') * size('Z') * size('T')) / Math.max(1, samplesPerPixel));
    const directories = directoriesOf(part, planes, nextDirectory);
    nextDirectory = Math.max(nextDirectory, ...directories.map((d) => d + 1));
    images.push({
      name: attributesOf(part, 'Image')[0]?.get('Name') ?? '',
      pixels,
      samplesPerPixel,
      directories,
    });
  }
  return images;
}

function directoriesOf(part: string, planes: number, next: number): number[] {
  const listed = attributesOf(part, 'TiffData').flatMap((data) => {
    const first = Number(data.get('IFD') ?? next);
    // Without a count, an IFD stands for one plane; a bare element stands for all.
    const count = Number(data.get('PlaneCount') ?? (data.has('IFD') ? 1 : planes));
    return Array.from({ length: Math.min(4096, Math.max(0, count)) }, (_, i) => first + i);
  });
  if (listed.length > 0) return listed.filter(Number.isInteger);
  return Array.from({ length: Math.max(0, Math.floor(planes)) }, (_, i) => next + i);
}

/** Text of each element with its content; elements of this name are never nested in OME-XML. */
function splitElements(xml: string, name: string): string[] {
  const starts = [...xml.matchAll(new RegExp(`<(?:\\w+:)?${name}[\\s>]`, 'g'))].map(({ index }) => index);
  return starts.map((start, i) => xml.slice(start, starts[i + 1] ?? xml.length));
}

/** Attributes of every element of a name. */
function attributesOf(xml: string, name: string): Map<string, string>[] {
  const elements = xml.matchAll(new RegExp(`<(?:\\w+:)?${name}(\\s[^>]*)?/?>`, 'g'));
  return [...elements].map(([, attributes = '']) => {
    const pairs = attributes.matchAll(/([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
    return new Map([...pairs].map(([, key, a, b]) => [key!, unescapeXml(a ?? b ?? '')]));
  });
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (all, hex, decimal, name) => {
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
    if (name !== undefined) return named[name] ?? all;
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
