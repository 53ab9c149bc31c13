/** Colour maps that stay readable with any colour-vision deficiency, as tables of 256 colours. */

export const SEQUENTIAL_MAPS = ['viridis', 'cividis', 'magma'] as const;
/** For differences: blue below zero, nearly white at zero, red above. */
export const DIVERGING_MAP = 'blue-red';
export type SequentialMap = (typeof SEQUENTIAL_MAPS)[number];
export type ColourMapName = SequentialMap | typeof DIVERGING_MAP;

/**
 * Evenly spaced control points; colours between them are linear in sRGB.
 *
 * @source viridis, magma: van der Walt and Smith 2015 (CC0); cividis: Nunez et al. 2018,
 *   doi 10.1371/journal.pone.0199239; blue-red: ColorBrewer's RdBu, Brewer 2002.
 */
const CONTROL_POINTS: Record<ColourMapName, readonly string[]> = {
  viridis: '440154 482878 3e4a89 31688e 26828e 1f9e89 35b779 6dcd59 b4de2c fde725'.split(' '),
  cividis: '00204d 00336f 39486b 575c6d 707173 8a8779 a69d75 c4b56c e4cf5b ffea46'.split(' '),
  magma: '000004 180f3e 451077 721f81 9f2f7f cd4071 f1605d fd9567 fec98d fcfdbf'.split(' '),
  'blue-red': '053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f'.split(' '),
};

export const TABLE_SIZE = 256;

function channels(text: string): [number, number, number] {
  const value = Number.parseInt(text, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const tables = new Map<ColourMapName, Uint8Array<ArrayBuffer>>();

/** The map as RGBA bytes, {@link TABLE_SIZE} colours from the lowest value to the highest; do not change it. */
export function colourTable(name: ColourMapName): Uint8Array<ArrayBuffer> {
  const known = tables.get(name);
  if (known !== undefined) return known;
  const points = CONTROL_POINTS[name].map(channels);
  const table = new Uint8Array(4 * TABLE_SIZE);
  for (let i = 0; i < TABLE_SIZE; i++) {
    const place = (i / (TABLE_SIZE - 1)) * (points.length - 1);
    const left = Math.min(points.length - 2, Math.floor(place));
    const share = place - left;
    for (let c = 0; c < 3; c++) {
      table[4 * i + c] = Math.round((1 - share) * points[left]![c]! + share * points[left + 1]![c]!);
    }
    table[4 * i + 3] = 255;
  }
  tables.set(name, table);
  return table;
}

/** Place of a value in the table, 0 to 255; values beyond the range take the nearest end. */
export function tableIndex(value: number, low: number, high: number): number {
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return Math.round(Math.min(1, Math.max(0, share)) * (TABLE_SIZE - 1));
}

/** CSS colour of a value. */
export function colourOf(name: ColourMapName, value: number, low: number, high: number): string {
  const table = colourTable(name);
  const at = 4 * tableIndex(value, low, high);
  return `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
}
