/** Backbones by the name a user types, and the options that change their size or parts. */
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { Backbone } from './backbone.ts';
import { MvHybrid } from './mv-hybrid.ts';
import { Vit } from './vit.ts';

const count = z.int().positive();
const rate = z.number().min(0).max(0.99);

const sizes = { width: count, depth: count, heads: count, dropPath: rate };
const mvHybridOptions = z
  .strictObject({ ...sizes, einfft: z.boolean(), einfftMambaOnly: z.boolean(), layerScale: z.number() })
  .partial();
const vitOptions = z
  .strictObject({ ...sizes, ffn: z.enum(['mlp', 'swiglu']), layerScale: z.number().nullable() })
  .partial();

/** Options of some backbone; which ones it knows is checked when it is made. */
export type BackboneOptions = Readonly<Record<string, unknown>>;

interface Maker {
  readonly options: z.ZodType;
  readonly make: (options: never) => Backbone;
}

/** Drops keys whose value is undefined, as `exactOptionalPropertyTypes` asks. */
function present<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

const MAKERS: Readonly<Record<string, Maker>> = {
  'mv-hybrid': {
    options: mvHybridOptions,
    make: (o: z.output<typeof mvHybridOptions>) => new MvHybrid(present(o)),
  },
  'vit-12': {
    options: vitOptions,
    make: (o: z.output<typeof vitOptions>) => new Vit({ depth: 12, ...present(o) }),
  },
  'vit-24': {
    options: vitOptions,
    make: (o: z.output<typeof vitOptions>) => new Vit({ depth: 24, ...present(o) }),
  },
};

/** Names that {@link createBackbone} knows. */
export const BACKBONE_NAMES: readonly string[] = Object.keys(MAKERS);

/** Options that a backbone knows. */
export function backboneOptionNames(name: string): string[] {
  const schema = MAKERS[name]?.options;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/**
 * Builds a backbone, at the paper's size unless `options` say otherwise, with all parameters zero; call
 * `initialize(seed)` or load weights next.
 *
 * @throws UsageError for an unknown name or option.
 */
export function createBackbone(name: string, options: BackboneOptions = {}): Backbone {
  const maker = MAKERS[name];
  if (maker === undefined) {
    throw new UsageError('backbone', { need: `one of ${BACKBONE_NAMES.join(', ')}`, found: `"${name}"` });
  }
  const parsed = maker.options.safeParse(options);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new UsageError('backbone', {
      need: `options of ${name} (${backboneOptionNames(name).join(', ')})`,
      found: `${[...path, message].join(': ')}`,
    });
  }
  return maker.make(parsed.data as never);
}
