/**
 * ONNX Runtime on an exported model: node onnxruntime.mjs <model.onnx> <batch> <px> <threads>
 *
 * Runs it whenever a line arrives on stdin, and answers with the milliseconds it took.
 */
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [path, ...numbers] = process.argv.slice(2);
const [batch, px, threads] = numbers.map(Number);
const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json');
const session = await InferenceSession.create(path, {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
});
const pixels = Float32Array.from({ length: batch * 3 * px * px }, () => 2 * Math.random() - 1);
const feeds = { images: new Tensor('float32', pixels, [batch, 3, px, px]) };
process.stdout.write(`${JSON.stringify({ version: `ONNX Runtime ${version}`, threads })}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now();
  await session.run(feeds);
  process.stdout.write(`${performance.now() - start}\n`);
}
