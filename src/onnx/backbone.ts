/** Whole backbones as ONNX models. */
import {
  type Backbone,
  BlockStack,
  fitPositionEmbedding,
  type MixerBlock,
  middleOf,
  Vit,
  type VitBlock,
} from '../backbones/index.ts';
import { stableJson } from '../core/stable-json.ts';
import { ShapeError, UsageError } from '../errors.ts';
import { noGrad, scope, type Tensor, toFloat32Array } from '../tensor/index.ts';
import { encodeModel, Graph, type Value } from './graph.ts';
import { layerNodes } from './layers.ts';
import {
  layerNormNodes,
  layerScaleNodes,
  type Place,
  parameter,
  patchEmbedNodes,
  split,
  within,
} from './place.ts';

export interface OnnxOptions {
  /** Side of the images; default: the card's. */
  readonly imagePx?: number | undefined;
  /** What the model says of where it comes from. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Version of this package, for the file's producer. */
  readonly version: string;
}

/** The class token for every image of the batch: [1, 1, width] -> [B, 1, width]. */
function clsTokens(place: Place, tokens: Value, cls: Tensor): Value {
  const { graph } = place;
  const stored = parameter(place, 'cls_token', cls);
  const first = graph.op('Gather', [tokens, graph.integers([0])], { axis: 1 });
  return graph.op('Expand', [stored, graph.op('Shape', [first])]);
}

/** x += gamma1 * mixer(norm1(x));  x += gamma2 * channel_mixer(norm2(x)). */
function mixerBlockNodes(place: Place, x: Value, block: MixerBlock): Value {
  const { graph } = place;
  const scaled = (y: Value, name: string, gamma: Tensor | undefined): Value =>
    gamma === undefined ? y : graph.op('Mul', [y, parameter(place, name, gamma)]);
  const mixed = layerNodes(
    within(place, 'mixer'),
    layerNormNodes(within(place, 'norm1'), x, block.norm1),
    block.mixer,
  );
  const between = graph.op('Add', [x, scaled(mixed, 'gamma_1', block.gamma1)]);
  const normed = layerNormNodes(within(place, 'norm2'), between, block.norm2);
  const fed = layerNodes(within(place, 'channel_mixer'), normed, block.channelMixer);
  return graph.op('Add', [between, scaled(fed, 'gamma_2', block.gamma2)]);
}

/** Patch tokens with the class token in their middle, through the blocks. */
function blockStackNodes(place: Place, images: Value, { clsToken, patchEmbed, blocks, norm }: BlockStack) {
  const { graph, length } = place;
  const [n, centre] = [length - 1, middleOf(length - 1)];
  const tokens = patchEmbedNodes(within(place, 'patch_embed'), images, patchEmbed);
  const [before, after] = split(graph, tokens, 1, [centre, n - centre]) as [Value, Value];
  let x = graph.op('Concat', [before, clsTokens(place, tokens, clsToken), after], { axis: 1 });
  for (const [i, block] of blocks.entries())
    x = mixerBlockNodes(within(place, `blocks.blocks.${i}`), x, block);
  const y = layerNormNodes(within(place, 'norm'), x, norm);
  const [left, cls, right] = split(graph, y, 1, [centre, 1, n - centre]) as [Value, Value, Value];
  return { cls, patches: graph.op('Concat', [left, right], { axis: 1 }) };
}

/** x += ls1(attn(norm1(x)));  x += ls2(mlp(norm2(x))). */
function vitBlockNodes(place: Place, x: Value, { norm1, attn, ls1, norm2, mlp, ls2 }: VitBlock): Value {
  const { graph } = place;
  const attended = layerNodes(within(place, 'attn'), layerNormNodes(within(place, 'norm1'), x, norm1), attn);
  const between = graph.op('Add', [x, layerScaleNodes(within(place, 'ls1'), attended, ls1)]);
  const fed = layerNodes(within(place, 'mlp'), layerNormNodes(within(place, 'norm2'), between, norm2), mlp);
  return graph.op('Add', [between, layerScaleNodes(within(place, 'ls2'), fed, ls2)]);
}

/** Class token first, position embeddings fitted to the image size. */
function vitNodes(place: Place, images: Value, { clsToken, positions, patchEmbed, blocks, norm }: Vit) {
  const { graph, length } = place;
  const side = Math.sqrt(length - 1);
  const fitted = fitPositionEmbedding(positions, side, side);
  const tokens = patchEmbedNodes(within(place, 'patch_embed'), images, patchEmbed);
  const sequence = graph.op('Concat', [clsTokens(place, tokens, clsToken), tokens], { axis: 1 });
  let x = graph.op('Add', [
    sequence,
    graph.weight(`${place.prefix}pos_embed`, fitted.shape, toFloat32Array(fitted)),
  ]);
  for (const [i, block] of blocks.entries()) x = vitBlockNodes(within(place, `blocks.${i}`), x, block);
  const [cls, patches] = split(graph, layerNormNodes(within(place, 'norm'), x, norm), 1, [1, length - 1]);
  return { cls: cls!, patches: patches! };
}

/**
 * An ONNX model (operator set 17) of a backbone on square images of one size.
 *
 * Input `images` float32 [batch, 3, side, side], normalised with the mean and standard deviation in the file's metadata;
 * outputs `cls` [batch, width], `patches` [batch, n, width] and `embedding` [batch, 2 width], the class token beside the
 * mean patch token. Parameters keep their checkpoint names. The scan is a Scan, EinFFT's transforms are matrix products.
 *
 * @throws UsageError for a backbone with other layers than MV_Hybrid's and the ViT's; ShapeError for a side that is not
 *   a multiple of the patch.
 */
export function backboneToOnnx(
  backbone: Backbone,
  { imagePx, metadata = {}, version }: OnnxOptions,
): Uint8Array {
  const { card } = backbone;
  const { patchPx, width, name } = card;
  const side = imagePx ?? card.imagePx;
  if (side <= 0 || side % patchPx !== 0)
    throw new ShapeError('export', {
      need: `an image side that is a multiple of ${patchPx}`,
      found: `${side}`,
    });
  const n = (side / patchPx) ** 2;
  const graph = new Graph(name);
  const images = graph.input('images', ['batch', 3, side, side]);
  const place: Place = { graph, prefix: '', length: n + 1 };
  const { cls, patches } = noGrad(() =>
    scope(() => {
      if (backbone instanceof BlockStack) return blockStackNodes(place, images, backbone);
      if (backbone instanceof Vit) return vitNodes(place, images, backbone);
      throw new UsageError('export', {
        need: 'MV_Hybrid or a ViT',
        found: name,
        next: 'export mv-hybrid, vit-12 or vit-24',
      });
    }),
  );
  const flat = graph.op('Reshape', [cls, graph.integers([0, width])]);
  const mean = graph.op('ReduceMean', [patches], { axes: [1], keepdims: 0 });
  graph.output('cls', flat, ['batch', width]);
  graph.output('patches', patches, ['batch', n, width]);
  graph.output('embedding', graph.op('Concat', [flat, mean], { axis: 1 }), ['batch', 2 * width]);
  return encodeModel(graph, {
    version,
    doc: `${name} on ${side} px images: ${card.known}; inferred: ${card.inferred}`,
    metadata: { ...metadata, card: stableJson({ ...card, imagePx: side }) },
  });
}
