/** Initial distributions. Each fills a parameter in place from a text seed. */
import { fnv1a } from '../core/rng.ts';
import {
  clampInto,
  copyInto,
  fillInto,
  Generator,
  normalInto,
  type Tensor,
  tensor,
  uniformInto,
} from '../tensor/index.ts';

/** Fills `parameter`; the same `seed` text gives the same numbers. */
export type Initializer = (parameter: Tensor, seed: string) => void;

function withGenerator(seed: string, parameter: Tensor, fill: (generator: Generator) => void): void {
  const generator = new Generator(fnv1a(seed), parameter.device);
  try {
    fill(generator);
  } finally {
    generator.dispose();
  }
}

export const zerosInit: Initializer = (parameter) => {
  fillInto(parameter, 0);
};

export const onesInit: Initializer = (parameter) => {
  fillInto(parameter, 1);
};

/** Normal with mean 0. */
export function normalInit(std: number): Initializer {
  return (parameter, seed) =>
    withGenerator(seed, parameter, (generator) => {
      normalInto(parameter, { mean: 0, std, generator });
    });
}

/** Normal cut at +-2 (an absolute bound, 100 standard deviations at 0.02: practically a plain normal). */
export function truncatedNormalInit(std = 0.02): Initializer {
  return (parameter, seed) => {
    normalInit(std)(parameter, seed);
    clampInto(parameter, { min: -2, max: 2 });
  };
}

/** Uniform in +-bound. */
export function uniformInit(bound: number): Initializer {
  return (parameter, seed) =>
    withGenerator(seed, parameter, (generator) => {
      uniformInto(parameter, { from: -bound, to: bound, generator });
    });
}

/** Given numbers, row-major. */
export function valuesInit(values: (flatIndex: number) => number): Initializer {
  return (parameter) => {
    const array = Float32Array.from({ length: parameter.elementCount }, (_, i) => values(i));
    copyInto(parameter, tensor(array, parameter.shape));
  };
}
