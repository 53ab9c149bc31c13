/** The benchmark runner on its quickest cases: numbers that fit each other, nothing left behind. */
import { describe, expect, it } from 'vitest';
import { BENCH_NAMES, formatBenchReport, runBench } from '../../src/bench/index.ts';
import { median, summarize, timeRuns } from '../../src/bench/timing.ts';
import { UsageError } from '../../src/errors.ts';
import { tensorCount, threadCount } from '../../src/tensor/index.ts';

describe('timing', () => {
  it('summarises by median, minimum and quartiles', () => {
    const samples = [5, 1, 3, 2, 4].map((wall) => ({ wall, cpu: 10 * wall }));
    expect(summarize(samples)).toEqual({ runs: 5, median: 3, min: 1, spread: 2, cpu: 30 });
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('runs as often as the plan says, each after the other work', () => {
    const order: string[] = [];
    const plan = { warmUp: 1, minRuns: 2, maxRuns: 9, budgetMs: 0 };
    const samples = timeRuns(
      () => order.push('w'),
      plan,
      () => order.push('b'),
    );
    expect([samples.length, order.join('')]).toEqual([2, 'wbwbw']);
    const many = timeRuns(() => {}, { ...plan, maxRuns: 4, budgetMs: 60_000 });
    expect(many).toHaveLength(4);
    expect(many.every(({ wall }) => wall >= 0)).toBe(true);
  });
});

describe('runBench', () => {
  it('measures chosen cases beside the ceiling and leaves nothing behind', () => {
    const [tensors, threads] = [tensorCount(), threadCount()];
    const started: string[] = [];
    const report = runBench({
      only: ['einfft', 'scan-forward'],
      threads: 1,
      budgetMs: 1,
      onCase: (name) => started.push(name),
    });
    expect([tensorCount(), threadCount()]).toEqual([tensors, threads]);
    expect(report.machine.threads).toBe(1);
    expect(report.rows.map(({ name }) => name)).toEqual(['scan-forward', 'einfft']);
    expect(started).toEqual(['scan-forward', 'einfft']);
    const [scan, einfft] = report.rows;
    expect(scan!.targetMet).toBe(scan!.timing.median <= 10);
    expect(scan!.gflopsPerSecond).toBeUndefined();
    expect(einfft!.gflopsPerSecond).toBeCloseTo(einfft!.flops! / einfft!.timing.median / 1e6, 6);
    expect(einfft!.ceilingFraction).toBeGreaterThan(0.05);
    expect(report.ceiling.bestGflops).toBeGreaterThanOrEqual(report.ceiling.medianGflops);
    const text = formatBenchReport(report);
    expect(text).toContain('1 threads');
    expect(text).toMatch(/scan-forward +B=8 L=257 D=384 N=16 .*<= 10 ms (met|missed)/);
    expect(text).toContain(`${einfft!.ceilingFraction!.toFixed(2)}`);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('refuses a name it does not know, listing those it does', () => {
    expect(() => runBench({ only: ['sgemm'] })).toThrow(UsageError);
    expect(() => runBench({ only: ['sgemm'] })).toThrow(
      `needed names among ${BENCH_NAMES.join(', ')}, found "sgemm"`,
    );
  });

  it('covers the hot paths', () => {
    for (const name of ['mv-hybrid-batch-16', 'vit-12-batch-16', 'scan-forward-backward', 'train-step-small'])
      expect(BENCH_NAMES).toContain(name);
  });
});
