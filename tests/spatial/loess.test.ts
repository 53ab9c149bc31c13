import { describe, expect, it } from 'vitest';
import { evaluateLoess, fitLoess } from '../../src/spatial/loess.ts';
import { readEvalGolden } from '../support/paths.ts';
import { expectMessage } from './section-files.ts';

interface Golden {
  readonly x: number[];
  readonly y: number[];
  readonly span: number;
  readonly cell: number;
  readonly nf: number;
  readonly vertices: number[];
  readonly vertex_value: number[];
  readonly vertex_slope: number[];
  readonly fitted_interpolate: number[];
}

describe('loess', () => {
  const golden = readEvalGolden<Golden>('loess');
  const x = Float64Array.from(golden.x);

  it('has the vertices, values, slopes and fitted points of the compiled library', () => {
    const { span, cell } = golden;
    const curve = fitLoess(x, Float64Array.from(golden.y), { span, cell });
    expect(curve.neighbours).toBe(golden.nf);
    const order = golden.vertices.map((_, i) => i).sort((a, b) => golden.vertices[a]! - golden.vertices[b]!);
    const sorted = (values: number[]) => order.map((i) => values[i]!);
    expect(curve.vertices).toBeClose(sorted(golden.vertices), { atol: 1e-14 });
    expect(curve.values).toBeClose(sorted(golden.vertex_value), { atol: 1e-10 });
    expect(curve.slopes).toBeClose(sorted(golden.vertex_slope), { atol: 1e-10 });
    expect(evaluateLoess(curve, x)).toBeClose(golden.fitted_interpolate, { atol: 1e-10 });
  });

  it('gives a quadratic back, and a constant for points of one place', () => {
    const points = Float64Array.from({ length: 40 }, (_, i) => i / 10);
    const values = points.map((at) => 2 - at + 3 * at * at);
    const curve = fitLoess(points, values);
    expect(evaluateLoess(curve, points)).toBeClose(values, { atol: 1e-11 });
    const flat = fitLoess(
      new Float64Array(10).fill(2),
      Float64Array.from({ length: 10 }, (_, i) => i),
    );
    expect(evaluateLoess(flat, Float64Array.of(2))).toBeClose([4.5], { atol: 1e-9 });
  });

  it('refuses too few points and a span out of range', () => {
    const three = new Float64Array(3);
    expectMessage(
      () => fitLoess(three, three),
      'fitLoess: needed 4 or more pairs of finite numbers, found 3 and 3',
    );
    expectMessage(
      () => fitLoess(new Float64Array(5), new Float64Array(5), { span: 2 }),
      'fitLoess: needed span above 0, at most 1, and cell above 0, found 2, 0.2',
    );
  });
});
