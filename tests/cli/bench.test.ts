import { describe, expect, it } from 'vitest';
import { tensorCount, threadCount } from '../../src/tensor/index.ts';
import { runCli } from '../support/run-cli.ts';

const QUICK = ['bench', '--size', '32', '--batch', '2', '--seconds', '0.05', '--threads', '1'];

describe('mvhybrid bench', () => {
  it('measures each backbone and tells the time of a slide from it', async () => {
    const [tensors, threads] = [tensorCount(), threadCount()];
    const run = await runCli(...QUICK, '--backbones', 'vit-12,mv-hybrid', '--slide', '5000', '--json');
    expect([run.code, run.err]).toEqual([0, '']);
    const { speeds, ...rest } = JSON.parse(run.out) as {
      threads: number;
      speeds: { backbone: string; patchesPerSecond: number; secondsPerSlide: number }[];
    };
    expect(rest).toEqual({ threads: 1 });
    expect(speeds.map(({ backbone }) => backbone)).toEqual(['vit-12', 'mv-hybrid']);
    for (const { patchesPerSecond, secondsPerSlide } of speeds) {
      expect(patchesPerSecond).toBeGreaterThan(0);
      expect(secondsPerSlide * patchesPerSecond).toBeCloseTo(5000, 6);
    }
    expect([tensorCount(), threadCount()]).toEqual([tensors, threads]);
  });

  it('prints a table, and refuses an unknown backbone', async () => {
    const run = await runCli(...QUICK, '--backbones', 'vit-12');
    expect(run.out).toMatch(/vit-12 +\d+\.\d +\d+ +\d+ % /);
    const refused = await runCli('bench', '--backbones', 'resnet');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('resnet');
  });
});
