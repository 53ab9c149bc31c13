/** A picture that shows what was kept: tissue outlines, patches, flags. */
import sharp from 'sharp';
import type { Contour } from '../tissue/contours.ts';
import type { WholeSlide } from '../whole-slide.ts';
import type { PatchClass } from './geojson.ts';
import type { TilePlan } from './plan-tiles.ts';

type Rgb = readonly [number, number, number];

const PATCH_COLOURS: Readonly<Record<PatchClass, Rgb>> = {
  Patch: [0, 158, 115],
  Blurred: [230, 159, 0],
  Ink: [213, 94, 0],
};
const OUTLINE: Rgb = [0, 114, 178];
const HOLE: Rgb = [86, 180, 233];
/** Longer side of the picture. */
const SIDE_PX = 1600;

interface Canvas {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly scale: number;
}

/**
 * Draws outlines (blue), holes (light blue) and the kept patches (green; orange where blurred, red-orange where
 * inked) on a thumbnail.
 *
 * @returns PNG.
 */
export async function overlayPng(
  slide: WholeSlide,
  plan: TilePlan,
  classOf: (i: number) => PatchClass,
): Promise<Buffer> {
  const canvas: Canvas = await slide.readThumbnail(SIDE_PX);
  const { corners, size, tissue } = plan;
  for (let i = 0; 2 * i < corners.length; i++) {
    drawPatch(canvas, corners[2 * i]!, corners[2 * i + 1]!, size.sidePx, PATCH_COLOURS[classOf(i)]);
  }
  for (const { outline, holes } of tissue.parts) {
    drawContour(canvas, outline, OUTLINE);
    for (const hole of holes) drawContour(canvas, hole, HOLE);
  }
  const { pixels, widthPx: width, heightPx: height } = canvas;
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** Tints the patch and draws its border. */
function drawPatch(canvas: Canvas, x: number, y: number, sidePx: number, colour: Rgb): void {
  const { scale, widthPx, heightPx } = canvas;
  const left = Math.round(x * scale);
  const top = Math.round(y * scale);
  // The next patch begins where this one ends.
  const right = Math.min(widthPx, Math.max(left + 1, Math.round((x + sidePx) * scale)));
  const bottom = Math.min(heightPx, Math.max(top + 1, Math.round((y + sidePx) * scale)));
  const hasBorder = right - left >= 4;
  for (let row = Math.max(0, top); row < bottom; row++) {
    for (let column = Math.max(0, left); column < right; column++) {
      const isBorder = hasBorder && (row === top || column === left);
      blend(canvas, column, row, colour, isBorder ? 0.8 : 0.12);
    }
  }
}

function drawContour(canvas: Canvas, { points }: Contour, colour: Rgb): void {
  const { scale } = canvas;
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    const [ax, ay] = [points[i]! * scale, points[i + 1]! * scale];
    const [bx, by] = [points[j]! * scale, points[j + 1]! * scale];
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(bx - ax), Math.abs(by - ay))));
    for (let k = 0; k < steps; k++) {
      const x = Math.round(ax + ((bx - ax) * k) / steps);
      const y = Math.round(ay + ((by - ay) * k) / steps);
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const)
        blend(canvas, x + dx, y + dy, colour, 1);
    }
  }
}

function blend(
  { pixels, widthPx, heightPx }: Canvas,
  x: number,
  y: number,
  colour: Rgb,
  share: number,
): void {
  if (x < 0 || y < 0 || x >= widthPx || y >= heightPx) return;
  const at = 3 * (y * widthPx + x);
  for (let c = 0; c < 3; c++) pixels[at + c] = Math.round(pixels[at + c]! * (1 - share) + colour[c]! * share);
}
