/** What each backbone cost in this run: size, time, memory, as its stages noted them. */
import { join } from 'node:path';
import { backboneFlops, createBackbone, describeBackbone, totalFlops } from '../backbones/index.ts';
import { readMetrics } from '../train/index.ts';
import type { ReproduceOptions } from './options.ts';
import { pretrainConfig } from './pretrain-stages.ts';
import { SCALES } from './scales.ts';
import { type Stage, stageMark } from './stages.ts';

export interface BackboneCostRow {
  readonly name: string;
  readonly layout: string;
  readonly parameters: number;
  /** Forward operations per patch of the evaluation's size. */
  readonly gflop: number;
  /** Median seconds of a DINOv2 step over all seeds. */
  readonly step: number;
  /** Mean seconds of a whole pretraining. */
  readonly pretraining: number;
  /** Mean seconds of embedding, fitting and scoring. */
  readonly benchmark: number;
  /** Largest resident memory of the process while it pretrained; null where unknown. */
  readonly peakBytes: number | null;
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Reads marks and logs of finished stages. Times are of the sittings that finished them. */
export async function collectCost(
  options: ReproduceOptions,
  stages: readonly Stage[],
): Promise<BackboneCostRow[]> {
  const { options: sizes, evaluation } = SCALES[options.scale];
  const { batch } = pretrainConfig(options, options.backbones[0]!, 0, { files: ['patches'] }).ssl;
  const rows: BackboneCostRow[] = [];
  for (const name of options.backbones) {
    const backbone = createBackbone(name, sizes(name));
    const facts = describeBackbone(backbone);
    const gflop = totalFlops(backboneFlops(backbone, evaluation.sizePx)) / 1e9;
    backbone.dispose();
    const marks = async (kind: string) => {
      const own = stages.filter(({ id }) => id.startsWith(`${kind}/${name}/`));
      return (await Promise.all(own.map((stage) => stageMark(options.out, stage)))).flatMap((m) => m ?? []);
    };
    const [trained, scored] = [await marks('pretrain'), await marks('benchmark')];
    const steps: number[] = [];
    for (let seed = 0; seed < options.seeds; seed++) {
      const lines = await readMetrics(join(options.out, 'pretrain', name, `seed-${seed}`));
      steps.push(...lines.map(({ imagesPerSecond }) => batch / imagesPerSecond));
    }
    const peaks = trained.flatMap(({ peakBytes }) => peakBytes ?? []);
    rows.push({
      name,
      layout: facts.layout,
      parameters: facts.parameters,
      gflop,
      step: median(steps),
      pretraining: mean(trained.map(({ seconds }) => seconds)),
      benchmark: mean(scored.map(({ seconds }) => seconds)),
      peakBytes: peaks.length === 0 ? null : Math.max(...peaks),
    });
  }
  return rows;
}
