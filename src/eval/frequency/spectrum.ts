/** Amplitude and power of feature maps by spatial frequency. */
import { ShapeError } from '../../errors.ts';
import {
  abs,
  addScalar,
  fft2,
  log,
  mean,
  scope,
  square,
  sub,
  sum,
  type Tensor,
  toDtype,
  toFloat64Array,
} from '../../tensor/index.ts';

/** Power by distance from frequency 0, in bins one grid step wide; plain JSON. */
export interface RadialPower {
  /** Lower edges in cycles per grid step, 0 to 1/2; the last bin holds all corners beyond. */
  readonly edges: readonly number[];
  /** Mean power of the frequencies in a bin, after the mean of each map is taken off. */
  readonly meanPower: readonly number[];
  readonly count: readonly number[];
  /** Share of the power at or below 1/8 cycle per grid step; null for constant maps. */
  readonly lowFraction: number | null;
}

/** Plain JSON. */
export interface Spectrum {
  /** Frequency along the diagonal, 0 (mean) to 1 (highest). */
  readonly frequency: readonly number[];
  /** Mean log amplitude along it, relative to frequency 0 (Park and Kim). */
  readonly relativeLogAmplitude: readonly number[];
  readonly radial: RadialPower;
  readonly side: number;
  /** Maps (pictures x channels) the means are over. */
  readonly maps: number;
}

/** Added to amplitudes before the logarithm. */
const FLOOR = 1e-6;
/** Upper end of what counts as low, in cycles per grid step. */
const LOW = 1 / 8;

/** Frequency of index i in cycles per grid step times `side`: 0, 1, ..., -1. */
const wave = (i: number, side: number) => (i < (side + 1) / 2 ? i : i - side);

/** Collects feature maps batch by batch, so that a data set need not fit in memory. */
export class SpectrumSum {
  readonly side: number;
  #maps = 0;
  /** Sums over maps, [side * side], frequency 0 first. */
  readonly #logAmplitude: Float64Array;
  readonly #power: Float64Array;

  /** @param side of the square maps. */
  constructor(side: number) {
    if (!(Number.isInteger(side) && side >= 2)) {
      throw new ShapeError('spectrum', { need: 'maps of at least 2 x 2', found: `${side}` });
    }
    this.side = side;
    this.#logAmplitude = new Float64Array(side * side);
    this.#power = new Float64Array(side * side);
  }

  /** @param maps [B, C, side, side], any float type. */
  add(maps: Tensor): void {
    const [batch, channels, height, width] = maps.shape;
    if (maps.shape.length !== 4 || height !== this.side || width !== this.side) {
      throw new ShapeError('spectrum', {
        need: `[batch, channels, ${this.side}, ${this.side}]`,
        found: `[${maps.shape.join(', ')}]`,
      });
    }
    const [logs, powers] = scope(() => {
      const x = toDtype(maps, 'float64');
      const total = (t: Tensor) => toFloat64Array(sum(t, [0, 1]));
      const centred = sub(x, mean(x, [2, 3], { keepdim: true }));
      return [total(log(addScalar(abs(fft2(x)), FLOOR))), total(square(abs(fft2(centred))))];
    });
    for (let i = 0; i < logs!.length; i++) {
      this.#logAmplitude[i]! += logs![i]!;
      this.#power[i]! += powers![i]!;
    }
    this.#maps += batch! * channels!;
  }

  /** Mean log amplitude, frequency 0 moved to (floor(side/2), floor(side/2)), row-major. */
  logAmplitudeMap(): Float64Array {
    const { side } = this;
    const half = Math.floor(side / 2);
    const map = new Float64Array(side * side);
    for (let r = 0; r < side; r++) {
      for (let c = 0; c < side; c++) {
        const to = ((r + half) % side) * side + ((c + half) % side);
        map[to] = this.#logAmplitude[r * side + c]! / this.#maps;
      }
    }
    return map;
  }

  #radial(): RadialPower {
    const bins = Math.floor(this.side / 2) + 1;
    const [sums, count] = [new Float64Array(bins), new Array<number>(bins).fill(0)];
    let [low, all] = [0, 0];
    for (const [i, total] of this.#power.entries()) {
      const power = total / this.#maps;
      const distance = Math.hypot(wave(Math.floor(i / this.side), this.side), wave(i % this.side, this.side));
      const bin = Math.min(bins - 1, Math.floor(distance));
      sums[bin]! += power;
      count[bin]!++;
      if (distance === 0) continue;
      all += power;
      if (distance <= LOW * this.side) low += power;
    }
    return {
      edges: count.map((_, i) => i / this.side),
      meanPower: count.map((n, i) => sums[i]! / n),
      count,
      lowFraction: all > 0 ? low / all : null,
    };
  }

  /** @throws ShapeError before any maps were added. */
  result(): Spectrum {
    if (this.#maps === 0) throw new ShapeError('spectrum', { need: 'at least one map', found: 'none' });
    const half = Math.floor(this.side / 2);
    const map = this.logAmplitudeMap();
    const diagonal = Array.from({ length: this.side - half }, (_, i) => map[(half + i) * (this.side + 1)]!);
    const last = Math.max(1, diagonal.length - 1);
    return {
      frequency: diagonal.map((_, i) => i / last),
      relativeLogAmplitude: diagonal.map((v) => v - diagonal[0]!),
      radial: this.#radial(),
      side: this.side,
      maps: this.#maps,
    };
  }
}
