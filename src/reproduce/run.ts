/** A reproduction from plan to page. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { stableJson } from '../core/stable-json.ts';
import { listPictures } from '../data/index.ts';
import { UsageError } from '../errors.ts';
import { documentCsv, documentHtml, documentJson, documentMarkdown } from '../report/index.ts';
import type { SectionFailure } from '../spatial/index.ts';
import { setThreads } from '../tensor/index.ts';
import { type Costs, calibrate } from './calibrate.ts';
import { collect, type Reproduction } from './collect.ts';
import { collectCost } from './cost.ts';
import { GENERATED, generatedFacts, generatedOptions, type RunData, readData } from './data.ts';
import type { ReproduceOptions } from './options.ts';
import { listStages, type PlannedStage, stepsOf } from './plan.ts';
import { protocolOf, warningsOf } from './protocol.ts';
import { reproductionReport } from './report.ts';
import { SIX_BACKBONES } from './scales.ts';
import { runStage, type Stage, type StageProgress, stageMark } from './stages.ts';
import { collectTasks } from './task-summary.ts';

/** The plan: stages in order and what they were reckoned from. */
export interface Plan {
  readonly stages: readonly PlannedStage[];
  /** Of the stages that are not finished. */
  readonly expectedSeconds: number;
  readonly steps: number;
  readonly costs: Costs;
}

interface Prepared {
  readonly plan: Plan;
  readonly stages: readonly Stage[];
  readonly data: () => Promise<RunData>;
}

function checkOptions({ backbones, seeds }: ReproduceOptions): void {
  const unknown = backbones.find((name) => !SIX_BACKBONES.includes(name));
  if (unknown === undefined && backbones.length > 0 && seeds >= 1) return;
  throw new UsageError('reproduce', {
    need: `backbones out of ${SIX_BACKBONES.join(', ')}, and a seed`,
    found: unknown ?? `${backbones.length} backbones, ${seeds} seeds`,
  });
}

async function prepare(options: ReproduceOptions, onBackbone?: (name: string) => void): Promise<Prepared> {
  checkOptions(options);
  let read: Promise<RunData> | undefined;
  const data = () => {
    read ??= readData(options);
    return read;
  };
  const generated = options.data === GENERATED;
  const facts = generated ? generatedFacts(options) : (await data()).facts;
  const identity = generated
    ? createHash('sha256')
        .update(stableJson(generatedOptions(options)))
        .digest('hex')
        .slice(0, 16)
    : (await data()).identity;
  const { pictures } = options;
  const patches = pictures === undefined ? facts.spots : (await listPictures(pictures)).names.length;
  const costs = await calibrate(options, onBackbone);
  const stages = listStages({ options, facts, patches, identity, costs, data });
  const planned: PlannedStage[] = [];
  for (const stage of stages) {
    const { id, title, expectedSeconds } = stage;
    planned.push({
      id,
      title,
      expectedSeconds,
      finished: (await stageMark(options.out, stage)) !== undefined,
    });
  }
  const expectedSeconds = planned.reduce((sum, one) => sum + (one.finished ? 0 : one.expectedSeconds), 0);
  const plan = { stages: planned, expectedSeconds, steps: stepsOf(options, patches), costs };
  return { plan, stages, data };
}

/** Measures a little and says what a run would do, without beginning it. */
export async function planReproduction(
  options: ReproduceOptions,
  onBackbone?: (name: string) => void,
): Promise<Plan> {
  return (await prepare(options, onBackbone)).plan;
}

/** What is going on, for a line of progress. */
export interface RunProgress {
  readonly stage: string;
  /** Place of the stage, from 1. */
  readonly index: number;
  readonly stages: number;
  readonly done: number;
  readonly total: number;
  readonly detail: string | undefined;
  readonly secondsLeft: number;
}

export interface ReproduceHooks {
  readonly onCalibration?: (backbone: string) => void;
  readonly onPlan?: (plan: Plan) => void;
  readonly onProgress?: (progress: RunProgress) => void;
}

export interface ReproductionRun {
  readonly result: Reproduction;
  readonly files: readonly string[];
  readonly failures: readonly SectionFailure[];
}

/** Stages one after the other; the time left follows how the finished ones kept to their expectation. */
async function runStages(
  { plan, stages }: Prepared,
  options: ReproduceOptions,
  onProgress: ReproduceHooks['onProgress'],
): Promise<void> {
  let [expected, taken] = [0, 0];
  for (const [i, stage] of stages.entries()) {
    if (plan.stages[i]!.finished) continue;
    options.signal?.throwIfAborted();
    const later = stages
      .slice(i + 1)
      .reduce((sum, one, k) => sum + (plan.stages[i + 1 + k]!.finished ? 0 : one.expectedSeconds), 0);
    const pace = expected > 5 ? taken / expected : 1;
    const start = performance.now();
    const progress: StageProgress = (done, total, detail) => {
      const share = total > 0 ? done / total : 0;
      const own = Math.max(0, 1 - share) * stage.expectedSeconds;
      onProgress?.({
        stage: stage.title,
        index: i + 1,
        stages: stages.length,
        done,
        total,
        detail,
        secondsLeft: pace * (own + later),
      });
    };
    progress(0, 0);
    await runStage(options.out, stage, progress);
    expected += stage.expectedSeconds;
    taken += (performance.now() - start) / 1000;
  }
}

async function writeResults({ stages, data }: Prepared, options: ReproduceOptions): Promise<ReproductionRun> {
  const known = await data();
  const result = await collect(options, known);
  const cost = await collectCost(options, stages);
  const tasks = await collectTasks(options);
  const page = await reproductionReport({
    result,
    cost,
    tasks,
    protocol: protocolOf(options, known.facts),
    warnings: warningsOf(options),
  });
  const files = [
    ['result.json', stableJson({ ...result, tasks })],
    ['cost.json', stableJson(cost)],
    ['report.html', documentHtml(page)],
    ['report.md', documentMarkdown(page)],
    ['report.csv', documentCsv(page)],
    ['report.json', documentJson(page)],
  ] as const;
  for (const [name, content] of files) await writeFileAtomically(join(options.out, name), content);
  return { result, files: files.map(([name]) => join(options.out, name)), failures: known.failures };
}

/**
 * Runs every stage that is not finished, then judges. A killed run started again with the same options goes on where it
 * was; `result.json` then has the same bytes as without the kill (one machine, folder and number of threads). `cost.json` and the
 * report hold measured times.
 *
 * @throws UsageError for unknown backbones; what a stage throws.
 */
export async function reproduce(
  options: ReproduceOptions,
  hooks: ReproduceHooks = {},
): Promise<ReproductionRun> {
  const prepared = await prepare(options, hooks.onCalibration);
  hooks.onPlan?.(prepared.plan);
  if (options.threads !== undefined) setThreads(options.threads);
  await runStages(prepared, options, hooks.onProgress);
  return writeResults(prepared, options);
}
