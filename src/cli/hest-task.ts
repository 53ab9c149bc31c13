/** Task folders of HEST-Benchmark in `benchmark expression`. */
import type { PresetName, SplitName, TargetOptions } from '../eval/index.ts';
import type { CohortBenchmarkOptions } from '../pipeline/index.ts';
import { type HestTask, isHestTask, readHestTask } from '../spatial/index.ts';

/** What a task decides; flags and gene lists given by the user win. */
export interface TaskChoice {
  readonly splits: readonly SplitName[] | undefined;
  readonly targets: TargetOptions;
}

function describe({ name, folds, genes }: HestTask, { given, listed }: { given: boolean; listed: boolean }) {
  const parts = [
    ...(given ? [`${folds.length} folds of its split files`] : []),
    ...(listed ? [`${genes.length} genes of its var_50genes.json`] : []),
  ];
  return `${name}: ${parts.join(', ')}`;
}

/**
 * HEST's presets take the folds and the genes of the task's own files where the folder has them; the split `task` asks for the
 * folds by name.
 *
 * @param own what the user gave beside the preset: a split, genes.
 * @throws what readHestTask throws, where the split `task` is asked for or a HEST preset meets split files.
 */
export async function applyTask(
  path: string,
  preset: PresetName,
  chosen: TaskChoice,
  own: { readonly split: boolean; readonly genes: boolean },
): Promise<TaskChoice & Pick<CohortBenchmarkOptions, 'given' | 'task'>> {
  const asked = chosen.splits?.includes('task') === true;
  const hest = preset.startsWith('hest-');
  if (!asked && !(hest && (await isHestTask(path)))) return chosen;
  const task = await readHestTask(path);
  const given = asked || !own.split;
  const listed = hest && !own.genes && task.genes.length > 0;
  if (!given && !listed) return chosen;
  const ids = (rows: HestTask['folds'][number]['train']) => rows.map(({ id }) => id);
  return {
    splits: given && !asked ? ['task'] : chosen.splits,
    targets: listed ? { ...chosen.targets, genes: task.genes } : chosen.targets,
    given: task.folds.map(({ train, test }) => ({ train: ids(train), test: ids(test) })),
    task: describe(task, { given, listed }),
  };
}
