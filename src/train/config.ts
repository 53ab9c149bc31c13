/** A pretraining run as one readonly object: from YAML, presets and flags, through a schema. */
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { BACKBONE_NAMES, backboneOptionNames, CUSTOM_BACKBONE } from '../backbones/index.ts';
import { UsageError } from '../errors.ts';
import { dinoV2Schema } from '../ssl/index.ts';
import { nearestKey } from './nearest-key.ts';
import { PRESETS, type PresetName } from './presets.ts';

const OPERATION = 'run file';
const count = z.int().positive();
const areaShares = z.tuple([z.number().positive().max(1), z.number().positive().max(1)]).readonly();

const patches = z
  .strictObject({
    /** Folder of PNG, JPEG or TIFF patches, searched below too. */
    pictures: z.string().optional(),
    /** HDF5 files with `img` (N, P, P, 3). */
    files: z.array(z.string()).min(1).optional(),
    /** A cohort: the patch around every spot. */
    cohort: z.string().optional(),
    /** Physical side of a cohort's patches. */
    patchUm: z.number().positive().default(112),
    /** Side of a cohort's patches in pixels before they are cropped. */
    sizePx: count.default(256),
    /** Share of unreadable patches that ends the run. */
    brokenShare: z.number().min(0).max(1).default(0.05),
  })
  .readonly();

const augmentation = z
  .strictObject({
    blur: z.enum(['published', 'intended']).default('published'),
    colour: z.enum(['published', 'dinov2']).default('published'),
    globalScale: areaShares.default([0.32, 1]),
    localScale: areaShares.default([0.05, 0.32]),
  })
  .readonly();

const run = z
  .strictObject({
    device: z.string().default('cpu'),
    /** Threads per operation; default: the engine's own. */
    threads: count.optional(),
    /** Loader threads; default: all cores but one. */
    workers: z.int().min(0).max(256).optional(),
    /** Micro-batches per step, whose gradients are averaged. */
    accumulate: count.default(1),
    /** Keep only each block's input and compute the block again for its gradient: less memory, more time. */
    recompute: z.boolean().default(false),
    /** Stop after this many steps, whatever the schedule's length. */
    stopAfter: count.optional(),
    /** Steps between two checkpoints. */
    checkpointSteps: count.default(500),
    /** Checkpoints kept, the newest. */
    keepCheckpoints: count.default(2),
    /** Steps between two looks at the spread and rank of the features. */
    collapseSteps: count.default(50),
  })
  .readonly();

const schema = z
  .strictObject({
    backbone: z
      .looseObject({ name: z.enum([...BACKBONE_NAMES, CUSTOM_BACKBONE]) })
      .readonly()
      .prefault({ name: 'mv-hybrid' }),
    patches: patches.prefault({}),
    augmentation: augmentation.prefault({}),
    ssl: dinoV2Schema.prefault({}),
    run: run.prefault({}),
  })
  .readonly();

/** A complete configuration. */
export type RunConfig = z.output<typeof schema> & {
  /** `given`: ssl.schedule.epochSteps was named; `patches`: an epoch is one pass over the patches. */
  readonly epochLength: 'given' | 'patches';
};

/** The part of a configuration that decides the weights; `run` only says how and where they are computed. */
export function decisiveConfig({ backbone, augmentation, ssl, patches }: RunConfig) {
  return { backbone, augmentation, ssl, patches };
}

type Plain = { [key: string]: unknown };

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `over` on top of `base`; objects are merged, everything else replaced. */
export function mergeOptions(base: Plain, over: Plain): Plain {
  const merged: Plain = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isPlain(before) && isPlain(value) ? mergeOptions(before, value) : value;
  }
  return merged;
}

/** Keys that the schema knows at a path, for guessing what a mistyped one was meant to be. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let here = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Plain;
    anyOf?: { properties?: Plain }[];
    oneOf?: { properties?: Plain }[];
  };
  for (const part of path) here = (here.properties?.[String(part)] ?? {}) as typeof here;
  const variants = [here, ...(here.anyOf ?? []), ...(here.oneOf ?? [])];
  return [...new Set(variants.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function explain(issue: z.core.$ZodIssue, source: string): UsageError {
  const at = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = knownKeys(issue.path);
    const guess = nearestKey(key, known);
    return new UsageError(OPERATION, {
      need: `known keys ${at === '' ? 'at the top' : `under ${at}`} (${known.join(', ')})`,
      found: `"${key}" in ${source}`,
      ...(guess === undefined ? {} : { next: `did you mean "${guess}"?` }),
    });
  }
  return new UsageError(OPERATION, {
    need: `a usable value for ${at || 'the whole'}`,
    found: `${issue.message} in ${source}`,
  });
}

function checkBackbone({ backbone }: RunConfig, source: string): void {
  const { name, ...options } = backbone;
  const known = backboneOptionNames(name);
  const key = Object.keys(options).find((option) => !known.includes(option));
  if (key === undefined) return;
  const guess = nearestKey(key, known);
  throw new UsageError(OPERATION, {
    need: `options of ${name} (${known.join(', ')})`,
    found: `"backbone.${key}" in ${source}`,
    ...(guess === undefined ? {} : { next: `did you mean "${guess}"?` }),
  });
}

function checkPatches({ patches: { pictures, files, cohort } }: RunConfig, source: string): void {
  const given = Object.entries({ pictures, files, cohort }).filter(([, value]) => value !== undefined);
  if (given.length === 1) return;
  throw new UsageError(OPERATION, {
    need: 'exactly one of patches.pictures, patches.files and patches.cohort',
    found: given.length === 0 ? `none in ${source}` : given.map(([key]) => key).join(' and '),
  });
}

/** Crops and batches must fit the rest. */
function checkSizes({ ssl, run }: RunConfig): void {
  for (const key of ['globalPx', 'localPx'] as const) {
    if (ssl.crops[key] % 16 === 0) continue;
    throw new UsageError(OPERATION, {
      need: `ssl.crops.${key} as a multiple of 16`,
      found: `${ssl.crops[key]}`,
    });
  }
  if (ssl.batch % run.accumulate !== 0) {
    throw new UsageError(OPERATION, {
      need: 'run.accumulate that divides ssl.batch',
      found: `${run.accumulate} and ${ssl.batch}`,
    });
  }
}

/** What a run is made from; later parts win. */
export interface RunSources {
  readonly preset?: PresetName | undefined;
  /** Text of a YAML file, with its name for messages. */
  readonly yaml?: { readonly text: string; readonly path: string } | undefined;
  /** Values given on the command line. */
  readonly flags?: Plain;
}

function parseYaml({ text, path }: { readonly text: string; readonly path: string }): Plain {
  try {
    const value: unknown = parse(text);
    if (value === null || value === undefined) return {};
    if (isPlain(value)) return value;
    throw new UsageError(OPERATION, { need: 'keys and values', found: `${typeof value} in ${path}` });
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw cause;
    const found = `${path}: ${cause.message.split('\n')[0]}`;
    throw new UsageError(OPERATION, { need: 'a YAML file', found, cause });
  }
}

/**
 * Puts preset, file and flags together and checks the result.
 *
 * @throws UsageError naming the first key that is unknown (with the nearest known one), of the wrong type or impossible.
 */
export function readRunConfig({ preset, yaml, flags = {} }: RunSources): RunConfig {
  const { preset: named, ...file } = yaml === undefined ? {} : parseYaml(yaml);
  const name = preset ?? (named as PresetName | undefined);
  if (name !== undefined && !(name in PRESETS)) {
    throw new UsageError(OPERATION, {
      need: `preset ${Object.keys(PRESETS).join(' or ')}`,
      found: String(name),
    });
  }
  const base = name === undefined ? {} : PRESETS[name];
  const merged = mergeOptions(mergeOptions(base, file), flags);
  const source = yaml?.path ?? 'the options';
  const parsed = schema.safeParse(merged);
  if (!parsed.success) throw explain(parsed.error.issues[0]!, source);
  const { ssl } = merged as { ssl?: { schedule?: { epochSteps?: unknown } } };
  const epochLength = ssl?.schedule?.epochSteps === undefined ? 'patches' : 'given';
  const config: RunConfig = { ...parsed.data, epochLength };
  checkBackbone(config, source);
  checkPatches(config, source);
  checkSizes(config);
  return config;
}
