import { ShapeError } from '../errors.ts';
import { linear, permute, reshape, type Tensor } from '../tensor/index.ts';
import { uniformInit } from './init.ts';
import { Module } from './module.ts';

/** The convolution's parameters; it runs as one matrix product since patches do not overlap. */
class PatchProjection extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  constructor(width: number, patchPx: number) {
    super();
    const bound = 1 / Math.sqrt(3 * patchPx * patchPx);
    this.weight = this.parameter('weight', [width, 3, patchPx, patchPx], uniformInit(bound));
    this.bias = this.parameter('bias', [width], uniformInit(bound));
  }
}

/** Cuts an image into patchPx x patchPx tiles and projects each to a token. No norm, no position. */
export class PatchEmbed extends Module {
  readonly patchPx: number;
  readonly proj: PatchProjection;

  constructor(width: number, patchPx = 16) {
    super();
    this.patchPx = patchPx;
    this.proj = this.child('proj', new PatchProjection(width, patchPx));
  }

  /**
   * @param images [B, 3, H, W]; H and W multiples of patchPx.
   * @returns [B, n, width], row-major over the patch grid (y outer, x inner).
   * @throws ShapeError otherwise.
   */
  forward(images: Tensor): Tensor {
    const [batch, channels, height, width] = images.shape;
    const p = this.patchPx;
    if (
      images.shape.length !== 4 ||
      channels !== 3 ||
      height! % p !== 0 ||
      width! % p !== 0 ||
      height === 0 ||
      width === 0
    ) {
      throw new ShapeError('patch embedding', {
        need: `images [B, 3, H, W] with H and W multiples of ${p}`,
        found: `[${images.shape.join(', ')}]`,
        next: `resize or crop to a multiple of ${p} pixels, e.g. 224 or 256`,
      });
    }
    const [rows, columns] = [height! / p, width! / p];
    const grid = reshape(images, [batch!, 3, rows, p, columns, p]);
    const patches = reshape(permute(grid, [0, 2, 4, 1, 3, 5]), [batch!, rows * columns, 3 * p * p]);
    return linear(patches, reshape(this.proj.weight, [this.proj.weight.size(0), -1]), {
      bias: this.proj.bias,
    });
  }
}
