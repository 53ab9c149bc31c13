import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fnv1a } from '../../src/core/rng.ts';
import { goldenPath } from '../support/paths.ts';
import { hashWord, image, recipe } from '../support/recipe.ts';

interface Sample {
  readonly name: string;
  readonly shape: readonly number[];
  readonly fnv1a?: number;
  readonly u32_first4?: readonly number[];
  readonly first4: readonly number[];
  readonly last: number;
  readonly at_100000?: number;
  readonly sum_f64?: number;
}

const samples = JSON.parse(readFileSync(goldenPath('model/recipe_samples.json'), 'utf8')) as Sample[];

describe('the weight recipe', () => {
  it.each(samples.filter(({ u32_first4 }) => u32_first4 !== undefined))(
    'gives the reference bits for $name',
    ({ name, shape, ...expected }) => {
      expect(fnv1a(name)).toBe(expected.fnv1a);
      expect([0, 1, 2, 3].map((i) => hashWord(fnv1a(name), i))).toEqual(expected.u32_first4);
      const values = recipe(name, shape);
      expect([...values.subarray(0, 4)]).toEqual(expected.first4);
      expect(values.at(-1)).toBe(expected.last);
    },
  );

  it('gives the reference image', () => {
    const sample = samples.find(({ name }) => name.startsWith('image '))!;
    const values = image('full/img256', 1, 256, 256);
    expect([...values.subarray(0, 4)]).toEqual(sample.first4);
    expect(values[100000]).toBe(sample.at_100000);
    expect(values.at(-1)).toBe(sample.last);
    expect(values.reduce((sum, v) => sum + v, 0)).toBeCloseTo(sample.sum_f64!, 9);
  });
});
