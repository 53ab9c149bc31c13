/**
 * The selective scan against the exponentials in it, and how its time grows with the length:
 *
 *   node dist/bench/scan-growth.js [runs]
 */
import { fileURLToPath } from 'node:url';
import { exp, exponentials, setThreads, threadCount } from '../tensor/index.ts';
import { growthExponent } from './backbones.ts';
import type { Ready } from './case.ts';
import { overInputs } from './inputs.ts';
import { forwardScan, type ScanSize, scanElements, trainedScan } from './selective-scan.ts';
import { median, timeOf } from './timing.ts';

export interface ScanGrowthOptions {
  readonly sizes?: readonly ScanSize[];
  readonly runs?: number;
  readonly threads?: number;
}

/** Nanoseconds per element: one state of one channel at one token. */
export interface ScanTimes extends ScanSize {
  readonly forward: number;
  readonly forwardBackward: number;
}

export interface ScanGrowth {
  readonly threads: number;
  /** Nanoseconds per exponential, made and used in registers. */
  readonly floor: number;
  /** The same of libtorch's own `exp`, from and to memory in cache. */
  readonly libraryExponential: number;
  readonly times: readonly ScanTimes[];
  /** Of the forward time of one image over the lengths; 1 is linear. */
  readonly exponent: number;
}

/** As many tokens in each, so that all take about as long. */
const SIZES: readonly ScanSize[] = [
  { batch: 64, length: 256 },
  { batch: 16, length: 1024 },
  { batch: 4, length: 4096 },
  { batch: 1, length: 16_384 },
];

/** Runs that are not counted: the first ones also wait for memory that is new to the process. */
const WARM_UP = 8;

function perElement(work: () => void, elements: number, runs: number): number {
  for (let i = 0; i < Math.min(WARM_UP, runs + 1); i++) work();
  return (1e6 * median(Array.from({ length: runs }, () => timeOf(work).wall))) / elements;
}

function timed(ready: Ready, elements: number, runs: number): number {
  try {
    return perElement(() => ready.run(), elements, runs);
  } finally {
    ready.dispose();
  }
}

/** Negative numbers in the cache of one core, and their exponentials beside them. */
const CACHED = 1 << 16;

function libraryExponential(runs: number): number {
  const repeats = 200;
  const ready = overInputs((inputs) => {
    const x = inputs.normal([CACHED]);
    return () => {
      for (let i = 0; i < repeats; i++) exp(x).dispose();
    };
  });
  return timed(ready, repeats * CACHED, runs);
}

/** Measures floor and scans. */
export function measureScanGrowth({
  sizes = SIZES,
  runs = 5,
  threads = 2,
}: ScanGrowthOptions = {}): ScanGrowth {
  const before = threadCount();
  setThreads(threads);
  try {
    const count = 1 << 27;
    const floor = perElement(() => exponentials(count), count, runs);
    const times = sizes.map((size) => ({
      ...size,
      forward: timed(forwardScan(size), scanElements(size), runs),
      forwardBackward: timed(trainedScan(size), scanElements(size), runs),
    }));
    const points = times.map(({ length, forward }) => ({ x: length, y: forward * length }));
    return {
      threads,
      floor,
      libraryExponential: libraryExponential(runs),
      times,
      exponent: growthExponent(points),
    };
  } finally {
    setThreads(before);
  }
}

/** One line per length. */
export function formatScanGrowth(growth: ScanGrowth): string {
  const { threads, floor, libraryExponential, times, exponent } = growth;
  const lines = times.map(({ batch, length, forward, forwardBackward }) =>
    [
      `B=${batch}`.padEnd(5),
      `L=${length}`.padEnd(8),
      `forward ${forward.toFixed(3)} ns per element, ${(forward / floor).toFixed(2)} times the floor;`,
      // The backward makes every exponential again.
      `with backward ${forwardBackward.toFixed(3)} ns, ${(forwardBackward / floor / 2).toFixed(2)} times two of them`,
    ].join(' '),
  );
  return [
    `floor: ${floor.toFixed(3)} ns per exponential in registers, ${threads} threads`,
    `libtorch's own exponential, in cache: ${libraryExponential.toFixed(3)} ns`,
    ...lines,
    `forward time ~ length^${exponent.toFixed(3)}`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const runs = Number(process.argv[2] ?? 5);
  process.stdout.write(`${formatScanGrowth(measureScanGrowth({ runs }))}\n`);
}
