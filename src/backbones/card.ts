/** What a user must know to feed a backbone: scale, colours, sizes, origin. */

/** Facts about one backbone and, where weights were published, about those. */
export interface BackboneCard {
  readonly name: string;
  /** Width of the cls token. */
  readonly width: number;
  /** Side of one token in pixels. */
  readonly patchPx: number;
  /** Side of the images it is trained on; any multiple of `patchPx` works. */
  readonly imagePx: number;
  /** Micrometres per pixel assumed for those images; the paper does not state it. */
  readonly mpp: number;
  /** Red, green, blue mean, of values in [0, 1], subtracted before the first layer. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** What its authors published about it. */
  readonly known: string;
  /** What was chosen here because nothing is published about it. */
  readonly inferred: string;
}

/** H&E channel statistics with which the published configuration normalises its patches (Lunit's). */
export const HE_COLOURS = {
  mean: [0.70322989, 0.53606487, 0.66096631],
  std: [0.21716536, 0.26081574, 0.20723464],
} as const;
