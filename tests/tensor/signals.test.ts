/**
 * Signals that arrive during a computation must not disturb it: Ctrl-C ends a training run by saving, a child process
 * ends while an image is embedded. A sampling profiler sends thousands; oneDNN's kernels, unguarded, do not survive it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const addon = fileURLToPath(new URL('../../native/build/mvhybrid.node', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'signals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Products forward and backward on the bare addon, again and again; exits with 3 when a result changes. */
const PROGRAM = `
const addon = require(process.argv[1]);
const FLOAT32 = 6;
const values = (n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i));
const leaf = (...shape) => {
  const t = addon.fromBytes(values(shape.reduce((a, b) => a * b)), shape, FLOAT32, 'cpu');
  addon.setRequiresGrad(t, true);
  return t;
};
addon.setThreads(2);
const linear = addon.resolve('mvhybrid::linear', '');
const transform = addon.resolve('mvhybrid::token_block_dft', '');
const [x, w, signal] = [leaf(592, 192), leaf(384, 192), leaf(2, 257, 192)];
const cotangent = addon.fromBytes(values(592 * 384), [592, 384], FLOAT32, 'cpu');
let first;
for (const end = Date.now() + 2500; Date.now() < end; ) {
  const y = addon.call(linear, x, w);
  const spectrum = addon.call(transform, signal, 4);
  addon.backward(y, cotangent, false);
  const results = [y, spectrum, ...[x, w].map((t) => addon.gradient(t))];
  const bytes = Buffer.concat(results.map((t) => Buffer.from(addon.toBuffer(t, false))));
  first ??= bytes;
  if (!first.equals(bytes)) process.exit(3);
  for (const t of results) addon.dispose(t);
  for (const t of [x, w]) addon.clearGradient(t);
}
process.stdout.write('unchanged');
`;

describe('signals', () => {
  it('leave results and memory alone', () => {
    const profiler = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', folder];
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [...profiler, '-e', PROGRAM, addon],
      {
        encoding: 'utf8',
        cwd: folder,
      },
    );
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: 'unchanged',
      stderr: '',
    });
  });
});
