/** `predictions.json`: what `predict` notes beside its tables about the slide and how to draw the rows. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { type KnownLook, stemOf } from './records.ts';

const card = z.looseObject({
  kind: z.literal('prediction'),
  slide: z.string(),
  slideName: z.string().optional(),
  section: z.string().optional(),
  shape: z.enum(['disc', 'square']),
  sizePx: z.number().positive(),
  unit: z.string(),
});

export interface PredictionNotes {
  readonly look: KnownLook;
  /** Where its slide lies. */
  readonly paths: readonly string[];
  /** What was predicted: the section, or the slide's file name without its ending. */
  readonly name?: string;
}

/** @param table path of a table; the card lies beside it. Folders without a card give nothing. */
export async function predictionCard(table: string): Promise<PredictionNotes> {
  const folder = dirname(table);
  const text = await readFile(join(folder, 'predictions.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return { look: {}, paths: await embeddedSlides(folder) };
  try {
    const { slide, slideName = slide, section, shape, sizePx, unit } = card.parse(JSON.parse(text));
    const look = { shape, sizePx, unit };
    return { look, paths: [resolve(folder, slide)], name: section ?? stemOf(slideName) };
  } catch {
    return { look: {}, paths: [] };
  }
}

/** Older results: the state of the embeddings names the slide. */
async function embeddedSlides(folder: string): Promise<string[]> {
  const report = await readFile(join(folder, 'embeddings', 'run-report.json'), 'utf8').catch(() => '{}');
  try {
    const slides = (JSON.parse(report) as { slides?: { slide?: unknown }[] }).slides ?? [];
    return slides.map(({ slide }) => slide).filter((slide) => typeof slide === 'string');
  } catch {
    return [];
  }
}
