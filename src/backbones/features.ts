/** From pictures to the feature vectors that every evaluation uses. */
import { ShapeError } from '../errors.ts';
import {
  cat,
  div,
  divScalar,
  mean,
  noGrad,
  permute,
  scope,
  sub,
  type Tensor,
  tensor,
  toDtype,
  toFloat32Array,
} from '../tensor/index.ts';
import type { Backbone } from './backbone.ts';
import type { BackboneCard } from './card.ts';

/** `cls+mean`: class token then mean patch token (2 * width); `cls`: class token only (width). */
export type FeatureKind = 'cls+mean' | 'cls';

/** Length of one feature vector. */
export function featureWidth(card: BackboneCard, kind: FeatureKind): number {
  return kind === 'cls' ? card.width : 2 * card.width;
}

/**
 * 8-bit RGB pictures as the backbone's input: (value / 255 - mean) / std per channel.
 *
 * @param rgb B * side * side * 3 bytes, interleaved.
 * @returns [B, 3, side, side] float32.
 */
export function imagesFromRgb(
  rgb: Uint8Array,
  side: number,
  card: BackboneCard,
  device: Tensor['device'] = 'cpu',
): Tensor {
  const batch = rgb.length / (side * side * 3);
  if (!Number.isInteger(batch) || batch === 0) {
    throw new ShapeError('embed', {
      need: `whole pictures of ${side} x ${side} RGB pixels`,
      found: `${rgb.length} bytes`,
    });
  }
  return scope(() => {
    const pixels = tensor(rgb, [batch, side, side, 3], { device });
    const channels = toDtype(permute(pixels, [0, 3, 1, 2]), 'float32');
    const [shift, scale] = [card.mean, card.std].map((v) =>
      tensor(Float32Array.from(v), [1, 3, 1, 1], { device }),
    );
    return div(sub(divScalar(channels, 255), shift!), scale!);
  });
}

/** Features of a batch of normalised images [B, 3, H, W] -> [B, featureWidth], without gradients. */
export function features(backbone: Backbone, images: Tensor, kind: FeatureKind): Tensor {
  return noGrad(() =>
    scope(() => {
      const { cls, patches } = backbone.forward(images);
      return kind === 'cls' ? cls : cat([cls, mean(patches, [1])], { dim: 1 });
    }),
  );
}

/**
 * Feature vectors of 8-bit RGB pictures, row-major [B, featureWidth].
 *
 * @param rgb B * side * side * 3 bytes.
 */
export function embed(backbone: Backbone, rgb: Uint8Array, side: number, kind: FeatureKind): Float32Array {
  return scope(() => {
    const device = [...backbone.namedParameters().values()][0]?.device ?? 'cpu';
    return toFloat32Array(features(backbone, imagesFromRgb(rgb, side, backbone.card, device), kind));
  });
}
