/** Damaged files: an error of this package or a valid read, never a crash, a hang or a full memory. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { isMvHybridError } from '../../src/errors.ts';
import { countOf, readCheckpoint, STORED_WIDTHS, writeSafetensors } from '../../src/weights/index.ts';
import { temporaryFolder } from '../spatial/section-files.ts';
import { goldenPath } from '../support/paths.ts';

const RUNS = 300;
/** Far above what a file of a few KB needs; the largest tensor that a mutation may claim has 2^24 elements. */
const LONGEST_MS = 5000;

/** One damage: cut off, bits flipped, bytes overwritten, a piece removed, doubled or swapped for another. */
function damaged(content: Buffer, rng: Rng): Buffer {
  const bytes = Buffer.from(content);
  const at = rng.integer(0, bytes.length - 1);
  const length = rng.integer(1, Math.min(64, bytes.length - at));
  switch (rng.integer(0, 5)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      for (let i = rng.integer(1, 4); i > 0; i--)
        bytes[rng.integer(0, bytes.length - 1)]! ^= 1 << rng.integer(0, 7);
      return bytes;
    case 2:
      return bytes.fill(rng.integer(0, 255), at, at + length);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    default:
      return bytes.fill(bytes.subarray(0, length), at, at + length);
  }
}

async function readAll(path: string): Promise<'read' | 'refused'> {
  try {
    const checkpoint = await readCheckpoint(path);
    try {
      for (const { dtype, shape, bytes } of checkpoint.tensors.values()) {
        expect(bytes.length).toBe(countOf(shape) * STORED_WIDTHS[dtype]);
      }
    } finally {
      checkpoint.close();
    }
    return 'read';
  } catch (error) {
    if (!isMvHybridError(error)) throw error;
    expect(error.message).toMatch(/^read weights: needed [^\n]+, found [^\n]+$/);
    return 'refused';
  }
}

describe('damaged files', () => {
  const folder = temporaryFolder();

  async function contentOf(name: string): Promise<Buffer> {
    if (name !== 'safetensors') return readFileSync(goldenPath(`checkpoints/${name}`));
    const whole = await readCheckpoint(goldenPath('checkpoints/flat_zip.pth'));
    const path = join(folder.path, 'whole.safetensors');
    await writeSafetensors(path, whole.tensors, { metadata: { made: 'for damage' } });
    whole.close();
    return readFileSync(path);
  }

  it.each([
    'safetensors',
    'flat_zip.pth',
    'flat_protocol4.pt',
    'training_zip.pth',
    'flat_legacy.pth',
    'flat_legacy_protocol4.pt',
    'training_legacy.pth',
  ])(`%s, ${RUNS} times`, async (name) => {
    const content = await contentOf(name);
    const rng = new Rng(`damage ${name}`);
    const outcomes = { read: 0, refused: 0 };
    for (let run = 0; run < RUNS; run++) {
      const path = join(folder.path, 'damaged');
      await writeFile(path, damaged(content, rng));
      const start = performance.now();
      outcomes[await readAll(path)]++;
      expect(performance.now() - start, `run ${run}`).toBeLessThan(LONGEST_MS);
    }
    expect(outcomes.refused).toBeGreaterThan(RUNS / 4);
    expect(outcomes.read + outcomes.refused).toBe(RUNS);
  });

  it('safetensors, cut off anywhere, is always refused', async () => {
    const content = await contentOf('safetensors');
    const path = join(folder.path, 'cut');
    for (let length = 0; length < content.length; length += 7) {
      await writeFile(path, content.subarray(0, length));
      expect(await readAll(path), `${length} bytes`).toBe('refused');
    }
  });
});
