/**
 * The built command line (dist/, made by `npm test`), killed in the middle of embedding and started again.
 * RUN_SLOW=1 takes 20,000 patches instead of 480, and also checks memory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEmbeddings } from '../../src/embedding/index.ts';
import { syntheticPatches } from '../../src/synthetic/index.ts';

const slow = process.env.RUN_SLOW === '1';
const [count, sizePx] = [slow ? 20_000 : 480, 32];
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'mvhybrid-resume-'));
const pictures = join(root, 'pictures');
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  mkdirSync(pictures);
  let i = 0;
  for await (const pixels of syntheticPatches(count, sizePx, 11)) {
    const name = `${String(i++).padStart(6, '0')}.jpg`;
    await sharp(pixels, { raw: { width: sizePx, height: sizePx, channels: 3 } })
      .jpeg()
      .toFile(join(pictures, name));
  }
}, 600_000);

function start(out: string): ChildProcess {
  const args = [
    'embed',
    pictures,
    '--pictures',
    '--random-init',
    '0',
    '--size',
    String(sizePx),
    '--out',
    out,
  ];
  return spawn(process.execPath, [main, ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Largest resident memory so far in MB, as Linux counts it. */
function peakMb(child: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

interface Ended {
  readonly code: number | null;
  readonly text: string;
  readonly peak: number;
}

function ended(child: ChildProcess): Promise<Ended> {
  let [text, peak] = ['', 0];
  child.stdout!.on('data', (chunk) => {
    text += String(chunk);
  });
  const timer = setInterval(() => {
    peak = Math.max(peak, peakMb(child));
  }, 200);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, text, peak });
    });
  });
}

async function partsIn(folder: string, wanted: number, child: ChildProcess): Promise<void> {
  const count = () =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.f32')).length : 0;
  while (count() < wanted) {
    if (child.exitCode !== null) throw new Error('the run ended before it could be killed');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('loses and doubles no row after kill -9, and ends with the bytes of an uninterrupted run', async () => {
  const [whole, broken] = [join(root, 'whole'), join(root, 'broken')];
  const first = await ended(start(whole));
  expect(first.code).toBe(0);

  const killed = start(broken);
  const end = ended(killed);
  await partsIn(join(broken, 'pictures.h5.parts'), slow ? 40 : 2, killed);
  killed.kill('SIGKILL');
  await end;
  expect(existsSync(join(broken, 'pictures.h5'))).toBe(false);

  const second = await ended(start(broken));
  expect(second.code).toBe(0);
  const { outcomes } = JSON.parse(second.text) as { outcomes: { rows: number; resumedRows: number }[] };
  expect(outcomes[0]!.resumedRows).toBeGreaterThan(0);
  expect(outcomes[0]!.resumedRows).toBeLessThan(count);
  const [a, b] = [whole, broken].map((folder) => join(folder, 'pictures.h5')) as [string, string];
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  const { rows } = await readEmbeddings(b);
  expect(rows.map(({ barcode }) => barcode)).toEqual(readdirSync(pictures).sort());
  if (slow) {
    process.stdout.write(`peak memory ${Math.max(first.peak, second.peak).toFixed(0)} MB\n`);
    expect(Math.max(first.peak, second.peak)).toBeLessThan(1500);
  }
}, 3_600_000);
