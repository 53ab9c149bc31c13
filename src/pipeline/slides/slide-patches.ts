/** The patches of a whole slide, as the embedding takes them. */
import { createHash } from 'node:crypto';
import type { PatchRow, PatchSource } from '../../embedding/index.ts';
import type { OpenSlideOptions, TileGrid } from '../../slide/index.ts';
import { readPatchesAhead } from './patch-reader.ts';
import type { SlideEntry } from './slide-list.ts';
import { slideStamp } from './slide-state.ts';
import type { StainTransform } from './stain-choice.ts';

/** A slide and where its patches lie. */
export interface SlidePatchesOptions {
  readonly entry: SlideEntry;
  readonly open: OpenSlideOptions;
  readonly grid: TileGrid;
  /** Distance of neighbours in level-0 pixels, where it is known. */
  readonly stepPx?: number;
  /** Micrometres per level-0 pixel, where it is certain. */
  readonly mpp: number | undefined;
  /** Where the places come from, for the card of the result. */
  readonly origin: string;
  readonly stain?: StainTransform;
}

/** Names of the patches: `x_y` of the upper left corner; a place that stands twice in the list gets `-1`, `-2` ... */
export function patchRows({ corners }: Pick<TileGrid, 'corners'>): PatchRow[] {
  const seen = new Map<string, number>();
  return Array.from({ length: corners.length / 2 }, (_, i) => {
    const [x, y] = [corners[2 * i]!, corners[2 * i + 1]!];
    const name = `${x}_${y}`;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return { barcode: before === 0 ? name : `${name}-${before}`, x, y };
  });
}

/** A slide as a source of patches; reads in a thread of its own. */
export async function slidePatches(options: SlidePatchesOptions): Promise<PatchSource> {
  const { entry, open, grid, stepPx, mpp, origin, stain } = options;
  const places = createHash('sha256').update(new Uint8Array(grid.corners.slice().buffer)).digest('hex');
  return {
    id: entry.id,
    rows: patchRows(grid),
    fingerprint: {
      slide: await slideStamp(entry.path),
      mpp: mpp ?? 'unknown',
      sidePx: grid.sidePx,
      ...(stepPx === undefined ? {} : { stepPx }),
      sizePx: grid.sizePx,
      places: `${grid.corners.length / 2}, sha256 ${places.slice(0, 16)}`,
      origin,
      ...(stain === undefined ? {} : { stain: JSON.stringify(stain) }),
    },
    read: (from) =>
      readPatchesAhead({ path: entry.path, open, grid, from, ...(stain === undefined ? {} : { stain }) }),
  };
}
