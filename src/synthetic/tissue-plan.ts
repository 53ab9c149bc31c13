/** What one generated section consists of, before anything is drawn. All lengths in micrometres. */
import { Rng } from '../core/rng.ts';
import { clamp01, type Field, patchyNoise, ramp, valueNoise } from './smooth-noise.ts';

/** Distance between spot centres on the square array, and spot diameter. */
export const SPOT_PITCH_UM = 130;
/** Diameter of a spot: counts come from the tissue inside this disc. */
export const SPOT_DIAMETER_UM = 100;
const MARGIN_UM = 150;

/** A ring of epithelium around a lumen, or a solid nest where `lumen` is 0. */
export interface Gland {
  readonly xUm: number;
  readonly yUm: number;
  /** Half axes of the outline. */
  readonly aUm: number;
  readonly bUm: number;
  readonly angle: number;
  /** Radius of the lumen relative to the outline, 0 to 0.6. */
  readonly lumen: number;
  /** 0 quiet ... 1 strongly dividing: sets how crowded its nuclei are. */
  readonly proliferation: number;
}

/** A place of the array that carries tissue. */
export interface PlannedSpot {
  readonly arrayX: number;
  readonly arrayY: number;
  readonly xUm: number;
  readonly yUm: number;
}

/** One section: outline, fields and glands. */
export interface TissuePlan {
  readonly seed: number;
  readonly widthUm: number;
  readonly heightUm: number;
  /** Above 0 inside the tissue, about 1 in its middle. */
  readonly inside: Field;
  /** Fraction of necrosis, 0 or 1 but for a soft border. */
  readonly necrosis: Field;
  /** Density of immune cells, 0 to 1. */
  readonly immune: Field;
  /** Collagen fibres run along the level lines of this field (unit: micrometre across the fibres). */
  readonly acrossFibres: Field;
  readonly glands: readonly Gland[];
  readonly spots: readonly PlannedSpot[];
}

/** Plans a section with exactly `spotCount` spots on tissue. */
export function planTissue(seed: string, spotCount: number): TissuePlan {
  const rng = new Rng(`${seed}/plan`);
  const grid = spotGrid(spotCount);
  const widthUm = grid.cols * SPOT_PITCH_UM + 2 * MARGIN_UM;
  const heightUm = grid.rows * SPOT_PITCH_UM + 2 * MARGIN_UM;
  const outline = outlineField(rng, widthUm, heightUm);
  const ranked = grid.places
    .map((spot) => ({ spot, value: outline(spot.xUm, spot.yUm) }))
    .sort((p, q) => q.value - p.value);
  const spots = ranked.slice(0, spotCount).map(({ spot }) => spot);
  // The border passes a little outside the outermost spot.
  const border = ranked[spotCount - 1]!.value - 0.06;
  const inside: Field = (x, y) => outline(x, y) - border;

  const dead = patchyNoise(rng.uint32(), 520);
  const deadFrom = rng.uniform(0.78, 0.86);
  const necrosis: Field = (x, y) => ramp(dead(x, y), deadFrom, deadFrom + 0.05);
  const lymphoid = patchyNoise(rng.uint32(), 260);
  const immune: Field = (x, y) => ramp(lymphoid(x, y), 0.6, 0.9);
  const acrossFibres = fibreField(rng);
  const glands = planGlands(rng, { widthUm, heightUm, inside, necrosis });
  spots.sort((p, q) => p.arrayY - q.arrayY || p.arrayX - q.arrayX);
  return { seed: rng.uint32(), widthUm, heightUm, inside, necrosis, immune, acrossFibres, glands, spots };
}

/** A grid with about a quarter more places than spots, wider than high. */
function spotGrid(spotCount: number): { cols: number; rows: number; places: PlannedSpot[] } {
  const cols = Math.max(2, Math.ceil(Math.sqrt(spotCount * 1.25 * 1.2)));
  const rows = Math.max(2, Math.ceil((spotCount * 1.25) / cols));
  const places: PlannedSpot[] = [];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const xUm = MARGIN_UM + (col + 0.5) * SPOT_PITCH_UM;
      const yUm = MARGIN_UM + (row + 0.5) * SPOT_PITCH_UM;
      // Real arrays rarely start at 0; readers must not rely on it.
      places.push({ arrayX: col + 3, arrayY: row + 5, xUm, yUm });
    }
  }
  return { cols, rows, places };
}

function outlineField(rng: Rng, widthUm: number, heightUm: number): Field {
  const dents = valueNoise(rng.uint32(), 0.28 * widthUm);
  const fray = valueNoise(rng.uint32(), 40);
  return (x, y) => {
    const u = (2 * x) / widthUm - 1;
    const v = (2 * y) / heightUm - 1;
    const square = u * u + v * v + 0.9 * (u * u * v * v);
    // Steep close to the picture's border, which the tissue must not touch.
    const border = Math.max(0, 1 - Math.min(x, y, widthUm - x, heightUm - y) / 70);
    return 1 - square - 3 * border * border + 0.5 * (dents(x, y) - 0.5) + 0.04 * (fray(x, y) - 0.5);
  };
}

function fibreField(rng: Rng): Field {
  const angle = rng.uniform(0, Math.PI);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const bend = valueNoise(rng.uint32(), 340);
  const wave = valueNoise(rng.uint32(), 90);
  return (x, y) => c * x + s * y + 260 * bend(x, y) + 30 * wave(x, y);
}

interface GlandGround {
  readonly widthUm: number;
  readonly heightUm: number;
  readonly inside: Field;
  readonly necrosis: Field;
}

/** One candidate per cell of a jittered grid, kept with the probability that the epithelium field gives. */
function planGlands(rng: Rng, { widthUm, heightUm, inside, necrosis }: GlandGround): Gland[] {
  const epithelium = patchyNoise(rng.uint32(), 430);
  const dividing = patchyNoise(rng.uint32(), 380);
  const cellUm = 68;
  const glands: Gland[] = [];
  for (let y = 0; y < heightUm; y += cellUm) {
    for (let x = 0; x < widthUm; x += cellUm) {
      const [xUm, yUm] = [x + rng.uniform(0.2, 0.8) * cellUm, y + rng.uniform(0.2, 0.8) * cellUm];
      const size = rng.uniform(24, 38);
      const stretch = rng.uniform(1, 1.35);
      const proliferation = clamp01(dividing(xUm, yUm) + rng.uniform(-0.1, 0.1));
      const open = rng.uniform(0.3, 0.55) * (1 - ramp(proliferation, 0.45, 0.85));
      const angle = rng.uniform(0, Math.PI);
      const keep = rng.uniform() < ramp(epithelium(xUm, yUm), 0.32, 0.72);
      if (!keep || inside(xUm, yUm) < 0.05 || necrosis(xUm, yUm) > 0.3) continue;
      const lumen = open < 0.12 ? 0 : open;
      glands.push({ xUm, yUm, aUm: size * stretch, bUm: size / stretch, angle, lumen, proliferation });
    }
  }
  return glands;
}
