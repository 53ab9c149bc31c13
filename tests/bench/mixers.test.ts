import { describe, expect, it } from 'vitest';
import { formatMixerSpeeds, measureMixers } from '../../src/bench/mixers.ts';
import { tensorCount } from '../../src/tensor/index.ts';

describe('mixer speeds', () => {
  it('measures every mixer alone and fits its growth', () => {
    const start = tensorCount();
    const speeds = measureMixers({ lengths: [17, 65, 257], runs: 5 });
    expect(speeds.map(({ name }) => name)).toEqual(['mamba-vision', 'vim', 'hydra', 'attention']);
    for (const { name, times, exponent } of speeds) {
      // From 17 to 257 tokens every mixer has at least five times as much to do.
      expect(times[2]!.cpuMs, name).toBeGreaterThan(2 * times[0]!.cpuMs);
      expect(times[2]!.gflop / times[0]!.gflop, name).toBeGreaterThan(5);
      expect(exponent, name).toBeGreaterThan(0.2);
    }
    expect(formatMixerSpeeds(speeds)).toMatch(/attention +time ~ tokens\^\d\.\d\d; between/);
    expect(tensorCount()).toBe(start);
  });
});
