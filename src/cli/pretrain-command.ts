import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parse } from 'yaml';
import { DataError, UsageError } from '../errors.ts';
import type { MetricsLine, PresetName, PretrainRun } from '../train/index.ts';
import { failureLines, reportFailures } from './cohort-options.ts';
import { launchProcesses } from './launch-processes.ts';
import { positiveInteger, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { Progress } from './progress.ts';
import { type CommandContext, runCommand } from './run-command.ts';
import { formatTable } from './table.ts';

interface Flags {
  readonly config?: string;
  readonly preset?: PresetName;
  readonly out: string;
  readonly pictures?: string;
  readonly cohort?: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly device?: string;
  readonly threads?: number;
  readonly workers?: number;
  readonly nproc: number;
  readonly set: Plain;
  readonly resume?: boolean;
  readonly json?: boolean;
}

export type Plain = { [key: string]: unknown };

const EXAMPLES = `
Examples:
  # minutes on a CPU, on the patches around a cohort's spots
  $ mvhybrid pretrain --preset small --cohort cohort/ --out run/
  # the paper's recipe on a folder of 256 px patches, from a run file
  $ mvhybrid pretrain --config run.yaml --out run/
  # go on after an interruption; single values on the command line
  $ mvhybrid pretrain --config run.yaml --out run/ --resume --set run.keepCheckpoints=5
  # two processes; also started by torchrun, Slurm or Kubernetes (MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE)
  $ mvhybrid pretrain --config run.yaml --out run/ --nproc 2
  # use the result
  $ mvhybrid benchmark expression cohort/ --weights run/teacher.safetensors --out results/

A run file is YAML with the keys preset, backbone, patches, augmentation, ssl and run; what it leaves out takes the
published value. The folder gets config.json (every value), metrics.jsonl, curves.html, checkpoints/ and
teacher.safetensors. Ctrl-C finishes the step, saves and ends with exit code 0.
`;

/** `a.b.c=value` with the value read as YAML. */
export function assignment(text: string, before: Plain): Plain {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be key=value, e.g. ssl.batch=16.');
  const keys = text.slice(0, at).split('.');
  const result = structuredClone(before);
  let here = result;
  for (const key of keys.slice(0, -1)) {
    here[key] = { ...(here[key] as Plain | undefined) };
    here = here[key] as Plain;
  }
  here[keys.at(-1)!] = parse(text.slice(at + 1));
  return result;
}

function present(values: Plain): Plain {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The flags as parts of a run file. */
function flagValues({ pictures, cohort, seed, steps, device, threads, workers }: Flags): Plain {
  return {
    patches: present({ pictures, cohort }),
    ssl: present({ seed }),
    run: present({ stopAfter: steps, device, threads, workers }),
  };
}

async function readRunFile(path: string): Promise<{ text: string; path: string }> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError('run file', { need: 'a readable YAML file', found: `none at ${path}`, cause });
  });
  return { text, path };
}

function report(run: PretrainRun): string {
  const rows = [
    ['steps', `${run.steps} of ${run.totalSteps}${run.finished ? '' : ' (go on with --resume)'}`],
    ['teacher', run.teacher],
    ['curves', run.curves],
    ['unreadable patches', String(run.broken.length)],
  ];
  return formatTable(['pretraining', ''], rows);
}

/** Losses beside the progress, on the line that a terminal redraws. */
function describe({ losses, lr, collapse }: MetricsLine): string {
  const parts = [`loss ${losses.total.toFixed(3)}`, `lr ${lr.toExponential(1)}`];
  if (collapse !== undefined) parts.push(`rank ${collapse.effectiveRank.toFixed(1)}`);
  return parts.join(', ');
}

/** Several processes on this machine: this one only starts them and passes signals on. */
async function runGroup({ onInterrupt }: CommandContext, size: number): Promise<void> {
  const at = process.argv.indexOf('--nproc');
  const args = process.argv.slice(2).filter((_, i) => at < 0 || (i !== at - 2 && i !== at - 1));
  const { code, rank } = await launchProcesses({
    size,
    args: args.filter((arg) => !arg.startsWith('--nproc=')),
    onStart: (forward) => onInterrupt(() => forward('SIGTERM')),
  });
  if (code === 0) return;
  throw new DataError('pretrain', {
    need: `all ${size} processes to end well`,
    found: `process ${rank} ended with code ${code}`,
    next: 'its message stands above; go on from the last checkpoint with --resume',
  });
}

async function runPretrain({ onInterrupt, markFailed, onExit }: CommandContext, flags: Flags): Promise<void> {
  const { joinGroup, mergeOptions, pretrain, readRunConfig } = await import('../train/index.ts');
  const yaml = flags.config === undefined ? undefined : await readRunFile(flags.config);
  const config = readRunConfig({
    preset: flags.preset,
    yaml,
    flags: mergeOptions(flags.set, flagValues(flags)),
  });
  const stop = new AbortController();
  const group = joinGroup(config);
  onExit(() => group.close());
  const speaks = group.rank === 0;
  onInterrupt(() => {
    if (speaks) process.stderr.write('\nfinishing this step, then saving; once more to end at once\n');
    stop.abort();
  });
  // A launcher that is gone can pass no signal on any more.
  const orphaned = () => process.exit(1);
  process.once('disconnect', orphaned);
  onExit(() => {
    process.off('disconnect', orphaned);
    if (process.connected) process.disconnect();
  });
  let progress: Progress | undefined;
  const run = await pretrain(config, {
    folder: flags.out,
    resume: flags.resume ?? false,
    stop: stop.signal,
    group,
    onPatches: (count) => speaks && process.stderr.write(`${count} patches\n`),
    onStep: (line, step, total) => {
      if (!speaks) return;
      progress ??= new Progress({ label: 'pretraining', total, unit: 'steps', initial: step - 1 });
      progress.update(step, describe(line));
    },
  });
  progress?.stop();
  if (!speaks) return;
  createOutput(flags.json ?? false).result({ ...run, failures: failureLines(run.failures) }, () =>
    report(run),
  );
  for (const { id, reason } of run.broken) process.stderr.write(`skipped: ${id}: ${reason}\n`);
  reportFailures(run.failures, markFailed);
}

export function pretrainCommand(): Command {
  return new Command('pretrain')
    .summary('DINOv2 pretraining of any backbone, from patches to a checkpoint')
    .description('Pretrains a backbone by DINOv2 on tissue patches.')
    .option('--config <file>', 'run file (YAML)')
    .addOption(new Option('--preset <name>', 'values to start from').choices(['paper', 'small']))
    .requiredOption('--out <folder>', 'folder of the run')
    .option('--pictures <folder>', 'patches: PNG, JPEG or TIFF files in and below this folder')
    .option('--cohort <path>', 'patches: around every spot of a cohort')
    .option('--seed <n>', 'seed of weights, masks, crops and order', wholeNumber)
    .option('--steps <n>', 'stop after this many steps', positiveInteger)
    .option('--device <name>', 'cpu, cuda or cuda:N')
    .option('--threads <n>', 'threads per operation', positiveInteger)
    .option('--nproc <n>', 'processes on this machine that train together', positiveInteger, 1)
    .option('--workers <n>', 'threads that decode and augment', wholeNumber)
    .option('--set <key=value>', 'any value of the run file; may be repeated', assignment, {})
    .option('--resume', 'go on from the newest checkpoint of the folder')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      runCommand((context, flags: Flags) =>
        flags.nproc > 1 ? runGroup(context, flags.nproc) : runPretrain(context, flags),
      ),
    );
}
