/**
 * Deterministic weights and images, the same numbers on any machine, so that large golden models need no weight
 * files: a 32-bit hash of (name, flat index) gives a number in [-1, 1), the name gives its scale and offset.
 */
import { fnv1a } from '../../src/core/rng.ts';
import type { Module } from '../../src/nn/index.ts';
import { copyInto, noGrad, scope, tensor } from '../../src/tensor/index.ts';

/** Hash of the flat index `i` under a name's {@link fnv1a}: uniform 32-bit words. */
export function hashWord(seed: number, i: number): number {
  let x = (Math.imul(i, 0x9e3779b1) + seed) >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 16;
  return x >>> 0;
}

/** The hash as a double in [-1, 1). */
function unit(seed: number, i: number): number {
  return (hashWord(seed, i) / 4294967296) * 2 - 1;
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** float32(offset + scale * v) for every element, v in [-1, 1). */
export function tens(name: string, shape: readonly number[], scale = 1, offset = 0): Float32Array {
  const seed = fnv1a(name);
  const values = new Float32Array(count(shape));
  for (let i = 0; i < values.length; i++) values[i] = offset + scale * unit(seed, i);
  return values;
}

/** Rows of log(1), log(2), ... plus 0.1 v. */
function logColumns(name: string, shape: readonly number[]): Float32Array {
  const seed = fnv1a(name);
  const columns = shape.at(-1)!;
  return Float32Array.from(
    { length: count(shape) },
    (_, i) => Math.log((i % columns) + 1) + 0.1 * unit(seed, i),
  );
}

/** Scale and offset of a parameter by its name; the first rule that fits. */
function scaleOf(name: string, shape: readonly number[]): { scale: number; offset?: number } {
  const parts = name.split('.');
  const last = parts.at(-1)!;
  const parent = parts.at(-2) ?? '';
  if (last === 'A_log' || last === 'A_b_log') return { scale: 0.1 }; // one number per head
  if (last === 'D' || last === 'D_b') return { scale: 0.1, offset: 1 };
  if (last === 'dt_bias' || (parent.startsWith('dt_proj') && last === 'bias'))
    return { scale: 1, offset: -4 };
  if (/^gamma(_[12])?$/.test(last)) return { scale: 0.25, offset: 0.5 };
  if (last === 'weight_g') return { scale: 0.1, offset: 1 };
  if (parent.startsWith('norm')) return last === 'weight' ? { scale: 0.1, offset: 1 } : { scale: 0.1 };
  if (last === 'cls_token' || last === 'mask_token') return { scale: 1 };
  if (last === 'pos_embed') return { scale: 0.5 };
  if (last.startsWith('complex_weight_')) return { scale: Math.sqrt(3 / shape.at(-1)!) };
  if (last.startsWith('complex_bias_') || last === 'bias') return { scale: 0.1 };
  return { scale: Math.sqrt(3 / count(shape.slice(1))) };
}

/** A parameter's values, row-major. */
export function recipe(name: string, shape: readonly number[]): Float32Array {
  if (/(^|\.)A_(b_)?log$/.test(name) && shape.length === 2) return logColumns(name, shape);
  const { scale, offset } = scaleOf(name, shape);
  return tens(name, shape, scale, offset);
}

/** An image batch [batch, 3, height, width]: slanted triangle waves with noise. */
export function image(name: string, batch: number, height: number, width: number): Float32Array {
  const seed = fnv1a(name);
  const values = new Float32Array(batch * 3 * height * width);
  let i = 0;
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < 3; c++) {
      const period = 97 + 10 * c;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++, i++) {
          const t = (3 * x + 5 * y + 40 * c + 17 * b) % period;
          const triangle = Math.abs((t / period) * 2 - 1) * 2 - 1;
          values[i] = 0.7 * triangle + 0.3 * unit(seed, i);
        }
    }
  return values;
}

/** Fills every parameter of a module from its name. */
export function fillByRecipe<M extends Module>(module: M): M {
  noGrad(() => {
    for (const [name, parameter] of module.namedParameters())
      scope(() => copyInto(parameter, tensor(recipe(name, parameter.shape), parameter.shape)));
  });
  return module;
}
