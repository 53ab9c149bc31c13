/** Sections to feature vectors, through files that make the work resumable. */
import { basename } from 'node:path';
import type { BackboneRequest } from '../backbones/index.ts';
import { type FeatureKind, type OpenBackbone, openBackbone } from '../backbones/index.ts';
import {
  type EmbedOutcome,
  embedSource,
  folderPatches,
  type PatchSource,
  readEmbeddings,
  sectionPatches,
} from '../embedding/index.ts';
import { type EmbeddedSection, joinEmbeddings } from '../eval/index.ts';
import type { Section, SectionFailure } from '../spatial/index.ts';

/** How patches become feature vectors; two runs with the same settings give the same vectors. */
export interface EncoderSettings extends BackboneRequest {
  readonly features: FeatureKind;
  /** Physical side of a patch in micrometres. */
  readonly patchUm: number;
  /** Side of the encoder's input in pixels, a multiple of 16. */
  readonly sizePx: number;
  /** Patches per forward pass. */
  readonly batch: number;
}

export interface EmbedRunOptions {
  readonly overwrite?: boolean;
  /** Called after every batch. */
  readonly onProgress?: (id: string, done: number, total: number) => void;
}

/** What an embedding run leaves: files, and the sources that failed. */
export interface EmbedRun {
  readonly outcomes: readonly (EmbedOutcome & { readonly id: string })[];
  readonly failures: readonly SectionFailure[];
  /** The encoder: name, options, and what identifies its weights. */
  readonly encoder: Pick<OpenBackbone, 'name' | 'options' | 'weights'>;
}

type LazySource = { readonly id: string; readonly open: () => Promise<PatchSource> };

async function embedAll(
  sources: readonly LazySource[],
  encoder: OpenBackbone,
  folder: string,
  settings: EncoderSettings,
  options: EmbedRunOptions,
): Promise<EmbedRun> {
  const outcomes: (EmbedOutcome & { id: string })[] = [];
  const failures: SectionFailure[] = [];
  const { features, sizePx, batch } = settings;
  for (const { id, open } of sources) {
    try {
      const outcome = await embedSource(encoder.backbone, await open(), folder, {
        features,
        sizePx,
        batch,
        weights: encoder.weights,
        overwrite: options.overwrite ?? false,
        onProgress: (done, total) => options.onProgress?.(id, done, total),
      });
      outcomes.push({ id, ...outcome });
    } catch (error) {
      failures.push({ id, error });
    }
  }
  const { name, options: made, weights } = encoder;
  return { outcomes, failures, encoder: { name, options: made, weights } };
}

async function withEncoder(
  settings: EncoderSettings,
  work: (encoder: OpenBackbone) => Promise<EmbedRun>,
): Promise<EmbedRun> {
  const encoder = await openBackbone(settings);
  try {
    return await work(encoder);
  } finally {
    encoder.backbone.dispose();
  }
}

/** Embeds every spot of every section into `<folder>/<section id>.h5`. One bad section does not end the run. */
export function embedSections(
  sections: readonly Section[],
  folder: string,
  settings: EncoderSettings,
  options: EmbedRunOptions = {},
): Promise<EmbedRun> {
  const sources = sections.map((section) => ({
    id: section.id,
    open: () => sectionPatches(section, { patchUm: settings.patchUm, sizePx: settings.sizePx }),
  }));
  return withEncoder(settings, (encoder) => embedAll(sources, encoder, folder, settings, options));
}

/** Embeds all pictures of a folder, which must have the encoder's input size, into `<folder>/<its name>.h5`. */
export function embedPictures(
  pictures: string,
  folder: string,
  settings: EncoderSettings,
  options: EmbedRunOptions = {},
): Promise<EmbedRun> {
  const source = { id: basename(pictures), open: () => folderPatches(pictures, settings.sizePx) };
  return withEncoder(settings, (encoder) => embedAll([source], encoder, folder, settings, options));
}

/** Reads the files of {@link embedSections} back, joined with their sections by barcode. */
export async function readEmbedded(
  sections: readonly Section[],
  run: Pick<EmbedRun, 'outcomes'>,
): Promise<EmbeddedSection[]> {
  const embedded: EmbeddedSection[] = [];
  for (const { id, path } of run.outcomes) {
    const section = sections.find((one) => one.id === id)!;
    embedded.push(joinEmbeddings(section, await readEmbeddings(path)));
  }
  return embedded;
}
