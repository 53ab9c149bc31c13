/** One number per task and backbone from the results of the task stages. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassificationRun, RetrievalRun, SurvivalRun } from '../pipeline/index.ts';
import type { ReproduceOptions } from './options.ts';
import { givenTasks, type Task } from './task-stages.ts';

export interface TaskScore {
  readonly task: Task;
  /** E.g. `balanced accuracy, logistic regression`. */
  readonly measure: string;
  readonly backbone: string;
  /** One per seed; null where not defined. */
  readonly perSeed: readonly (number | null)[];
}

type Measures = readonly { readonly measure: string; readonly value: number | null }[];

const READERS: Readonly<Record<Task, (run: never) => Measures>> = {
  classification: ({ results }: ClassificationRun) =>
    results.map(({ card, summary }) => ({
      measure: `balanced accuracy, ${card.task}`,
      value: summary.balancedAccuracy.mean,
    })),
  retrieval: ({ results }: RetrievalRun) =>
    results.map(({ direction, mean }) => ({
      measure: `Acc@1, ${direction}`,
      value: mean.accuracy[0]!.value,
    })),
  survival: ({ result }: SurvivalRun) => [{ measure: "Harrell's C", value: result.cIndex.mean }],
};

/** All tasks that were run. */
export async function collectTasks(options: ReproduceOptions): Promise<TaskScore[]> {
  const scores: TaskScore[] = [];
  for (const task of givenTasks(options)) {
    for (const backbone of options.backbones) {
      const perSeed: Measures[] = [];
      for (let seed = 0; seed < options.seeds; seed++) {
        const path = join(options.out, task, backbone, `seed-${seed}`, 'result.json');
        perSeed.push(READERS[task](JSON.parse(await readFile(path, 'utf8')) as never));
      }
      for (const [m, { measure }] of perSeed[0]!.entries()) {
        scores.push({ task, measure, backbone, perSeed: perSeed.map((all) => all[m]!.value) });
      }
    }
  }
  return scores;
}
