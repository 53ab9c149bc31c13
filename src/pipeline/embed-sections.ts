/** Sections to feature vectors, through files that make the work resumable. */
import { basename } from 'node:path';
import type { BackboneRequest } from '../backbones/index.ts';
import { type FeatureKind, type OpenBackbone, openBackbone } from '../backbones/index.ts';
import {
  type EmbedOutcome,
  embedSource,
  folderPatches,
  type PatchSource,
  type PrecutFacts,
  precutPatches,
  readEmbeddings,
  sectionPatches,
} from '../embedding/index.ts';
import { type EmbeddedSection, joinEmbeddings } from '../eval/index.ts';
import {
  type PatchOrigin,
  patchOrigin,
  placePatches,
  type Section,
  type SectionFailure,
} from '../spatial/index.ts';

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
  /** Default: cut from the slide where there is one, else precut. */
  readonly patches?: PatchOrigin | undefined;
  /** Micrometres per pixel of precut patches; default HEST's 0.5. */
  readonly precutMpp?: number | undefined;
  /** Called after every batch. */
  readonly onProgress?: (id: string, done: number, total: number) => void;
}

/** What became of one source. */
export interface SectionOutcome extends EmbedOutcome {
  readonly id: string;
  /** Where the patches were precut. */
  readonly precut?: PrecutFacts;
}

/** What an embedding run leaves: files, and the sources that failed. */
export interface EmbedRun {
  readonly outcomes: readonly SectionOutcome[];
  readonly failures: readonly SectionFailure[];
  /** The encoder: name, options, and what identifies its weights. */
  readonly encoder: Pick<OpenBackbone, 'name' | 'options' | 'weights'>;
}

interface LazySource {
  readonly id: string;
  readonly open: () => Promise<PatchSource & { readonly precut?: PrecutFacts }>;
}

async function embedAll(
  sources: readonly LazySource[],
  encoder: OpenBackbone,
  folder: string,
  settings: EncoderSettings,
  options: EmbedRunOptions,
): Promise<EmbedRun> {
  const outcomes: SectionOutcome[] = [];
  const failures: SectionFailure[] = [];
  const { features, sizePx, batch } = settings;
  for (const { id, open } of sources) {
    try {
      const source = await open();
      const outcome = await embedSource(encoder.backbone, source, folder, {
        features,
        sizePx,
        batch,
        weights: encoder.weights,
        overwrite: options.overwrite ?? false,
        onProgress: (done, total) => options.onProgress?.(id, done, total),
      });
      const { precut } = source;
      outcomes.push({ id, ...outcome, ...(precut === undefined ? {} : { precut }) });
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

/** The patches of a section, cut or precut. @throws DataError when it lacks the wanted kind, or what its files throw. */
export async function sectionSource(
  section: Section,
  { patchUm, sizePx }: Pick<EncoderSettings, 'patchUm' | 'sizePx'>,
  { patches, precutMpp }: Pick<EmbedRunOptions, 'patches' | 'precutMpp'>,
): Promise<PatchSource & { readonly precut?: PrecutFacts }> {
  if (patchOrigin(section, patches) === 'cut') return sectionPatches(section, { patchUm, sizePx });
  return precutPatches(section, { patchUm, sizePx, ...(precutMpp === undefined ? {} : { mpp: precutMpp }) });
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
    open: () => sectionSource(section, settings, options),
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

/**
 * Reads the files of {@link embedSections} back, joined with their sections by barcode. Spots without a precut patch are
 * left out of the sections and counted in their `dropped`.
 */
export async function readEmbedded(
  sections: readonly Section[],
  run: Pick<EmbedRun, 'outcomes'>,
): Promise<EmbeddedSection[]> {
  const embedded: EmbeddedSection[] = [];
  for (const { id, path, precut } of run.outcomes) {
    const section = sections.find((one) => one.id === id)!;
    const embeddings = await readEmbeddings(path);
    const barcodes = embeddings.rows.map(({ barcode }) => barcode);
    const placed = precut === undefined ? section : placePatches(section, { barcodes, path }).section;
    embedded.push(joinEmbeddings(placed, embeddings));
  }
  return embedded;
}
