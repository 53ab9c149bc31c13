/** Times of repeated runs, beside the speed that the machine had at that moment. */

/** One run, in milliseconds. */
export interface Sample {
  /** By the clock; longer when others use the machine. */
  readonly wall: number;
  /** Processor time of all threads, hardly touched by what else runs. */
  readonly cpu: number;
}

/** Milliseconds by the clock. */
export interface Timing {
  readonly runs: number;
  readonly median: number;
  readonly min: number;
  /** Upper minus lower quartile. */
  readonly spread: number;
  /** Median processor time of a run, all threads together. */
  readonly cpu: number;
}

export interface RunPlan {
  /** Untimed runs before. */
  readonly warmUp: number;
  /** Timed runs at least. */
  readonly minRuns: number;
  /** Timed runs at most. */
  readonly maxRuns: number;
  /** No further run is begun after this time. */
  readonly budgetMs: number;
}

/** Value below which the share `q` of sorted values lies, interpolated. */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

/** Middle value; the mean of two for an even count. */
export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** Median, minimum and spread of the runs. */
export function summarize(samples: readonly Sample[]): Timing {
  const sorted = samples.map(({ wall }) => wall).sort((a, b) => a - b);
  return {
    runs: sorted.length,
    median: quantile(sorted, 0.5),
    min: sorted[0]!,
    spread: quantile(sorted, 0.75) - quantile(sorted, 0.25),
    cpu: median(samples.map(({ cpu }) => cpu)),
  };
}

/** What `work` takes. */
export function timeOf(work: () => void): Sample {
  const [start, cpuStart] = [performance.now(), process.cpuUsage()];
  work();
  const [wall, { user, system }] = [performance.now() - start, process.cpuUsage(cpuStart)];
  return { wall, cpu: (user + system) / 1000 };
}

/**
 * Times `work` again and again within the plan.
 *
 * @param before runs untimed before each timed run, e.g. a measurement of the ceiling to compare with.
 */
export function timeRuns(work: () => void, plan: RunPlan, before: () => void = () => {}): Sample[] {
  for (let i = 0; i < plan.warmUp; i++) work();
  const times: Sample[] = [];
  const end = performance.now() + plan.budgetMs;
  while (times.length < plan.maxRuns && (times.length < plan.minRuns || performance.now() < end)) {
    before();
    times.push(timeOf(work));
  }
  return times;
}
