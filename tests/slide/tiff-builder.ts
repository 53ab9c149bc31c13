/** Makes TIFFs that the picture library cannot write: planar, big-endian, SubIFDs, palettes, any tag. */

/** One tag; text, or numbers of a type: 3 short, 4 long, 7 bytes. */
export type TestTag = readonly [tag: number, type: 2 | 3 | 4 | 7, values: string | ArrayLike<number>];

/** One picture. Chunks are tiles or strips in the order of the file format. */
export interface TestPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Tile sides; strips of `rowsPerStrip` rows where absent. */
  readonly tilePx?: number;
  readonly rowsPerStrip?: number;
  readonly chunks: readonly Uint8Array[];
  readonly tags: readonly TestTag[];
  /** Pictures that stand in the SubIFDs tag. */
  readonly sub?: readonly TestPicture[];
}

/** Bytes of a classic TIFF with the pictures as its directories. */
export function buildTiff(pictures: readonly TestPicture[], little = true): Uint8Array {
  const file = new Writer(little);
  file.bytes.push(...(little ? [0x49, 0x49] : [0x4d, 0x4d]), ...file.number(42, 2));
  let linkAt = file.bytes.length;
  file.bytes.push(0, 0, 0, 0);
  for (const picture of pictures) {
    const { offset, nextAt } = file.picture(picture);
    file.patch(linkAt, offset);
    linkAt = nextAt;
  }
  return Uint8Array.from(file.bytes);
}

class Writer {
  readonly bytes: number[] = [];
  readonly #little: boolean;

  constructor(little: boolean) {
    this.#little = little;
  }

  number(value: number, size: number): number[] {
    const bytes = Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
    return this.#little ? bytes : bytes.reverse();
  }

  patch(at: number, value: number): void {
    for (const [i, byte] of this.number(value, 4).entries()) this.bytes[at + i] = byte;
  }

  picture(picture: TestPicture): { offset: number; nextAt: number } {
    const sub = (picture.sub ?? []).map((one) => this.picture(one).offset);
    const offsets = picture.chunks.map((chunk) => this.append(chunk));
    const lengths = picture.chunks.map((chunk) => chunk.length);
    const { tilePx, rowsPerStrip = picture.heightPx } = picture;
    const layout: TestTag[] =
      tilePx === undefined
        ? [
            [273, 4, offsets],
            [278, 4, [rowsPerStrip]],
            [279, 4, lengths],
          ]
        : [
            [322, 4, [tilePx]],
            [323, 4, [tilePx]],
            [324, 4, offsets],
            [325, 4, lengths],
          ];
    const all: TestTag[] = [
      [256, 4, [picture.widthPx]],
      [257, 4, [picture.heightPx]],
      ...layout,
      ...(sub.length > 0 ? [[330, 4, sub] as const] : []),
      ...picture.tags,
    ];
    all.sort(([a], [b]) => a - b);
    const entries = all.map((tag) => this.entry(tag));
    if (this.bytes.length % 2 === 1) this.bytes.push(0);
    const offset = this.bytes.length;
    this.bytes.push(...this.number(entries.length, 2), ...entries.flat());
    const nextAt = this.bytes.length;
    this.bytes.push(0, 0, 0, 0);
    return { offset, nextAt };
  }

  append(data: ArrayLike<number>): number {
    if (this.bytes.length % 2 === 1) this.bytes.push(0);
    const at = this.bytes.length;
    for (let i = 0; i < data.length; i++) this.bytes.push(data[i]!);
    return at;
  }

  entry([tag, type, values]: TestTag): number[] {
    const size = type === 3 ? 2 : type === 4 ? 4 : 1;
    const list = typeof values === 'string' ? [...Buffer.from(`${values}\0`)] : Array.from(values);
    const data = list.flatMap((value) => this.number(value, size));
    const place = data.length <= 4 ? [...data, 0, 0, 0, 0].slice(0, 4) : this.number(this.append(data), 4);
    return [...this.number(tag, 2), ...this.number(type, 2), ...this.number(list.length, 4), ...place];
  }
}

/** Tags of plain RGB8 samples, uncompressed. */
export const RGB8: readonly TestTag[] = [
  [258, 3, [8, 8, 8]],
  [259, 3, [1]],
  [262, 3, [2]],
  [277, 3, [3]],
];

/** Tags with some of them replaced by others of the same number. */
export function withTags(base: readonly TestTag[], ...changes: TestTag[]): TestTag[] {
  return [...base.filter(([tag]) => !changes.some(([other]) => other === tag)), ...changes];
}
