/** One JSON line per step, in a file that a resumed run continues without gaps or repeats. */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import type { StepReport } from '../ssl/index.ts';

/** A line of `metrics.jsonl`. */
export interface MetricsLine {
  readonly step: number;
  readonly epoch: number;
  readonly lr: number;
  readonly weightDecay: number;
  readonly teacherMomentum: number;
  readonly teacherTemperature: number;
  readonly losses: StepReport['losses'];
  readonly gradientNorms: StepReport['gradientNorms'];
  readonly collapse?: StepReport['collapse'];
  readonly imagesPerSecond: number;
  /** Share of the step's time that was not spent in the engine (waiting for patches, bookkeeping). */
  readonly waiting: number;
}

export function metricsPath(folder: string): string {
  return join(folder, 'metrics.jsonl');
}

/** All whole lines; a last one that a kill cut short is left out. */
export async function readMetrics(folder: string): Promise<MetricsLine[]> {
  const text = await readFile(metricsPath(folder), 'utf8').catch(() => '');
  const lines = text.split('\n');
  return lines
    .slice(0, -1)
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as MetricsLine);
}

/** Forgets lines from `step` on, which a resumed run will write again. */
export async function truncateMetrics(folder: string, step: number): Promise<void> {
  const kept = (await readMetrics(folder)).filter((line) => line.step < step);
  await writeFileAtomically(metricsPath(folder), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

export async function appendMetrics(folder: string, line: MetricsLine): Promise<void> {
  await appendFile(metricsPath(folder), `${JSON.stringify(line)}\n`);
}
