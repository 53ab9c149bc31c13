import { ShapeError } from '../errors.ts';
import { divScalar, logSoftmax, mul, neg, sum, sumAll, type Tensor } from '../tensor/index.ts';

/**
 * Cross entropy between soft assignments: -sum_k target_k log softmax(student / temperature)_k.
 *
 * @param student logits [..., K]; gradients flow here.
 * @param target probabilities, broadcast against `student`.
 * @returns [...]
 */
export function softCrossEntropy(student: Tensor, target: Tensor, temperature: number): Tensor {
  return neg(sum(mul(target, logSoftmax(divScalar(student, temperature), -1)), [-1]));
}

/**
 * Every student view is to predict every teacher view of the same image: the sum over all pairs of views of the mean
 * cross entropy over images.
 *
 * The cross entropy is linear in the target, so the teacher views are summed first.
 *
 * @param student logits [V, B, K].
 * @param teacher probabilities [T, B, K], no gradient.
 * @returns scalar.
 * @throws ShapeError when they are not for the same images and prototypes.
 * @source DINO, arXiv:2104.14294.
 */
export function dinoLoss(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  const fits = student.shape.length === 3 && student.shape.slice(1).join() === teacher.shape.slice(1).join();
  if (!fits) {
    throw new ShapeError('DINO loss', {
      need: 'student [V, B, K] and teacher [T, B, K]',
      found: `[${student.shape.join(', ')}] and [${teacher.shape.join(', ')}]`,
    });
  }
  return divScalar(sumAll(softCrossEntropy(student, sum(teacher, [0]), temperature)), student.size(1));
}
