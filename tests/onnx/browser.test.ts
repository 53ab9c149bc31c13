/** An exported model in a browser: onnxruntime-web in headless Chromium, where both are installed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createBackbone } from '../../src/backbones/index.ts';
import { backboneToOnnx } from '../../src/onnx/index.ts';
import { Generator, noGrad, normalInto, scope, toFloat32Array, zeros } from '../../src/tensor/index.ts';

const RUNTIME = fileURLToPath(new URL('../../peers/node_modules/onnxruntime-web/dist/', import.meta.url));
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const SIDE = 64;

const PAGE = `<!doctype html><script type="module">
try {
  const ort = await import('/runtime/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = 1;
  const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  const session = await ort.InferenceSession.create(await bytes('/model'), { executionProviders: ['wasm'] });
  const images = new Float32Array((await bytes('/images')).buffer);
  const { cls } = await session.run({ images: new ort.Tensor('float32', images, [1, 3, ${SIDE}, ${SIDE}]) });
  await fetch('/result', { method: 'POST', body: JSON.stringify([...cls.data]) });
} catch (error) {
  await fetch('/result', { method: 'POST', body: JSON.stringify({ error: String(error) }) });
}
</script>`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** Serves the page, the runtime, the model and the images; resolves with what the page posts. */
function serve(model: Uint8Array, images: Uint8Array): { server: Server; result: Promise<unknown> } {
  let resolve: (value: unknown) => void = () => {};
  const result = new Promise<unknown>((done) => {
    resolve = done;
  });
  const server = createServer(async (request, response) => {
    const path = request.url!;
    const answer = (type: string, content: Uint8Array | string): void => {
      response.writeHead(200, { 'content-type': type }).end(content);
    };
    if (path === '/result') {
      resolve(JSON.parse(await bodyOf(request)));
      answer('text/plain', '');
    } else if (path === '/model') answer('application/octet-stream', model);
    else if (path === '/images') answer('application/octet-stream', images);
    else if (path.startsWith('/runtime/'))
      answer(
        path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript',
        await readFile(join(RUNTIME, path.slice('/runtime/'.length))),
      );
    else answer('text/html', PAGE);
  });
  return { server, result };
}

it.skipIf(CHROMIUM === undefined || !existsSync(RUNTIME))(
  'MV_Hybrid gives the same numbers in Chromium',
  async () => {
    const model = createBackbone('mv-hybrid', { width: 48, depth: 4, heads: 3 }).initialize(3);
    const generator = new Generator(5);
    const { file, images, cls } = noGrad(() =>
      scope(() => {
        const x = zeros([1, 3, SIDE, SIDE], { dtype: 'float32' });
        normalInto(x, { generator });
        return {
          file: backboneToOnnx(model, { imagePx: SIDE, version: '0' }),
          images: toFloat32Array(x),
          cls: toFloat32Array(model.forward(x).cls),
        };
      }),
    );
    generator.dispose();
    model.dispose();
    const { server, result } = serve(file, new Uint8Array(images.buffer));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const profile = await mkdtemp(join(tmpdir(), 'mvhybrid-chromium-'));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const browser = spawn(
      CHROMIUM!,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${profile}`,
        '--remote-debugging-port=0',
        address,
      ],
      { stdio: 'ignore' },
    );
    try {
      const found = await result;
      expect(found).toHaveLength(cls.length);
      for (const [i, v] of (found as number[]).entries()) expect(Math.abs(v - cls[i]!)).toBeLessThan(1e-4);
    } finally {
      browser.kill('SIGKILL');
      server.close();
      server.closeAllConnections();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  },
);
