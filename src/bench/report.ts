/** A benchmark report for people. Programs take the object itself, as JSON. */
import type { Target } from './case.ts';
import type { BenchReport, BenchRow } from './run.ts';

const HEADER = [
  'benchmark',
  'shape',
  'median ms',
  'min ms',
  'spread',
  'CPU ms',
  'GFLOP/s',
  'of ceiling',
  'paired',
  'per second',
  'target',
];

/** Columns of words stand to the left, numbers to the right. */
const WORDS = 2;

function targetText(target: Target | undefined, met: boolean | undefined): string {
  if (target === undefined) return '';
  const limit = target.kind === 'milliseconds' ? `<= ${target.atMost} ms` : `>= ${target.atLeast}`;
  return `${limit} ${met === true ? 'met' : 'missed'}`;
}

function cellsOf(row: BenchRow): string[] {
  const { name, shape, timing, gflopsPerSecond, itemsPerSecond, items } = row;
  return [
    name,
    shape,
    timing.median.toFixed(2),
    timing.min.toFixed(2),
    timing.spread.toFixed(2),
    timing.cpu.toFixed(2),
    gflopsPerSecond?.toFixed(0) ?? '',
    row.ceilingFraction?.toFixed(2) ?? '',
    row.pairedFraction?.toFixed(2) ?? '',
    itemsPerSecond === undefined ? '' : `${itemsPerSecond.toFixed(2)} ${items!.unit}`,
    targetText(row.target, row.targetMet),
  ];
}

/** Machine and ceiling, then one line per benchmark; times are milliseconds per run, CPU times over all threads. */
export function formatBenchReport({ machine, ceiling, rows }: BenchReport): string {
  const lines = [HEADER, ...rows.map(cellsOf)];
  const widths = HEADER.map((_, c) => Math.max(...lines.map((line) => line[c]!.length)));
  const print = (cells: readonly string[]): string =>
    cells
      .map((text, c) => (c < WORDS ? text.padEnd(widths[c]!) : text.padStart(widths[c]!)))
      .join('  ')
      .trimEnd();
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.threads} threads, load ${machine.load.toFixed(1)} before`,
    `libtorch ${machine.libtorch}, products by ${machine.matmul}, ${machine.vectorWidth} floats per vector, Node ${machine.node}`,
    `ceiling: one 2048 x 2048 x 2048 product, ${ceiling.medianGflops.toFixed(0)} GFLOP/s median, ${ceiling.bestGflops.toFixed(0)} best`,
    '',
    ...lines.map(print),
  ].join('\n');
}
