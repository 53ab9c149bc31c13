/** Options of every command that works on whole slides. */
import { stat } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type {
  Shard,
  SlidePatchOptions,
  SlideRun,
  SlideRunOptions,
  StainMethod,
  TissueOfSlides,
} from '../pipeline/index.ts';
import {
  COORDS_LAYOUTS,
  KEEP_RULES,
  SLIDE_READERS,
  TISSUE_PRESETS,
  type TissuePreset,
} from '../slide/index.ts';
import { choiceList, fraction, nameList, numberOf, positiveNumber } from './option-parsers.ts';
import { formatTable } from './table.ts';

/** Ways to find tissue: the presets, Otsu's threshold, or no search. */
const TISSUE_WAYS = [...Object.keys(TISSUE_PRESETS), 'otsu', 'none'];

/** Flags of {@link addTissueOptions} and {@link addSlideOptions}. */
export interface SlideFlags {
  readonly tissue?: string;
  readonly mask?: string;
  readonly maskClasses?: string[];
  readonly minTissue?: number;
  readonly rule?: (typeof KEEP_RULES)[number];
  readonly grid?: 'part' | 'slide';
  readonly edges?: 'pad' | 'inside';
  readonly maxInk?: number;
  readonly minFocus?: number;
  readonly drop?: ('ink' | 'blurred')[];
  readonly overlapPx?: number;
  readonly overlapUm?: number;
  readonly mpp?: number;
  readonly reader?: (typeof SLIDE_READERS)[number];
  readonly shard?: Shard;
  readonly coords?: string;
  readonly stain?: StainMethod;
  readonly stainTarget?: string;
  readonly overwrite?: boolean;
}

/** `2/8`: the second of eight parts. */
export function shard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text.trim()) ?? [];
  const [i, n] = [Number(index), Number(count)];
  if (!(i >= 1 && i <= n)) throw new InvalidArgumentError('It must be i/n with i from 1 to n, e.g. 1/4.');
  return { index: i, count: n };
}

/** Where tissue and patches are, and how slides are opened. */
export function addTissueOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--tissue <how>',
        "CLAM's presets, Otsu's threshold, or none: the whole slide (default: biopsy)",
      ).choices(TISSUE_WAYS),
    )
    .option(
      '--mask <path>',
      'tissue drawn elsewhere: GeoJSON, a mask picture, or a folder with one per slide, named as the slide',
    )
    .option(
      '--mask-classes <names>',
      'classes of the GeoJSON to use, between commas (default: all)',
      nameList,
    )
    .option('--min-tissue <share>', 'least share of tissue in a patch, 0 to 1 (default: 0)', fraction)
    .addOption(
      new Option('--rule <rule>', 'which patches belong to a piece of tissue (default: four_pt)').choices([
        ...KEEP_RULES,
      ]),
    )
    .addOption(
      new Option('--grid <grid>', 'a grid per piece of tissue, as CLAM has it, or one per slide').choices([
        'part',
        'slide',
      ]),
    )
    .addOption(
      new Option(
        '--edges <rule>',
        'patches over the border: pad with white, or leave out (default: pad)',
      ).choices(['pad', 'inside']),
    )
    .option('--max-ink <share>', 'share of pen ink above which a patch is flagged (default: 0.2)', fraction)
    .option(
      '--min-focus <value>',
      'sharpness below which a patch is flagged, e.g. 20; reads every patch',
      positiveNumber,
    )
    .option('--drop <kinds>', 'flagged patches to leave out: ink,blurred', choiceList(['ink', 'blurred']))
    .option('--overlap-px <px>', 'overlap of neighbours in pixels of the delivered patch', numberOf)
    .option('--overlap-um <um>', 'overlap of neighbours in micrometres', numberOf)
    .option(
      '--mpp <um>',
      'micrometres per pixel of all slides, where the files are wrong or silent',
      positiveNumber,
    )
    .addOption(
      new Option('--reader <name>', 'who reads the pixels (default: auto)').choices([...SLIDE_READERS]),
    );
}

/** `--shard`. */
export function addShardOption(command: Command): Command {
  return command.option('--shard <i/n>', 'only the i-th of n parts of the list, for n machines', shard);
}

/** Options that say where patches lie, as commander knows them. */
const PLACE_OPTION_NAMES = [
  'tissue',
  'mask',
  'maskClasses',
  'minTissue',
  'rule',
  'grid',
  'edges',
  'maxInk',
  'minFocus',
  'drop',
  'overlapPx',
  'overlapUm',
] as const;

/** Options that existing coordinates make meaningless. */
export const DECIDED_BY_COORDS = [...PLACE_OPTION_NAMES, 'patchUm'] as const;

/** All options of whole slides. */
export const SLIDE_OPTION_NAMES = [
  ...PLACE_OPTION_NAMES,
  'mpp',
  'reader',
  'shard',
  'coords',
  'stain',
  'stainTarget',
] as const;

/** The choice that `--tissue` and `--mask` make together. */
async function tissueChoice({ tissue, mask, maskClasses }: SlideFlags): Promise<TissueOfSlides | undefined> {
  if (mask === undefined) {
    if (maskClasses !== undefined) refuse('a mask for --mask-classes', 'none', 'add --mask');
    if (tissue === undefined) return undefined;
    if (tissue === 'none') return { from: 'whole slide' };
    return tissue === 'otsu'
      ? { from: 'segmentation', settings: { otsu: true } }
      : { from: 'segmentation', preset: tissue as TissuePreset };
  }
  if (tissue !== undefined) refuse('--tissue or --mask', 'both', 'leave one out');
  const classes = maskClasses === undefined ? {} : { classes: maskClasses };
  const found = await stat(mask).catch(() => undefined);
  if (found === undefined) refuse('a mask, or a folder of masks', `nothing at ${mask}`, 'check the path');
  if (found!.isDirectory()) return { from: 'folder', path: mask, ...classes };
  const { maskChoice } = await import('../pipeline/index.ts');
  return maskChoice(mask, maskClasses);
}

function refuse(need: string, found: string, next: string): void {
  throw new UsageError('slides', { need, found, next });
}

/** The flags about patches as the pipeline takes them. */
export async function patchOptions(flags: SlideFlags): Promise<SlidePatchOptions> {
  const { rule, grid, edges, minTissue, maxInk, minFocus, drop, overlapPx, overlapUm } = flags;
  const { coords, stain, stainTarget, mpp, reader } = flags;
  const tissue = await tissueChoice(flags);
  const all = {
    ...{ tissue, rule, grid, edges, drop, overlapPx, overlapUm, minFocus },
    ...{ minTissueShare: minTissue, maxInkShare: maxInk, coords, stain, stainTarget, mpp, reader },
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The flags about the list of slides. */
export function runOptions({ shard: part, overwrite }: SlideFlags, signal: AbortSignal): SlideRunOptions {
  return { signal, overwrite: overwrite ?? false, ...(part === undefined ? {} : { shard: part }) };
}

/** @throws UsageError if an option was given that this form of the command does not use. */
export function refuseOptions(command: Command, names: readonly string[], form: string): void {
  const given = names.find((name) => command.getOptionValueSource(name) === 'cli');
  if (given === undefined) return;
  const flag = command.options.find((option) => option.attributeName() === given)!.long;
  throw new UsageError(command.name(), {
    need: `options that ${form} uses`,
    found: `${flag}`,
    next: `leave ${flag} out`,
  });
}

/**
 * Limits of ink and focus only flag patches; where nobody sees the flags they must drop them.
 *
 * @throws UsageError for a limit without its `--drop`.
 */
export function refuseIdleLimits({ maxInk, minFocus, drop = [] }: SlideFlags): void {
  const next = (kind: string) => `add --drop ${kind}, or leave the limit out`;
  if (maxInk !== undefined && !drop.includes('ink'))
    refuse('--max-ink with --drop ink', 'no --drop ink', next('ink'));
  if (minFocus !== undefined && !drop.includes('blurred'))
    refuse('--min-focus with --drop blurred', 'no --drop blurred', next('blurred'));
}

/** One line per slide: what happened, patches, time. */
export function slideTable({ outcomes, report }: SlideRun): string {
  const rows = outcomes.map(({ id, status, patches, resumed, seconds, reason }) => {
    const what = status === 'done' && resumed > 0 ? `done (${resumed} before)` : status;
    return [id, what, String(patches), seconds.toFixed(1), status === 'failed' ? '' : (reason ?? '')];
  });
  const columns = [
    'slide',
    'status',
    { header: 'patches', align: 'right' },
    { header: 'seconds', align: 'right' },
    'remark',
  ] as const;
  return `${formatTable(columns, rows)}\nreport: ${report}`;
}

/** Layouts of coordinate files, for `tile`. */
export const LAYOUTS = [...COORDS_LAYOUTS];
