/** Trains an expression head on a cohort and writes it. */
import { join } from 'node:path';
import {
  type ExpressionHead,
  fitExpressionHead,
  type HeadOptions,
  writeExpressionHead,
} from '../eval/index.ts';
import type { Section, SectionFailure } from '../spatial/index.ts';
import {
  type EmbedRun,
  type EmbedRunOptions,
  type EncoderSettings,
  embedSections,
  readEmbedded,
} from './embed-sections.ts';

export interface FitRun {
  readonly head: ExpressionHead;
  readonly outcomes: EmbedRun['outcomes'];
  readonly failures: readonly SectionFailure[];
}

const CARD_KEYS = ['features', 'patchUm', 'sizePx', 'batch'] as const;

/** The encoder's part of a head's card; `predictSection` reads it back. */
function encoderCard(
  settings: EncoderSettings,
  { name, options, weights }: EmbedRun['encoder'],
): Record<string, string> {
  const own = Object.fromEntries(CARD_KEYS.map((key) => [key, String(settings[key])]));
  return { ...own, backbone: name, backboneOptions: JSON.stringify(options), weights };
}

/**
 * Embeds the sections (resuming from `<folder>/embeddings`), fits a head on all of them and writes it to `path`.
 */
export async function fitHead(
  sections: readonly Section[],
  { path, folder }: { readonly path: string; readonly folder: string },
  settings: EncoderSettings,
  options: Omit<HeadOptions, 'card'> & { readonly embed?: EmbedRunOptions },
): Promise<FitRun> {
  const run = await embedSections(sections, join(folder, 'embeddings'), settings, options.embed);
  const embedded = await readEmbedded(sections, run);
  if (embedded.length === 0) throw run.failures[0]!.error;
  const head = fitExpressionHead(embedded, { ...options, card: encoderCard(settings, run.encoder) });
  await writeExpressionHead(path, head);
  return { head, outcomes: run.outcomes, failures: run.failures };
}
