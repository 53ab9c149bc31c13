/** JPEG tiles: joins a tile with the tables of its directory and says which colours it holds. */

/** Size and components as stated by the frame header of a JPEG. */
export interface JpegFrame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly components: number;
}

/** A complete JPEG. */
export interface JpegFile {
  readonly bytes: Uint8Array;
  readonly frame: JpegFrame;
}

/** Tells decoders whether three components are RGB (0) or YCbCr (1); they would guess otherwise. */
const adobeMarker = (transform: 0 | 1) =>
  Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, transform);

/**
 * Builds a JPEG of its own from a tile and the JPEGTables of its directory. Application data and comments
 * are left out: a colour profile or a JFIF marker would change how the samples are understood.
 *
 * @param tables the JPEGTables tag, or undefined where every tile brings its own.
 * @param isYCbCr photometric interpretation of the directory.
 * @throws RangeError if markers are damaged.
 * @source TIFF Technical Note 2; ITU-T T.81 annex B; Adobe Technical Note 5116.
 */
export function assembleJpeg(tile: Uint8Array, tables: Uint8Array | undefined, isYCbCr: boolean): JpegFile {
  const parts: Uint8Array[] = [Uint8Array.of(0xff, 0xd8)];
  if (tables !== undefined && tables.length > 4) parts.push(...splitJpeg(tables, 'JPEGTables').segments);
  const { segments, scan, frame } = splitJpeg(tile, 'the tile');
  if (frame === undefined || scan === undefined) throw new RangeError('JPEG tile without a frame or scan');
  if (frame.components === 3) parts.splice(1, 0, adobeMarker(isYCbCr ? 1 : 0));
  parts.push(...segments, scan);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of parts) {
    bytes.set(part, to);
    to += part.length;
  }
  return { bytes, frame };
}

interface JpegParts {
  /** Marker segments before the first scan, without application data and comments. */
  readonly segments: Uint8Array[];
  /** From the first SOS marker to the end. */
  readonly scan?: Uint8Array;
  readonly frame?: JpegFrame;
}

function splitJpeg(data: Uint8Array, what: string): JpegParts {
  if (data[0] !== 0xff || data[1] !== 0xd8) throw new RangeError(`${what} does not start as a JPEG`);
  const segments: Uint8Array[] = [];
  let frame: JpegFrame | undefined;
  for (let at = 2; at + 4 <= data.length; ) {
    if (data[at] !== 0xff) throw new RangeError(`${what} has no JPEG marker at byte ${at}`);
    const marker = data[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xd9) break;
    if (marker === 0xda && frame !== undefined) return { segments, scan: data.subarray(at), frame };
    const size = 2 + ((data[at + 2]! << 8) | data[at + 3]!);
    const segment = data.subarray(at, at + size);
    if (size < 4 || segment.length < size) throw new RangeError(`${what} ends inside a JPEG segment`);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) frame = readFrame(segment, what);
    const isExtra = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    if (!isExtra) segments.push(segment);
    at += size;
  }
  return frame === undefined ? { segments } : { segments, frame };
}

function readFrame(segment: Uint8Array, what: string): JpegFrame {
  if (segment.length < 10) throw new RangeError(`${what} has a damaged JPEG frame header`);
  const [bits, components] = [segment[4]!, segment[9]!];
  if (bits !== 8) throw new RangeError(`${what} has ${bits} bits per sample`);
  return {
    widthPx: (segment[7]! << 8) | segment[8]!,
    heightPx: (segment[5]! << 8) | segment[6]!,
    components,
  };
}
