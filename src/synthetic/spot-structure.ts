/** What the tissue under each spot consists of, measured on the drawn picture. */
import { SPOT_DIAMETER_UM, type TissuePlan } from './tissue-plan.ts';
import { TISSUE, type TissueRaster } from './tissue-raster.ts';

/** Structure under one spot: the hidden cause of its gene expression. */
export interface SpotStructure {
  /** Fractions of the spot's area, 0 to 1; with lumen and glass they add up to 1. */
  readonly epithelium: number;
  readonly stroma: number;
  readonly necrosis: number;
  /** Nuclei per square millimetre. */
  readonly epithelialNuclei: number;
  readonly lymphocytes: number;
  /** Mean strength of fine texture, 0 to 1; absent where none is drawn. */
  readonly fineTexture?: number;
}

/** Measures every spot of the plan inside its disc of {@link SPOT_DIAMETER_UM}. */
export function measureSpots(
  plan: TissuePlan,
  raster: TissueRaster,
  texture?: Float32Array,
): SpotStructure[] {
  return plan.spots.map(({ xUm, yUm }) => measureDisc(raster, xUm / raster.mpp, yUm / raster.mpp, texture));
}

function measureDisc(raster: TissueRaster, x: number, y: number, texture?: Float32Array): SpotStructure {
  const radius = SPOT_DIAMETER_UM / 2 / raster.mpp;
  const within = (px: number, py: number) => (px - x) ** 2 + (py - y) ** 2 <= radius * radius;
  const counts = [0, 0, 0, 0, 0];
  let pixels = 0;
  let fine = 0;
  for (let row = Math.floor(y - radius); row <= y + radius; row++) {
    for (let col = Math.floor(x - radius); col <= x + radius; col++) {
      if (!within(col + 0.5, row + 0.5)) continue;
      const at = row * raster.widthPx + col;
      counts[raster.label[at]!]!++;
      fine += texture?.[at] ?? 0;
      pixels++;
    }
  }
  const areaMm2 = (Math.PI * (SPOT_DIAMETER_UM / 2) ** 2) / 1e6;
  const perMm2 = (kind: string) =>
    raster.nuclei.filter((nucleus) => nucleus.kind === kind && within(nucleus.x, nucleus.y)).length / areaMm2;
  return {
    epithelium: counts[TISSUE.epithelium]! / pixels,
    stroma: counts[TISSUE.stroma]! / pixels,
    necrosis: counts[TISSUE.necrosis]! / pixels,
    epithelialNuclei: perMm2('epithelial'),
    lymphocytes: perMm2('lymphocyte'),
    ...(texture === undefined ? {} : { fineTexture: fine / pixels }),
  };
}
