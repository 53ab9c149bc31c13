import { ShapeError } from '../errors.ts';
import { divScalar, mul, sumAll, type Tensor } from '../tensor/index.ts';
import { softCrossEntropy } from './dino-loss.ts';

/** What the masked patches weigh and how many images they come from. */
export interface MaskedWeights {
  /** [M]: 1 / (number of masked patches in that patch's image). */
  readonly weights: Tensor;
  /** Global crops in the batch, masked or not. */
  readonly images: number;
}

/**
 * The student is to predict the teacher's assignment of each patch that it cannot see: the cross entropy averaged
 * over the masked patches of an image, summed over images, divided by the number of images.
 *
 * @param student logits [M, K] of the masked patches.
 * @param teacher probabilities [M, K] of the same patches, no gradient.
 * @returns scalar; 0 when nothing is masked.
 * @throws ShapeError when the three lists differ in length.
 * @source iBOT, arXiv:2111.07832; weights as in DINOv2, arXiv:2304.07193.
 */
export function ibotLoss(
  student: Tensor,
  teacher: Tensor,
  { weights, images }: MaskedWeights,
  temperature: number,
): Tensor {
  if (student.shape.join() !== teacher.shape.join() || weights.elementCount !== student.size(0)) {
    throw new ShapeError('iBOT loss', {
      need: 'student and teacher [M, K] and M weights',
      found: `[${student.shape.join(', ')}], [${teacher.shape.join(', ')}], ${weights.elementCount} weights`,
    });
  }
  return divScalar(sumAll(mul(softCrossEntropy(student, teacher, temperature), weights)), images);
}
