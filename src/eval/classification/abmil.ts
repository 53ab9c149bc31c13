/** Slide labels from patch features by gated attention pooling. */
import type { Matrix } from '../../core/matrix.ts';
import { ShapeError, UsageError } from '../../errors.ts';
import { Linear, Module, uniformInit } from '../../nn/index.ts';
import {
  bernoulliInto,
  divScalar,
  type Generator,
  matmul,
  mul,
  noGrad,
  relu,
  reshape,
  scope,
  sigmoid,
  softmax,
  type Tensor,
  tanh,
  tensor,
  toFloat64Array,
  zerosLike,
} from '../../tensor/index.ts';
import { requireFinite } from '../numeric/index.ts';

export interface AbmilShape {
  /** Width of a patch feature. */
  readonly inputs: number;
  readonly classCount: number;
  /** Width after the first layer; default 512. */
  readonly embed?: number;
  /** Width inside the attention; default 384. */
  readonly attention?: number;
  /** Multiply by a sigmoid gate in the attention; default true. */
  readonly gated?: boolean;
  /** Share of values dropped in training after the first layer and inside the attention; default 0.25. */
  readonly dropout?: number;
}

/** A layer as PyTorch starts it, apart from the bias, which is 0. */
function layer(inputs: number, outputs: number): Linear {
  return new Linear(inputs, outputs, { weightInit: uniformInit(1 / Math.sqrt(inputs)) });
}

/** Zeroes values with probability `rate` and scales the others up; without a generator, returns x. */
function dropped(x: Tensor, rate: number, generator: Generator | undefined): Tensor {
  if (generator === undefined || rate === 0) return x;
  const kept = noGrad(() => bernoulliInto(zerosLike(x), { p: 1 - rate, generator }));
  return divScalar(mul(x, kept), 1 - rate);
}

/**
 * Attention-based multiple-instance learning over the N patches of one bag:
 *
 *   h = ReLU(W x);  a = softmax_n(w^T [tanh(V h) * sigmoid(U h)]);  z = sum_n a_n h_n;  logits = head z
 *
 * @source arXiv:1802.04712; sizes as in PANTHER's configuration of it.
 */
export class GatedAbmil extends Module {
  readonly inputs: number;
  readonly classCount: number;
  readonly dropout: number;
  readonly embed: Linear;
  readonly value: Linear;
  readonly gate: Linear | undefined;
  readonly weight: Linear;
  readonly head: Linear;

  constructor({
    inputs,
    classCount,
    embed = 512,
    attention = 384,
    gated = true,
    dropout = 0.25,
  }: AbmilShape) {
    super();
    if (!(dropout >= 0 && dropout < 1)) {
      throw new UsageError('ABMIL', { need: 'dropout from 0 to below 1', found: `${dropout}` });
    }
    this.inputs = inputs;
    this.classCount = classCount;
    this.dropout = dropout;
    this.embed = this.child('embed', layer(inputs, embed));
    this.value = this.child('attention_V', layer(embed, attention));
    if (gated) this.gate = this.child('attention_U', layer(embed, attention));
    this.weight = this.child('attention_w', layer(attention, 1));
    this.head = this.child('head', layer(embed, classCount));
  }

  /**
   * @param patches [N, inputs] float32, N >= 1.
   * @param random  the source of dropout, in training.
   * @returns logits [1, classCount] and attention [1, N], which sums to 1.
   */
  forward(patches: Tensor, random?: Generator): { logits: Tensor; attention: Tensor } {
    const h = dropped(relu(this.embed.forward(patches)), this.dropout, random);
    let hidden = dropped(tanh(this.value.forward(h)), this.dropout, random);
    if (this.gate !== undefined) {
      hidden = mul(hidden, dropped(sigmoid(this.gate.forward(h)), this.dropout, random));
    }
    const attention = softmax(reshape(this.weight.forward(hidden), [1, -1]), 1);
    return { logits: this.head.forward(matmul(attention, h)), attention };
  }

  /** Class probabilities of one bag, and each patch's share of the attention. */
  predict(bag: Matrix): { probabilities: Float64Array; attention: Float64Array } {
    return noGrad(() =>
      scope(() => {
        const { logits, attention } = this.forward(bagTensor(bag, this.inputs));
        return { probabilities: toFloat64Array(softmax(logits, 1)), attention: toFloat64Array(attention) };
      }),
    );
  }
}

/**
 * A bag's patches as [N, inputs] float32.
 *
 * @throws ShapeError for another width or no patch; DataError for features that are not finite.
 */
export function bagTensor(bag: Matrix, inputs: number): Tensor {
  if (bag.cols !== inputs || bag.rows === 0) {
    throw new ShapeError('ABMIL', {
      need: `at least one patch of ${inputs} features`,
      found: `${bag.rows} of ${bag.cols}`,
    });
  }
  requireFinite('ABMIL', 'patch features', bag);
  return tensor(Float32Array.from(bag.data), [bag.rows, bag.cols]);
}
