import { ShapeError } from '../errors.ts';
import { bucketsOf } from '../optim/index.ts';
import { foreachAddInto, foreachMulScalarInto, noGrad, type Tensor } from '../tensor/index.ts';

/**
 * teacher = momentum * teacher + (1 - momentum) * student, in place, over all parameters.
 *
 * @throws ShapeError when the two do not have the same names.
 */
export function averageIntoTeacher(
  teacher: ReadonlyMap<string, Tensor>,
  student: ReadonlyMap<string, Tensor>,
  momentum: number,
): void {
  const missing = [...teacher.keys()].filter((name) => !student.has(name));
  if (missing.length > 0 || teacher.size !== student.size) {
    throw new ShapeError('teacher average', {
      need: 'the same parameters in teacher and student',
      found: `${teacher.size} and ${student.size}, ${missing[0] ?? 'none'} missing in the student`,
    });
  }
  const pairs = [...teacher].map(([name, mine]) => ({ mine, other: student.get(name)! }));
  noGrad(() => {
    for (const bucket of bucketsOf(pairs, ({ mine }) => mine)) {
      const mine = bucket.map((pair) => pair.mine);
      foreachMulScalarInto(mine, momentum);
      foreachAddInto(
        mine,
        bucket.map((pair) => pair.other),
        { alpha: 1 - momentum },
      );
    }
  });
}
