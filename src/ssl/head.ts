import { UsageError } from '../errors.ts';
import { Linear, Module, onesInit, uniformInit } from '../nn/index.ts';
import { linear, type Tensor, weightNorm } from '../tensor/index.ts';
import { unitRows } from './unit-rows.ts';

export interface HeadOptions {
  /** Width of the hidden layers. */
  readonly hidden: number;
  /** Width of the unit vectors that meet the prototypes. */
  readonly bottleneck: number;
  /** K, the number of outputs. */
  readonly prototypes: number;
  /** Linear layers before the prototypes, at least 1. */
  readonly layers: number;
}

const NORMALISE_EPS = 1e-12;

/** Linear layers at the even numbers of `mlp`; the odd ones are the GELUs of the published module. */
class HiddenLayers extends Module {
  readonly linears: readonly Linear[];

  constructor(widths: readonly number[]) {
    super();
    this.linears = widths
      .slice(1)
      .map((outputs, i) => this.child(String(2 * i), new Linear(widths[i]!, outputs)));
  }

  forward(x: Tensor): Tensor {
    const last = this.linears.length - 1;
    return this.linears.reduce((y, layer, i) => layer.forward(y, i < last ? 'gelu' : 'none'), x);
  }
}

/** Row k of the weight is g_k v_k / ||v_k||; both are trained. */
class Prototypes extends Module {
  readonly g: Tensor;
  readonly v: Tensor;

  constructor(bottleneck: number, prototypes: number) {
    super();
    this.g = this.parameter('weight_g', [prototypes, 1], onesInit);
    this.v = this.parameter('weight_v', [prototypes, bottleneck], uniformInit(1 / Math.sqrt(bottleneck)));
  }

  forward(x: Tensor): Tensor {
    return linear(x, weightNorm(this.v, this.g));
  }
}

/**
 * Projection head of DINO and iBOT: an MLP with exact GELU to a narrow layer, scaled to unit length, then one cosine
 * similarity per prototype, times its learned scale g (1 at the start). Names equal the published head's: `mlp.0`,
 * `mlp.2`, ..., `last_layer.weight_g`, `last_layer.weight_v`; a single hidden layer is `mlp` itself.
 *
 * @source DINO, arXiv:2104.14294; iBOT, arXiv:2111.07832; options as in DINOv2, arXiv:2304.07193.
 */
export class DinoHead extends Module {
  /** Number of outputs. */
  readonly prototypes: number;
  readonly mlp: HiddenLayers | Linear;
  readonly lastLayer: Prototypes;

  /** @throws UsageError when a size is no positive whole number. */
  constructor(inputs: number, options: HeadOptions) {
    super();
    const { hidden, bottleneck, prototypes, layers } = options;
    if (![inputs, hidden, bottleneck, prototypes, layers].every((n) => Number.isInteger(n) && n > 0)) {
      throw new UsageError('projection head', {
        need: 'positive whole numbers as sizes',
        found: JSON.stringify({ inputs, ...options }),
      });
    }
    this.prototypes = prototypes;
    const widths = [inputs, ...Array<number>(layers - 1).fill(hidden), bottleneck];
    this.mlp = this.child('mlp', layers === 1 ? new Linear(inputs, bottleneck) : new HiddenLayers(widths));
    this.lastLayer = this.child('last_layer', new Prototypes(bottleneck, prototypes));
  }

  /** @param x [N, inputs] @returns logits [N, prototypes], each in [-g, g] */
  forward(x: Tensor): Tensor {
    return this.lastLayer.forward(unitRows(this.mlp.forward(x), NORMALISE_EPS));
  }
}
