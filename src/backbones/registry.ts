/** Backbones by the name a user types, and the options that change their size or parts. */
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { Backbone } from './backbone.ts';
import { customBackbone } from './custom.ts';
import { MvHybrid } from './mv-hybrid.ts';
import {
  customOptions,
  hydraEinFftOptions,
  hydraHybridOptions,
  mvHybridOptions,
  vimEinFftOptions,
  vimOptions,
  vitOptions,
} from './option-schemas.ts';
import { hydraEinFft, hydraHybrid, vimEinFft } from './relatives.ts';
import { Vim } from './vim.ts';
import { Vit } from './vit.ts';

/** Options of some backbone; which ones it knows is checked when it is made. */
export type BackboneOptions = Readonly<Record<string, unknown>>;

interface Maker {
  readonly options: z.ZodType;
  readonly make: (options: never) => Backbone;
}

/** The value without keys whose value is undefined, at any depth, as `exactOptionalPropertyTypes` asks. */
type Present<T> = T extends readonly (infer E)[]
  ? Present<E>[]
  : T extends object
    ? { [K in keyof T]: Present<Exclude<T[K], undefined>> }
    : T;

/** Drops keys whose value is undefined. */
function present<T>(value: T): Present<T> {
  if (Array.isArray(value)) return value.map((item) => present(item)) as never;
  if (typeof value !== 'object' || value === null) return value as never;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries.map(([key, v]) => [key, present(v)])) as never;
}

/** One backbone of the registry: options as the schema leaves them go to `make`. */
function maker<S extends z.ZodType>(options: S, make: (options: Present<z.output<S>>) => Backbone): Maker {
  return { options, make: (given: z.output<S>) => make(present(given)) };
}

const MAKERS: Readonly<Record<string, Maker>> = {
  'mv-hybrid': maker(mvHybridOptions, (o) => new MvHybrid(o)),
  'vit-12': maker(vitOptions, (o) => new Vit({ depth: 12, ...o })),
  'vit-24': maker(vitOptions, (o) => new Vit({ depth: 24, ...o })),
  'vim-einfft': maker(vimEinFftOptions, vimEinFft),
  'hydra-einfft': maker(hydraEinFftOptions, hydraEinFft),
  'hydra-hybrid': maker(hydraHybridOptions, hydraHybrid),
  vim: maker(vimOptions, (o) => new Vim(o)),
};

/** The name under which a list of blocks makes a backbone: `createBackbone('custom', { blocks: [...] })`. */
export const CUSTOM_BACKBONE = 'custom';
const CUSTOM = maker(customOptions, customBackbone);

function makerOf(name: string): Maker | undefined {
  return name === CUSTOM_BACKBONE ? CUSTOM : MAKERS[name];
}

/** Names that {@link createBackbone} knows without further options; {@link CUSTOM_BACKBONE} comes on top. */
export const BACKBONE_NAMES: readonly string[] = Object.keys(MAKERS);

/** Options that a backbone knows. */
export function backboneOptionNames(name: string): string[] {
  const schema = makerOf(name)?.options;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/**
 * Builds a backbone, at the paper's size unless `options` say otherwise, with all parameters zero; call
 * `initialize(seed)` or load weights next.
 *
 * @throws UsageError for an unknown name or option.
 * @example createBackbone('custom', { blocks: [
 *   { mixer: 'hydra', channelMixer: 'einfft', count: 18 }, { mixer: 'attention', channelMixer: 'swiglu', count: 6 } ] })
 */
export function createBackbone(name: string, options: BackboneOptions = {}): Backbone {
  const known = makerOf(name);
  if (known === undefined) {
    throw new UsageError('backbone', {
      need: `one of ${BACKBONE_NAMES.join(', ')}, or ${CUSTOM_BACKBONE} with a list of blocks`,
      found: `"${name}"`,
    });
  }
  const parsed = known.options.safeParse(options);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new UsageError('backbone', {
      need: `options of ${name} (${backboneOptionNames(name).join(', ')})`,
      found: `${[...path, message].join(': ')}`,
    });
  }
  return known.make(parsed.data as never);
}
