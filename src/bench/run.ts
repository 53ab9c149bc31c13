/** Runs benchmarks one after the other, each beside the machine's ceiling at that moment. */
import { UsageError } from '../errors.ts';
import { setThreads, threadCount } from '../tensor/index.ts';
import { attentionCases } from './attention.ts';
import { backboneCases } from './backbone-forward.ts';
import type { BenchCase, Target } from './case.ts';
import { CEILING_FLOPS, ceilingProduct } from './ceiling.ts';
import { layerCases } from './layers.ts';
import { describeMachine, type MachineDescription } from './machine.ts';
import { selectiveScanCases } from './selective-scan.ts';
import { median, type RunPlan, type Sample, summarize, type Timing, timeOf, timeRuns } from './timing.ts';
import { trainStepCases } from './train-step.ts';

const CASES: readonly BenchCase[] = [
  ...backboneCases,
  ...selectiveScanCases,
  ...attentionCases,
  ...layerCases,
  ...trainStepCases,
];

/** Names that {@link BenchOptions.only} knows. */
export const BENCH_NAMES: readonly string[] = CASES.map(({ name }) => name);

export interface BenchOptions {
  /** Names of benchmarks; all when absent or empty. */
  readonly only?: readonly string[];
  /** Threads of the engine; default 2, at which the targets are set. */
  readonly threads?: number;
  /** Milliseconds of timed runs per benchmark; default 4000. */
  readonly budgetMs?: number;
  /** Called before each benchmark. */
  readonly onCase?: (name: string) => void;
}

export interface BenchRow extends Omit<BenchCase, 'prepare'> {
  readonly timing: Timing;
  /** Useful operations of one run, where its products are what takes the time. */
  readonly flops?: number;
  /** GFLOP/s at the median time. */
  readonly gflopsPerSecond?: number;
  /** That speed over the report's median ceiling; targets are judged by it. */
  readonly ceilingFraction?: number;
  /**
   * Each run's speed over that of the one product right before it, median over runs. For busy machines, where both are
   * slowed alike; on an idle one it comes out higher, as the single product has no warm-up.
   */
  readonly pairedFraction?: number;
  /** Items per second at the median time. */
  readonly itemsPerSecond?: number;
  /** Whether the target was kept here and now. */
  readonly targetMet?: boolean;
}

export interface BenchReport {
  readonly machine: MachineDescription;
  /** Speed of one 2048 x 2048 x 2048 product over all of its runs. */
  readonly ceiling: { readonly medianGflops: number; readonly bestGflops: number };
  readonly rows: readonly BenchRow[];
}

function chosenCases(only: readonly string[] = []): readonly BenchCase[] {
  const unknown = only.find((name) => !BENCH_NAMES.includes(name));
  if (unknown !== undefined) {
    throw new UsageError('bench', { need: `names among ${BENCH_NAMES.join(', ')}`, found: `"${unknown}"` });
  }
  return only.length === 0 ? CASES : CASES.filter(({ name }) => only.includes(name));
}

function isMet(target: Target, timing: Timing, fraction: number): boolean {
  return target.kind === 'milliseconds' ? timing.median <= target.atMost : fraction >= target.atLeast;
}

/** One benchmark's runs, each with the product right before it. */
interface Measured {
  readonly facts: Omit<BenchCase, 'prepare'>;
  readonly flops: number | undefined;
  readonly times: readonly Sample[];
  readonly ceilings: readonly Sample[];
}

function rowOf({ facts, flops, times, ceilings }: Measured, ceilingGflops: number): BenchRow {
  const timing = summarize(times);
  const { items, target } = facts;
  const speed = (flops ?? Number.NaN) / timing.median / 1e6;
  const fraction = speed / ceilingGflops;
  const paired = (): number =>
    median(times.map((time, i) => (flops! / time.wall) * (ceilings[i]!.wall / CEILING_FLOPS)));
  return {
    ...facts,
    timing,
    ...(flops === undefined
      ? {}
      : { flops, gflopsPerSecond: speed, ceilingFraction: fraction, pairedFraction: paired() }),
    ...(items === undefined ? {} : { itemsPerSecond: (1000 * items.count) / timing.median }),
    ...(target === undefined ? {} : { targetMet: isMet(target, timing, fraction) }),
  };
}

/** Times one benchmark, with a run of the ceiling before each of its runs. */
function measureCase({ prepare, ...facts }: BenchCase, plan: RunPlan, ceiling: () => Sample): Measured {
  const ready = prepare();
  try {
    const ceilings: Sample[] = [];
    const times = timeRuns(
      () => ready.run(),
      plan,
      () => {
        ceilings.push(ceiling());
      },
    );
    return { facts, flops: ready.flops, times, ceilings };
  } finally {
    ready.dispose();
  }
}

/**
 * Measures the engine's hot paths.
 *
 * The ceiling is measured right before every timed run, so that it sees what else the machine was doing; a benchmark is
 * compared with the median of all of them.
 *
 * @throws UsageError for an unknown name.
 */
export function runBench({ only, threads = 2, budgetMs = 4000, onCase }: BenchOptions = {}): BenchReport {
  const cases = chosenCases(only);
  const before = threadCount();
  setThreads(threads);
  const product = ceilingProduct();
  try {
    const machine = describeMachine();
    for (let i = 0; i < 2; i++) product.run();
    const ceilings: Sample[] = [];
    const ceiling = (): Sample => {
      const sample = timeOf(() => product.run());
      ceilings.push(sample);
      return sample;
    };
    const plan = { warmUp: 2, minRuns: 5, maxRuns: 50, budgetMs };
    const measured = cases.map((one) => {
      onCase?.(one.name);
      return measureCase(one, plan, ceiling);
    });
    const gflops = (ms: number): number => CEILING_FLOPS / ms / 1e6;
    const { median: middle, min } = summarize(ceilings);
    const rows = measured.map((one) => rowOf(one, gflops(middle)));
    return { machine, ceiling: { medianGflops: gflops(middle), bestGflops: gflops(min) }, rows };
  } finally {
    product.dispose();
    setThreads(before);
  }
}
