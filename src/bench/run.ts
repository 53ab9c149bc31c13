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
  /** GFLOP/s at the median time. */
  readonly gflopsPerSecond?: number;
  /** That speed over the ceiling's right before it, median over runs. */
  readonly ceilingFraction?: number;
  /** The same by processor time: what an idle machine with perfect sharing among threads would come to. */
  readonly cpuCeilingFraction?: number;
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

function rowOf(
  { prepare: _, ...facts }: BenchCase,
  times: readonly Sample[],
  ceilings: readonly Sample[],
): BenchRow {
  const timing = summarize(times);
  const { flops, items, target } = facts;
  const fractionBy = (clock: keyof Sample): number =>
    median(
      times.map((time, i) => ((flops ?? Number.NaN) / time[clock]) * (ceilings[i]![clock] / CEILING_FLOPS)),
    );
  const fraction = fractionBy('wall');
  return {
    ...facts,
    timing,
    ...(flops === undefined
      ? {}
      : {
          gflopsPerSecond: flops / timing.median / 1e6,
          ceilingFraction: fraction,
          cpuCeilingFraction: fractionBy('cpu'),
        }),
    ...(items === undefined ? {} : { itemsPerSecond: (1000 * items.count) / timing.median }),
    ...(target === undefined ? {} : { targetMet: isMet(target, timing, fraction) }),
  };
}

/** Times one benchmark, with a run of the ceiling before each of its runs. */
function measureCase(one: BenchCase, plan: RunPlan, ceiling: () => Sample): BenchRow {
  const ready = one.prepare();
  try {
    const ceilings: Sample[] = [];
    const times = timeRuns(
      () => ready.run(),
      plan,
      () => {
        ceilings.push(ceiling());
      },
    );
    return rowOf(one, times, ceilings);
  } finally {
    ready.dispose();
  }
}

/**
 * Measures the engine's hot paths.
 *
 * The ceiling is measured right before every timed run, so that other work on the machine slows both and their ratio
 * remains meaningful.
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
    const rows = cases.map((one) => {
      onCase?.(one.name);
      return measureCase(one, plan, ceiling);
    });
    const gflops = (ms: number): number => CEILING_FLOPS / ms / 1e6;
    const { median: middle, min } = summarize(ceilings);
    return { machine, ceiling: { medianGflops: gflops(middle), bestGflops: gflops(min) }, rows };
  } finally {
    product.dispose();
    setThreads(before);
  }
}
