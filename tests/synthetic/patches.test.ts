import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { syntheticPatches } from '../../src/synthetic/synthetic-patches.ts';

async function hashes(count: number, sizePx: number, seed: number): Promise<string[]> {
  const found: string[] = [];
  for await (const patch of syntheticPatches(count, sizePx, seed)) {
    expect(patch.length).toBe(3 * sizePx * sizePx);
    found.push(createHash('sha256').update(patch).digest('hex'));
  }
  return found;
}

describe('syntheticPatches', () => {
  it('repeats for a seed, differs between seeds and between patches', async () => {
    const first = await hashes(20, 64, 3);
    expect(await hashes(20, 64, 3)).toEqual(first);
    expect(await hashes(20, 64, 4)).not.toEqual(first);
    expect(new Set(first).size).toBe(20);
  });

  it('shows stained tissue: more green light taken than red, some texture', async () => {
    let [red, green, spread] = [0, 0, 0];
    for await (const patch of syntheticPatches(16, 96, 1)) {
      let [low, high] = [255, 0];
      for (let i = 0; i < patch.length; i += 3) {
        red += patch[i]! / (16 * 96 * 96);
        green += patch[i + 1]! / (16 * 96 * 96);
        low = Math.min(low, patch[i]!);
        high = Math.max(high, patch[i]!);
      }
      spread += (high - low) / 16;
    }
    expect(red).toBeGreaterThan(green + 15);
    expect(spread).toBeGreaterThan(60);
  });

  it('is fast enough for load tests: above 800 patches of 224 pixels a core second', async () => {
    const stream = syntheticPatches(801, 224, 1);
    await stream.next();
    const start = process.cpuUsage();
    let count = 0;
    for await (const patch of stream) count += patch.length / (3 * 224 * 224);
    expect(count).toBe(800);
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(1e6);
  });

  it('refuses sizes it cannot cut', async () => {
    await expect(syntheticPatches(1, 0, 1).next()).rejects.toThrow(UsageError);
    await expect(syntheticPatches(1, 4096, 1).next()).rejects.toThrow(UsageError);
    expect(await hashes(0, 8, 1)).toEqual([]);
  });
});
