/** A backbone described by a plain object, e.g. from YAML: any list of blocks in MV_Hybrid's shell. */
import { BlockStack } from './block-stack.ts';
import type { StackConfig } from './stack-config.ts';

/** Parts of a {@link StackConfig}; only `blocks` must be given. */
export type CustomOptions = Pick<StackConfig, 'blocks'> &
  Partial<Omit<StackConfig, 'blocks' | 'name' | 'known' | 'inferred'>> & {
    /** The card's name; default `custom`. */
    readonly label?: string;
  };

/** Builds it; sizes default to those of MV_Hybrid. */
export function customBackbone({ label = 'custom', ...options }: CustomOptions): BlockStack {
  return new BlockStack({
    name: label,
    width: 384,
    heads: 6,
    patchPx: 16,
    dropPath: 0,
    known: 'nothing: a configuration of its own',
    inferred: 'the shell of MV_Hybrid; its input statistics; 0.5 um per pixel',
    ...options,
  });
}
