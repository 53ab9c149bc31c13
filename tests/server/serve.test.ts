/** `mvhybrid serve` as a process that listens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue } from '../../src/contract/index.ts';
import { writeSyntheticSlide } from '../../src/synthetic/index.ts';
import { ROOT } from '../architecture/sources.ts';
import { buildWorker } from '../data/built-worker.ts';
import { temporaryFolder } from '../slide/pictures.ts';

const file = temporaryFolder('serve');
const started: ChildProcess[] = [];

beforeAll(async () => {
  await buildWorker();
  await mkdir(file('data'));
  await writeSyntheticSlide(file('data/a.svs'), { seed: 3, widthPx: 600, heightPx: 500 });
  await writeFile(file('data/notes.txt'), 'no slide');
}, 300_000);
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  out(): string;
  err(): string;
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'serve', ...args]);
  started.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  return { child, ended: once(child, 'close'), out: () => out, err: () => err };
}

async function firstLine(server: Run): Promise<string> {
  await expect.poll(server.out, { timeout: 30_000, interval: 50 }).toMatch(/\n/);
  return server.out().split('\n')[0]!;
}

describe('serve', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('answers until %s, then ends with 0', async (signal) => {
    const server = run(file('data'), '--json', '--port', '0');
    const { address } = JSON.parse(await firstLine(server)) as { address: string };
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const catalogue = (await (await fetch(`${address}api/catalogue`)).json()) as Catalogue;
    expect(catalogue.slides).toMatchObject([{ name: 'a', width: 600, height: 500 }]);
    const { id } = catalogue.slides[0]!;
    expect((await fetch(`${address}api/slides/${id}/tiles/10/1_1.jpg`)).headers.get('content-type')).toBe(
      'image/jpeg',
    );
    await expect.poll(server.err, { timeout: 20_000 }).toContain('1 slide, 0 tables, 0 runs; Ctrl-C ends');
    server.child.kill(signal);
    expect(await server.ended).toEqual([0, null]);
    expect(server.err()).not.toMatch(/Error| {4}at /);
  });

  it('takes the next port where none was named, and says so where it was', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    try {
      const named = run(file('data'), '--port', String(port));
      expect(await named.ended).toEqual([2, null]);
      expect(named.err()).toContain(`needed a free port on 127.0.0.1, found ${port}, taken`);
    } finally {
      holder.close();
    }
    const first = run(file('data'));
    const at = async (server: Run) => Number(new URL(await firstLine(server)).port);
    const one = await at(first);
    const second = await at(run(file('data')));
    expect(one).toBeGreaterThanOrEqual(8000);
    expect(second).toBeGreaterThan(one);
  });

  it('asks for a token on other hosts than this machine', async () => {
    const server = run(file('data'), '--host', '0.0.0.0', '--port', '0');
    const link = await firstLine(server);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
    const { origin } = new URL(link);
    expect((await fetch(`${origin}/api/catalogue`)).status).toBe(401);
    const exchanged = await fetch(link, { redirect: 'manual' });
    const cookie = exchanged.headers.get('set-cookie')!.split(';')[0]!;
    expect((await fetch(`${origin}/api/catalogue`, { headers: { cookie } })).status).toBe(200);
  });

  it('refuses what cannot be served', async () => {
    const absent = run(file('absent'));
    expect(await absent.ended).toEqual([2, null]);
    expect(absent.err()).toContain('needed a folder of slides and results, found nothing at');
    const noFolder = run(file('data/notes.txt'));
    expect(await noFolder.ended).toEqual([2, null]);
    const badHost = run(file('data'), '--host', '203.0.113.9');
    expect(await badHost.ended).toEqual([2, null]);
    expect(badHost.err()).toContain('needed a host name or address of this machine');
  });
});
