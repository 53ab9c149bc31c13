import { UsageError } from '../errors.ts';
import { Attention, EinFft, MambaVisionMixer, Mlp, type Module, SwiGlu } from '../nn/index.ts';
import { attentionNodes } from './attention.ts';
import { einfftNodes } from './einfft.ts';
import type { Value } from './graph.ts';
import { mambaVisionNodes } from './mamba-vision.ts';
import { mlpNodes, swigluNodes } from './mlp.ts';
import type { Place } from './place.ts';

/**
 * A mixer or channel mixer. x, result: [B, L, width].
 *
 * @throws UsageError for a layer that has no ONNX form here.
 */
export function layerNodes(place: Place, x: Value, layer: Module): Value {
  if (layer instanceof Attention) return attentionNodes(place, x, layer);
  if (layer instanceof Mlp) return mlpNodes(place, x, layer);
  if (layer instanceof SwiGlu) return swigluNodes(place, x, layer);
  if (layer instanceof EinFft) return einfftNodes(place, x, layer);
  if (layer instanceof MambaVisionMixer) return mambaVisionNodes(place, x, layer);
  throw new UsageError('export', {
    need: 'layers of MV_Hybrid and ViT: MambaVision mixers, attention, EinFFT, MLP, SwiGLU',
    found: layer.constructor.name,
    next: 'export mv-hybrid, vit-12 or vit-24',
  });
}
