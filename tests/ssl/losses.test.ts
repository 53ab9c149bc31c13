import { afterEach, describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { averageIntoTeacher, dinoLoss, ibotLoss, koleoLoss, sinkhornKnopp } from '../../src/ssl/index.ts';
import {
  add,
  backward,
  gradientOf,
  item,
  mul,
  narrow,
  reshape,
  scope,
  type Tensor,
  tensor,
  tensorCount,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';
import { readGolden } from '../support/fixtures.ts';
import { floats, number } from './golden.ts';

afterEach(() => expect(tensorCount()).toBe(0));

function matrix(rows: readonly (readonly number[])[]): Tensor {
  return tensor(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
}

describe('DINO loss', () => {
  it('equals the reference for view lists and for flat views, with its gradient', () =>
    scope(() => {
      const golden = readGolden('dino_loss');
      const { student_temp, teacher_temp } = golden.meta as Record<string, number>;
      const student = floats(golden, 'in.student', { trained: true });
      const targets = reshape(sinkhornKnopp(floats(golden, 'in.teacher'), teacher_temp!), [2, 4, 24]);
      expect(toFloat32Array(targets)).toBeClose(golden.get('out.sk').data, golden.tolerance('out'));
      const list = dinoLoss(reshape(student, [4, 4, 24]), targets, student_temp!);
      const first = reshape(narrow(student, 0, 0, 8), [1, 8, 24]);
      const flat = dinoLoss(first, reshape(targets, [1, 8, 24]), student_temp!);
      expect([item(list)]).toBeClose(golden.get('out.loss_list').data, golden.tolerance('out'));
      expect([item(flat)]).toBeClose(golden.get('out.loss_flat').data, golden.tolerance('out'));
      backward(
        add(mul(list, floats(golden, 'gout.loss_list')), mul(flat, floats(golden, 'gout.loss_flat'))),
        tensor(Float32Array.of(1), [1]),
      );
      expect(toFloat32Array(gradientOf(student)!)).toBeClose(
        golden.get('grad.in.student').data,
        golden.tolerance('grad'),
      );
    }));

  it('is log K per pair for a student that knows nothing', () =>
    scope(() => {
      const targets = tensor(Float32Array.of(1, 0, 0, 0, 0, 0.5, 0.5, 0), [2, 1, 4]);
      expect(item(dinoLoss(zeros([3, 1, 4]), targets, 0.1))).toBeCloseTo(6 * Math.log(4), 5);
    }));

  it('refuses views of other images', () =>
    scope(() => {
      expect(() => dinoLoss(zeros([3, 2, 4]), zeros([2, 3, 4]), 0.1)).toThrow(ShapeError);
      expect(() => dinoLoss(zeros([2, 4]), zeros([2, 4]), 0.1)).toThrow(
        /DINO loss: needed student \[V, B, K\] and teacher \[T, B, K\], found \[2, 4\] and \[2, 4\]/,
      );
    }));
});

describe('iBOT loss', () => {
  it('equals the reference with its gradient', () =>
    scope(() => {
      const golden = readGolden('ibot_loss');
      const { student_temp, teacher_temp } = golden.meta as Record<string, number>;
      const { data: mask, shape } = golden.get('in.mask');
      const perImage = shape[1]!;
      const counts = Array.from({ length: shape[0]! }, (_, i) =>
        Array.from(mask.slice(i * perImage, (i + 1) * perImage)).reduce((n, bit) => n + bit, 0),
      );
      const weights = Float32Array.from(counts.flatMap((n) => Array<number>(n).fill(1 / n)));
      const student = floats(golden, 'in.student', { trained: true });
      const targets = sinkhornKnopp(floats(golden, 'in.teacher'), teacher_temp!);
      expect(toFloat32Array(targets)).toBeClose(golden.get('out.sk').data, golden.tolerance('out'));
      const weighting = { weights: tensor(weights, [weights.length]), images: counts.length };
      const loss = ibotLoss(student, targets, weighting, student_temp!);
      expect([item(loss)]).toBeClose(golden.get('out.loss').data, golden.tolerance('out'));
      backward(mul(loss, floats(golden, 'gout.loss')), tensor(Float32Array.of(1), [1]));
      expect(toFloat32Array(gradientOf(student)!)).toBeClose(
        golden.get('grad.in.student').data,
        golden.tolerance('grad'),
      );
    }));

  it('gives every image the same say, however many of its patches are hidden', () =>
    scope(() => {
      // Image 1 hides 1 patch (cross entropy log 2), image 2 hides 3 (0 each), image 3 none.
      const student = matrix([
        [0, 0],
        [50, 0],
        [50, 0],
        [50, 0],
      ]);
      const targets = matrix([
        [1, 0],
        [1, 0],
        [1, 0],
        [1, 0],
      ]);
      const weights = tensor(Float32Array.of(1, 1 / 3, 1 / 3, 1 / 3), [4]);
      expect(item(ibotLoss(student, targets, { weights, images: 3 }, 1))).toBeCloseTo(Math.log(2) / 3, 6);
    }));

  it('refuses lists of different length', () =>
    scope(() => {
      const weighting = { weights: zeros([2]), images: 1 };
      expect(() => ibotLoss(zeros([3, 4]), zeros([3, 4]), weighting, 0.1)).toThrow(
        /iBOT loss: needed student and teacher \[M, K\] and M weights, found \[3, 4\], \[3, 4\], 2 weights/,
      );
      expect(() => ibotLoss(zeros([2, 4]), zeros([2, 5]), weighting, 0.1)).toThrow(ShapeError);
    }));
});

describe('KoLeo loss', () => {
  it('equals the reference with its gradient', () =>
    scope(() => {
      const golden = readGolden('koleo_loss');
      const x = floats(golden, 'in.x', { trained: true });
      const { loss } = koleoLoss(x);
      expect([item(loss)]).toBeClose(golden.get('out.loss').data, golden.tolerance('out'));
      backward(mul(loss, floats(golden, 'gout.loss')), tensor(Float32Array.of(1), [1]));
      expect(toFloat32Array(gradientOf(x)!)).toBeClose(
        golden.get('grad.in.x').data,
        golden.tolerance('grad'),
      );
    }));

  it.each([
    [
      'two opposite rows',
      [
        [3, 0],
        [-1, 0],
      ],
      -Math.log(2),
    ],
    [
      'a square on the circle',
      [
        [2, 0],
        [0, 1],
        [-3, 0],
        [0, -1],
      ],
      -Math.log(Math.SQRT2),
    ],
    [
      'a pair and a far row',
      [
        [1, 0],
        [Math.cos(0.2), Math.sin(0.2)],
        [-1, 0],
      ],
      -(2 * Math.log(2 * Math.sin(0.1)) + Math.log(2 * Math.cos(0.1))) / 3,
    ],
  ])('of %s is minus the mean log distance', (_, rows, expected) =>
    scope(() => {
      const { loss, skipped } = koleoLoss(matrix(rows));
      expect(item(loss)).toBeCloseTo(expected, 5);
      expect(skipped).toBeUndefined();
    }),
  );

  it('does not depend on the order of rows', () =>
    scope(() => {
      const rows = Array.from({ length: 7 }, (_, i) => [
        Math.sin(i * 2.1),
        Math.cos(i * 3.7),
        Math.sin(i) + 0.2,
      ]);
      const value = (list: number[][]): number => item(koleoLoss(matrix(list)).loss);
      expect(value([...rows].reverse())).toBeCloseTo(value(rows), 6);
    }));

  it('stays finite, value and gradient, when rows coincide or are zero', () =>
    scope(() => {
      for (const rows of [
        [
          [1, 2],
          [1, 2],
        ],
        [
          [0, 0],
          [0, 0],
        ],
        [
          [1, 2],
          [1, 2],
          [0, 0],
        ],
      ]) {
        const x = matrix(rows);
        x.requiresGrad = true;
        const { loss } = koleoLoss(x);
        expect(item(loss)).toBeGreaterThan(5);
        expect(item(loss)).toBeLessThan(-Math.log(1e-8));
        backward(loss);
        expect(toFloat32Array(gradientOf(x)!).every(Number.isFinite)).toBe(true);
      }
    }));

  it('of a single row is 0, says why and moves nothing', () =>
    scope(() => {
      const x = matrix([[1, 2]]);
      x.requiresGrad = true;
      const { loss, skipped } = koleoLoss(x);
      backward(loss);
      expect([item(loss), ...toFloat32Array(gradientOf(x)!)]).toEqual([0, 0, 0]);
      expect(skipped).toBe('KoLeo needs 2 rows per crop, found 1');
    }));

  it('refuses anything but a matrix', () =>
    scope(() => {
      expect(() => koleoLoss(zeros([3]))).toThrow(ShapeError);
      expect(() => koleoLoss(zeros([3]))).toThrow('KoLeo loss: needed embeddings [B, D], found [3]');
    }));
});

describe('teacher average', () => {
  it('equals the reference', () =>
    scope(() => {
      const golden = readGolden('ema');
      const [teacher, student] = [floats(golden, 'teacher'), floats(golden, 'student')];
      averageIntoTeacher(
        new Map([['w', teacher]]),
        new Map([['w', student]]),
        golden.meta.momentum as number,
      );
      expect(toFloat32Array(teacher)).toBeClose(golden.get('out').data, golden.tolerance('out'));
      expect(toFloat32Array(student)).toEqual(golden.get('student').data);
    }));

  it('refuses networks with different parameters', () =>
    scope(() => {
      const [a, b] = [zeros([1]), zeros([1])];
      expect(() => averageIntoTeacher(new Map([['a', a]]), new Map([['b', b]]), 0.9)).toThrow(ShapeError);
      expect(() => averageIntoTeacher(new Map([['a', a]]), new Map(), 0.9)).toThrow(
        'teacher average: needed the same parameters in teacher and student, found 1 and 0, a missing in the student',
      );
    }));
});

describe('golden files', () => {
  it('weigh the outputs by their cotangents', () => {
    const golden = readGolden('koleo_loss');
    expect(number(golden, 'loss')).toBeCloseTo(number(golden, 'out.loss') * number(golden, 'gout.loss'), 5);
  });
});
