import { DataError, UsageError } from '../errors.ts';
import { type Device, setThreads } from '../tensor/index.ts';
import { loadBackboneWeights, openSafetensors } from '../weights/index.ts';
import type { Backbone } from './backbone.ts';
import { type BackboneOptions, createBackbone } from './registry.ts';

/** Which encoder, and where its weights come from: exactly one of `weights` and `randomInit`. */
export interface BackboneRequest {
  /** Default: what the weights file says of itself, else `mv-hybrid`. */
  readonly backbone?: string | undefined;
  /** Its size and parts, where they differ from the paper's. */
  readonly options?: BackboneOptions | undefined;
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
  /** Its name in the registry. */
  readonly name: string;
  readonly options: BackboneOptions;
  /** What identifies the weights in results: a digest, or the seed. */
  readonly weights: string;
}

interface Identity {
  readonly name: string;
  readonly options: BackboneOptions;
}

/** What a file of this package says of itself; undefined for any other file. */
function identityIn(path: string): Identity | undefined {
  let file: ReturnType<typeof openSafetensors>;
  try {
    file = openSafetensors(path);
  } catch (error) {
    // Not safetensors, perhaps a PyTorch checkpoint: loading it decides.
    if (error instanceof DataError) return undefined;
    throw error;
  }
  try {
    const { backbone: name, backboneOptions = '{}' } = file.metadata;
    return name === undefined ? undefined : { name, options: JSON.parse(backboneOptions) as BackboneOptions };
  } finally {
    file.close();
  }
}

function identify({ backbone, options, weights }: BackboneRequest): Identity {
  const stated = weights === undefined ? undefined : identityIn(weights);
  if (stated === undefined) return { name: backbone ?? 'mv-hybrid', options: options ?? {} };
  if (backbone === undefined || backbone === stated.name) return stated;
  throw new UsageError('backbone', {
    need: `the backbone of ${weights}, which is ${stated.name}`,
    found: backbone,
    next: 'leave --backbone out',
  });
}

/**
 * Builds a backbone and fills it. The caller disposes it.
 *
 * @throws UsageError for an unknown name, unless exactly one source of weights is named, or when the file says that it
 *   holds another backbone; what reading weights throws.
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
  const identity = identify(request);
  const backbone = createBackbone(identity.name, identity.options);
  try {
    if (weights === undefined) {
      backbone.initialize(randomInit!).to(device);
      return { ...identity, backbone, weights: `random initialisation, seed ${randomInit}` };
    }
    const { sha256 } = await loadBackboneWeights(backbone, weights);
    backbone.to(device);
    return { ...identity, backbone, weights: `sha256 ${sha256}` };
  } catch (error) {
    backbone.dispose();
    throw error;
  }
}
