/** Memory and time on one large slide. Slow; runs with RUN_SLOW=1, side by RUN_SLOW_SIDE (default 40000 pixels). */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SlideOutcome } from '../../src/pipeline/index.ts';
import { writeSyntheticSlide } from '../../src/synthetic/index.ts';
import { buildWorker } from '../data/built-worker.ts';
import { writeSmallEncoder } from '../pipeline/slides/small-slides.ts';

const slow = process.env.RUN_SLOW === '1';
const side = Number(process.env.RUN_SLOW_SIDE ?? 40_000);
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

describe.runIf(slow)(`a slide of ${side} x ${side} pixels`, { timeout: 3_600_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'mvhybrid-large-'));
  const slide = join(root, 'large.svs');
  const weights = join(root, 'encoder.safetensors');
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  beforeAll(async () => {
    await buildWorker();
    await writeSmallEncoder(weights);
    await writeSyntheticSlide(slide, { seed: 1, widthPx: side, heightPx: side });
  }, 3_600_000);

  /** Runs a command; the largest resident memory as Linux counts it. */
  function measured(...args: string[]): Promise<{ peakMb: number; outcome: SlideOutcome }> {
    const child = spawn(process.execPath, [main, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let [text, peakMb] = ['', 0];
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        peakMb = Math.max(peakMb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        // It has just ended.
      }
    }, 100);
    return new Promise((resolve) => {
      child.on('close', () => {
        clearInterval(timer);
        resolve({ peakMb, outcome: (JSON.parse(text) as { outcomes: [SlideOutcome] }).outcomes[0] });
      });
    });
  }

  it('is tiled and embedded in less than 2 GB', async () => {
    const tiled = await measured('tile', slide, '--out', join(root, 'tiles'));
    const embedArgs = [
      'embed',
      slide,
      '--weights',
      weights,
      '--size',
      '112',
      '--out',
      join(root, 'embedded'),
    ];
    const embedded = await measured(...embedArgs);
    for (const [name, { peakMb, outcome }] of Object.entries({ tile: tiled, embed: embedded })) {
      const { patches, seconds } = outcome;
      process.stdout.write(`${name}: ${patches} patches, ${seconds} s, peak ${peakMb.toFixed(0)} MB\n`);
      expect(outcome.status).toBe('done');
      expect(patches).toBeGreaterThan((0.2 * side * side) / 224 ** 2);
      expect(peakMb).toBeGreaterThan(50);
      expect(peakMb).toBeLessThan(2048);
    }
  });
});
