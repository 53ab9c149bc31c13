/** An endless-looking supply of H&E-like patches for load tests. */
import { Rng } from '../core/rng.ts';
import { UsageError } from '../errors.ts';
import { stainStyle, stainTissue } from './stain.ts';
import { planTissue } from './tissue-plan.ts';
import { drawTissue } from './tissue-raster.ts';

/** Pixel size of the drawn sheet. */
const SHEET_MPP = 1;

/**
 * Yields `count` RGB8 patches, row-major [sizePx, sizePx, 3], each a new array that the caller owns.
 * One section of at least twice the patch's side is drawn once; every patch is a random cut of its middle
 * with a random brightness per colour channel, so no two are alike. Same arguments, same bytes.
 *
 * @throws UsageError unless `count` >= 0, 1 <= `sizePx` <= 2048, and all three are integers.
 */
export async function* syntheticPatches(
  count: number,
  sizePx: number,
  seed: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const valid =
    [count, sizePx, seed].every(Number.isSafeInteger) && count >= 0 && sizePx >= 1 && sizePx <= 2048;
  if (!valid) {
    throw new UsageError('syntheticPatches', {
      need: 'integers count >= 0, sizePx from 1 to 2048, and seed',
      found: `count ${count}, sizePx ${sizePx}, seed ${seed}`,
    });
  }
  // 130 um between spots: this many spots make a sheet of about 2.2 times the patch and at least 1000 um.
  const spots = Math.max(60, Math.ceil(((2.2 * sizePx * SHEET_MPP) / 130) ** 2));
  const plan = planTissue(`${seed}/patches`, spots);
  const sheet = drawTissue(plan, SHEET_MPP);
  const pixels = await stainTissue(sheet, stainStyle(`${seed}/patches`), plan.seed);
  const rng = new Rng(`${seed}/cuts`);
  for (let n = 0; n < count; n++) {
    const x = rng.integer(...middle(sheet.widthPx, sizePx));
    const y = rng.integer(...middle(sheet.heightPx, sizePx));
    yield cut(pixels, sheet.widthPx, { x, y, sizePx }, [gainTable(rng), gainTable(rng), gainTable(rng)]);
  }
}

/** Corners for which the patch stays in the middle 80 % of the sheet where it fits. */
function middle(sheetPx: number, sizePx: number): [number, number] {
  const free = sheetPx - sizePx;
  const margin = Math.min(Math.floor(0.1 * sheetPx), Math.floor(free / 2));
  return [margin, free - margin];
}

function gainTable(rng: Rng): Uint8ClampedArray {
  const gain = rng.uniform(0.9, 1.06);
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => gain * value);
}

function cut(
  pixels: Uint8Array,
  widthPx: number,
  { x, y, sizePx }: { x: number; y: number; sizePx: number },
  [red, green, blue]: readonly [Uint8ClampedArray, Uint8ClampedArray, Uint8ClampedArray],
): Uint8Array {
  const out = new Uint8Array(3 * sizePx * sizePx);
  let to = 0;
  for (let row = y; row < y + sizePx; row++) {
    let at = 3 * (row * widthPx + x);
    for (const end = at + 3 * sizePx; at < end; at += 3, to += 3) {
      out[to] = red[pixels[at]!]!;
      out[to + 1] = green[pixels[at + 1]!]!;
      out[to + 2] = blue[pixels[at + 2]!]!;
    }
  }
  return out;
}
