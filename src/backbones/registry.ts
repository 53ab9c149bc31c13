/** Backbones by the name a user types. */
import { UsageError } from '../errors.ts';
import type { Backbone } from './backbone.ts';
import { MvHybrid } from './mv-hybrid.ts';
import { Vit } from './vit.ts';

const MAKERS = {
  'mv-hybrid': () => new MvHybrid(),
  'vit-12': () => new Vit({ depth: 12 }),
  'vit-24': () => new Vit({ depth: 24 }),
} as const;

/** Names that {@link createBackbone} knows. */
export const BACKBONE_NAMES: readonly string[] = Object.keys(MAKERS);

/**
 * Builds a backbone at the paper's size with all parameters zero; call `initialize(seed)` or load weights next.
 *
 * @throws UsageError for an unknown name.
 */
export function createBackbone(name: string): Backbone {
  const make = (MAKERS as Record<string, (() => Backbone) | undefined>)[name];
  if (make === undefined) {
    throw new UsageError('backbone', { need: `one of ${BACKBONE_NAMES.join(', ')}`, found: `"${name}"` });
  }
  return make();
}
