/** Draws a planned section as amounts of haematoxylin and eosin per pixel. */
import { Rng } from '../core/rng.ts';
import { clamp01, latticeValue, ramp, valueNoise } from './smooth-noise.ts';
import type { Gland, TissuePlan } from './tissue-plan.ts';

/** What a pixel shows. */
export const TISSUE = { background: 0, stroma: 1, epithelium: 2, lumen: 3, necrosis: 4 } as const;

/** Kinds of drawn nuclei. */
export type NucleusKind = 'epithelial' | 'spindle' | 'lymphocyte';

/** Centre of a drawn nucleus, level-0 pixels. */
export interface Nucleus {
  readonly x: number;
  readonly y: number;
  readonly kind: NucleusKind;
}

/** A drawn section; rasters are row-major [heightPx, widthPx]. */
export interface TissueRaster {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly mpp: number;
  /** Optical density of each stain, about 0 to 1.5. */
  readonly haematoxylin: Float32Array;
  readonly eosin: Float32Array;
  /** One {@link TISSUE} value per pixel. */
  readonly label: Uint8Array;
  readonly nuclei: Nucleus[];
}

/** Draws ground, glands and nuclei of a plan at `mpp` micrometres per pixel. */
export function drawTissue(plan: TissuePlan, mpp: number): TissueRaster {
  const widthPx = Math.round(plan.widthUm / mpp);
  const heightPx = Math.round(plan.heightUm / mpp);
  const pixels = widthPx * heightPx;
  const raster: TissueRaster = {
    widthPx,
    heightPx,
    mpp,
    haematoxylin: new Float32Array(pixels),
    eosin: new Float32Array(pixels),
    label: new Uint8Array(pixels),
    nuclei: [],
  };
  const rng = new Rng(plan.seed);
  drawGround(raster, plan);
  for (const gland of plan.glands) drawGland(raster, gland, rng.uint32());
  for (const gland of plan.glands) drawGlandNuclei(raster, gland, rng);
  drawScattered(raster, plan, rng);
  return raster;
}

/** Fibrous stroma and granular necrosis. */
function drawGround(raster: TissueRaster, plan: TissuePlan): void {
  const { widthPx, heightPx, mpp, haematoxylin, eosin, label } = raster;
  const strands = valueNoise(plan.seed ^ 1, 1);
  const density = valueNoise(plan.seed ^ 2, 160);
  const grain = valueNoise(plan.seed ^ 3, 4.7);
  for (let row = 0, at = 0; row < heightPx; row++) {
    for (let col = 0; col < widthPx; col++, at++) {
      const [x, y] = [(col + 0.5) * mpp, (row + 0.5) * mpp];
      const cover = ramp(plan.inside(x, y), 0, 0.02);
      if (cover === 0) continue;
      const dead = plan.necrosis(x, y);
      const across = plan.acrossFibres(x, y);
      // Noise that is short across the fibres and long along them.
      const strand = strands(across / 7, (x - y) / 70);
      const gap = ramp(strand, 0.12, 0.34);
      const speck = grain(x, y);
      const stroma = (0.2 + 0.3 * strand + 0.22 * density(x, y)) * (0.25 + 0.75 * gap);
      const debris = 0.5 + 0.35 * speck;
      eosin[at] = cover * (stroma * (1 - dead) + debris * dead);
      haematoxylin[at] = cover * (0.05 * gap * (1 - dead) + (0.06 + 0.3 * ramp(speck, 0.72, 0.95)) * dead);
      label[at] = cover < 0.5 ? TISSUE.background : dead > 0.5 ? TISSUE.necrosis : TISSUE.stroma;
    }
  }
}

/** Calls `visit` for every pixel of an ellipse with its position relative to the ellipse. */
function eachPixel(
  raster: TissueRaster,
  shape: { x: number; y: number; a: number; b: number; angle: number },
  visit: (at: number, u: number, v: number, col: number, row: number) => void,
): void {
  const { x, y, a, b, angle } = shape;
  const reach = Math.max(a, b) + 1;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const bottom = Math.min(raster.heightPx - 1, Math.ceil(y + reach));
  const right = Math.min(raster.widthPx - 1, Math.ceil(x + reach));
  for (let row = Math.max(0, Math.floor(y - reach)); row <= bottom; row++) {
    for (let col = Math.max(0, Math.floor(x - reach)); col <= right; col++) {
      const dx = col + 0.5 - x;
      const dy = row + 0.5 - y;
      visit(row * raster.widthPx + col, (cos * dx + sin * dy) / a, (cos * dy - sin * dx) / b, col, row);
    }
  }
}

/** Cytoplasm and lumen of one gland; drawn on tissue only. */
function drawGland(raster: TissueRaster, gland: Gland, seed: number): void {
  const { mpp, eosin, haematoxylin, label } = raster;
  const wobble = valueNoise(seed, 0.7);
  const cytoplasm = 0.2 + 0.08 * gland.proliferation;
  const ellipse = {
    x: gland.xUm / mpp,
    y: gland.yUm / mpp,
    a: (1.15 * gland.aUm) / mpp,
    b: (1.15 * gland.bUm) / mpp,
    angle: gland.angle,
  };
  eachPixel(raster, ellipse, (at, u, v, col, row) => {
    if (label[at] === TISSUE.background) return;
    const radius = Math.sqrt(u * u + v * v) * 1.15 * (0.88 + 0.24 * wobble(u + 9, v + 9));
    const body = ramp(1 - radius, 0, 0.05);
    if (body === 0) return;
    const inLumen = gland.lumen === 0 ? 0 : ramp(gland.lumen - radius, -0.03, 0.05);
    const texture = 0.9 + 0.2 * latticeValue(seed, col >> 1, row >> 1);
    mix(eosin, at, (0.3 * (1 - inLumen) + 0.03) * texture, body);
    mix(haematoxylin, at, cytoplasm * (1 - inLumen) * texture, body);
    if (body > 0.5) label[at] = inLumen > 0.5 ? TISSUE.lumen : TISSUE.epithelium;
  });
}

function mix(raster: Float32Array, at: number, value: number, weight: number): void {
  raster[at] = raster[at]! * (1 - weight) + value * weight;
}

/** Nuclei in rings between lumen and outline; the more a gland divides, the closer they stand. */
function drawGlandNuclei(raster: TissueRaster, gland: Gland, rng: Rng): void {
  const spacingUm = 11.5 - 4.5 * gland.proliferation;
  const [cos, sin] = [Math.cos(gland.angle), Math.sin(gland.angle)];
  const stepR = spacingUm / Math.sqrt(gland.aUm * gland.bUm);
  for (let r = 0.84; r > gland.lumen + 0.12; r -= 1.05 * stepR) {
    const circumference = 2 * Math.PI * r * Math.sqrt(gland.aUm * gland.bUm);
    const count = Math.max(1, Math.round(circumference / spacingUm));
    const start = rng.uniform(0, 6.28);
    for (let k = 0; k < count; k++) {
      const t = start + (2 * Math.PI * (k + rng.uniform(-0.2, 0.2))) / count;
      const radius = r + rng.uniform(-0.06, 0.06);
      const [u, v] = [gland.aUm * radius * Math.cos(t), gland.bUm * radius * Math.sin(t)];
      const [xUm, yUm] = [gland.xUm + cos * u - sin * v, gland.yUm + sin * u + cos * v];
      if (labelAt(raster, xUm, yUm) !== TISSUE.epithelium) continue;
      const dark = 0.62 + 0.22 * gland.proliferation + rng.uniform(-0.08, 0.12);
      const size = { aUm: rng.uniform(3.8, 5), bUm: rng.uniform(2.8, 3.6), angle: gland.angle + t };
      drawNucleus(raster, { xUm, yUm, ...size, dark, kind: 'epithelial' });
    }
  }
}

/** Spindle cells along the fibres and clusters of lymphocytes, on stroma only. */
function drawScattered(raster: TissueRaster, plan: TissuePlan, rng: Rng): void {
  const cellUm = 8.5;
  for (let y = 0; y < plan.heightUm; y += cellUm) {
    for (let x = 0; x < plan.widthUm; x += cellUm) {
      const [xUm, yUm] = [x + rng.uniform() * cellUm, y + rng.uniform() * cellUm];
      const draw = rng.uniform();
      if (labelAt(raster, xUm, yUm) !== TISSUE.stroma) continue;
      if (draw < 0.62 * plan.immune(xUm, yUm)) {
        const r = rng.uniform(2.5, 3.1);
        const dark = rng.uniform(0.95, 1.15);
        drawNucleus(raster, { xUm, yUm, aUm: r, bUm: r, angle: 0, dark, kind: 'lymphocyte' });
      } else if (draw > 0.9) {
        const size = { aUm: rng.uniform(4.5, 7), bUm: rng.uniform(1.3, 1.9) };
        const angle = fibreAngle(plan, xUm, yUm) + rng.uniform(-0.2, 0.2);
        const dark = rng.uniform(0.7, 0.9);
        drawNucleus(raster, { xUm, yUm, ...size, angle, dark, kind: 'spindle' });
      }
    }
  }
}

function fibreAngle({ acrossFibres }: TissuePlan, x: number, y: number): number {
  const gx = acrossFibres(x + 2, y) - acrossFibres(x - 2, y);
  const gy = acrossFibres(x, y + 2) - acrossFibres(x, y - 2);
  return Math.atan2(gx, -gy);
}

interface NucleusShape {
  readonly xUm: number;
  readonly yUm: number;
  readonly aUm: number;
  readonly bUm: number;
  readonly angle: number;
  readonly dark: number;
  readonly kind: NucleusKind;
}

/** An ellipse with a soft edge, a darker rim and mottled chromatin. */
function drawNucleus(raster: TissueRaster, shape: NucleusShape): void {
  const { mpp, haematoxylin, eosin, nuclei } = raster;
  const [x, y] = [shape.xUm / mpp, shape.yUm / mpp];
  const [a, b] = [shape.aUm / mpp, shape.bUm / mpp];
  const edgePx = Math.min(a, b);
  const seed = nuclei.length;
  eachPixel(raster, { x, y, a, b, angle: shape.angle }, (at, u, v, col, row) => {
    const radius = Math.sqrt(u * u + v * v);
    const cover = clamp01((1 - radius) * edgePx + 0.5);
    if (cover === 0) return;
    const chromatin = 0.8 + 0.12 * radius + 0.2 * latticeValue(seed, col, row);
    mix(haematoxylin, at, shape.dark * chromatin, cover);
    mix(eosin, at, 0.22, 0.7 * cover);
  });
  nuclei.push({ x, y, kind: shape.kind });
}

function labelAt(raster: TissueRaster, xUm: number, yUm: number): number {
  const col = Math.floor(xUm / raster.mpp);
  const row = Math.floor(yUm / raster.mpp);
  if (col < 0 || row < 0 || col >= raster.widthPx || row >= raster.heightPx) return TISSUE.background;
  return raster.label[row * raster.widthPx + col]!;
}
