/** Runs a module on a golden file's inputs and compares outputs and every gradient. */
import { expect } from 'vitest';
import type { Module } from '../../src/nn/index.ts';
import {
  backward,
  clearGradient,
  copyInto,
  gradientOf,
  mul,
  noGrad,
  scope,
  sumAll,
  type Tensor,
  tensor,
  tensorCount,
  toFloat32Array,
} from '../../src/tensor/index.ts';
import { type Golden, type GoldenTensor, readGolden } from './fixtures.ts';
import { fillByRecipe } from './recipe.ts';

/** A golden array as a tensor; U8 stays uint8. */
export function goldenTensor({ data, shape }: GoldenTensor, requiresGrad = false): Tensor {
  const made = tensor(data, shape);
  if (requiresGrad) made.requiresGrad = true;
  return made;
}

/**
 * Copies `w.*` into a module; every parameter must be there, and nothing else. A file without weights means those of
 * the recipe.
 */
export function loadGoldenWeights(module: Module, golden: Golden): void {
  const weights = golden.group('w.');
  if (weights.size === 0) {
    fillByRecipe(module);
    return;
  }
  const parameters = module.namedParameters();
  expect([...parameters.keys()].sort(), 'state dict names').toEqual([...weights.keys()].sort());
  noGrad(() => {
    for (const [name, parameter] of parameters) {
      const stored = weights.get(name)!;
      expect(parameter.shape, name).toEqual(stored.shape);
      scope(() => copyInto(parameter, goldenTensor(stored)));
    }
  });
}

/** d (sum_o out.o * gout.o), accumulated into the leaves; returns the loss. */
export function backwardFromGolden(golden: Golden, outputs: Readonly<Record<string, Tensor>>): number {
  let loss = 0;
  const terms = Object.entries(outputs).map(([name, out]) =>
    sumAll(mul(out, goldenTensor(golden.get(`gout.${name}`)))),
  );
  for (const [i, term] of terms.entries()) {
    loss += toFloat32Array(term)[0]!;
    backward(term, undefined, { retainGraph: i + 1 < terms.length });
  }
  return loss;
}

/** Compares outputs with `out.*`. */
export function expectOutputs(golden: Golden, outputs: Readonly<Record<string, Tensor>>): void {
  for (const [name, out] of Object.entries(outputs)) {
    const expected = golden.get(`out.${name}`);
    expect(out.shape, `shape of ${name}`).toEqual(expected.shape);
    expect(toFloat32Array(out), `output ${name}`).toBeClose(expected.data, golden.tolerance('out'));
  }
}

/** Compares the gradient of every leaf with `grad.*`; a leaf without one there must have none here, and back. */
export function expectGradients(golden: Golden, leaves: ReadonlyMap<string, Tensor>): void {
  const expected = golden.group('grad.');
  for (const name of expected.keys()) expect(leaves.has(name), `a leaf for grad.${name}`).toBe(true);
  for (const [name, leaf] of leaves) {
    const gradient = gradientOf(leaf);
    const stored = expected.get(name);
    if (stored === undefined) {
      expect(gradient, `gradient of ${name}, which takes no part`).toBeUndefined();
      continue;
    }
    expect(gradient, `gradient of ${name}`).toBeDefined();
    expect(toFloat32Array(gradient!), `gradient of ${name}`).toBeClose(stored.data, golden.tolerance('grad'));
  }
}

/**
 * The whole comparison: weights in, forward, outputs, backward, gradients of inputs and parameters. Leaves no
 * tensor behind but the module's parameters.
 *
 * @param run outputs by their golden names, from the inputs by theirs.
 */
export function expectGoldenModule(
  file: string,
  module: Module,
  run: (inputs: (name: string) => Tensor) => Record<string, Tensor>,
): void {
  const golden = readGolden(file);
  loadGoldenWeights(module, golden);
  const before = tensorCount();
  scope(() => {
    const inputs = new Map<string, Tensor>();
    for (const [name, stored] of golden.group('in.'))
      inputs.set(name, goldenTensor(stored, stored.data instanceof Float32Array));
    const outputs = run((name) => inputs.get(name)!);
    expectOutputs(golden, outputs);
    const loss = backwardFromGolden(golden, outputs);
    const expectedLoss = golden.get('loss').data[0]!;
    expect(Math.abs(loss - expectedLoss)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(expectedLoss)));
    const leaves = new Map(module.namedParameters());
    for (const [name, leaf] of inputs) if (leaf.requiresGrad) leaves.set(`in.${name}`, leaf);
    expectGradients(golden, leaves);
    for (const leaf of leaves.values()) clearGradient(leaf);
  });
  expect(tensorCount()).toBe(before);
}
