import { UsageError } from '../errors.ts';
import { type Device, setThreads } from '../tensor/index.ts';
import { loadBackboneWeights } from '../weights/index.ts';
import type { Backbone } from './backbone.ts';
import { createBackbone } from './registry.ts';

/** Which encoder, and where its weights come from: exactly one of `weights` and `randomInit`. */
export interface BackboneRequest {
  readonly backbone: string;
  /** A safetensors file or a PyTorch checkpoint. */
  readonly weights?: string | undefined;
  /** Seed of random weights, for controls. */
  readonly randomInit?: number | undefined;
  /** Default `cpu`. */
  readonly device?: Device | undefined;
  /** Threads per operation; default: the engine's own. */
  readonly threads?: number | undefined;
}

/** An encoder ready to use. */
export interface OpenBackbone {
  readonly backbone: Backbone;
  /** What identifies the weights in results: a digest, or the seed. */
  readonly weights: string;
}

/**
 * Builds a backbone and fills it. The caller disposes it.
 *
 * @throws UsageError for an unknown name, or unless exactly one source of weights is named; what reading weights throws.
 */
export async function openBackbone(request: BackboneRequest): Promise<OpenBackbone> {
  const { weights, randomInit, device = 'cpu', threads } = request;
  if ((weights === undefined) === (randomInit === undefined)) {
    throw new UsageError('backbone', {
      need: 'either a weights file or a seed for random weights',
      found: weights === undefined ? 'neither' : 'both',
      next: 'give --weights <file>, or --random-init <seed> for a control with random weights',
    });
  }
  if (threads !== undefined) setThreads(threads);
  const backbone = createBackbone(request.backbone);
  try {
    if (weights === undefined) {
      backbone.initialize(randomInit!).to(device);
      return { backbone, weights: `random initialisation, seed ${randomInit}` };
    }
    const { sha256 } = await loadBackboneWeights(backbone, weights);
    backbone.to(device);
    return { backbone, weights: `sha256 ${sha256}` };
  } catch (error) {
    backbone.dispose();
    throw error;
  }
}
