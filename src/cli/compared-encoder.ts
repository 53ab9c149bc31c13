/** `--compare`: a second encoder on the same folds, for one report of both. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { BACKBONE_NAMES } from '../backbones/registry.ts';
import { UsageError } from '../errors.ts';
import type { EncoderSettings } from '../pipeline/index.ts';

/** Folder of the second encoder's own run, within the run's folder. */
export const COMPARED_FOLDER = 'compared';

export interface CompareFlags {
  readonly compare?: string;
  readonly against?: string;
}

export function addCompareOption(command: Command): Command {
  return command.option(
    '--compare <encoder>',
    "a second encoder in the same report: a weights file, <backbone>=<weights file>, or a backbone's name for random weights",
  );
}

/**
 * The settings of the second encoder: those of the first with other weights.
 *
 * @throws UsageError beside --against, for an empty part, or for the first encoder itself.
 */
export function comparedEncoder(
  { compare, against }: CompareFlags,
  settings: EncoderSettings,
): EncoderSettings | undefined {
  if (compare === undefined) return undefined;
  if (against !== undefined) {
    throw new UsageError('expression', {
      need: '--compare (run now) or --against (run before)',
      found: 'both',
      next: 'leave one out',
    });
  }
  const [, backbone, file] = /^([\w-]+)=(.+)$/.exec(compare) ?? [];
  const known = (name: string | undefined) => BACKBONE_NAMES.some((one) => one === name);
  const other = known(compare)
    ? { backbone: compare, weights: undefined, randomInit: settings.randomInit ?? 0 }
    : known(backbone)
      ? { backbone, weights: file, randomInit: undefined }
      : { backbone: undefined, weights: compare, randomInit: undefined };
  const same = (['backbone', 'weights', 'randomInit'] as const).every((key) => other[key] === settings[key]);
  if (!same) return { ...settings, ...other };
  throw new UsageError('expression', {
    need: 'another encoder with --compare',
    found: `the first one again, ${compare}`,
    next: `name one of ${BACKBONE_NAMES.join(', ')}, or other weights`,
  });
}

/** Where the second encoder's run goes. */
export function comparedFolder(out: string): string {
  return join(out, COMPARED_FOLDER);
}
