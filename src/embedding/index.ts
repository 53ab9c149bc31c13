/** Patches to feature vectors on disk, resumable. */
export { type EmbedOptions, type EmbedOutcome, embedSource } from './embed-source.ts';
export { type Embeddings, readEmbeddings, writeEmbeddings } from './embedding-file.ts';
export {
  folderPatches,
  type PatchRow,
  type PatchSource,
  type SectionPatchOptions,
  sectionPatches,
} from './patch-source.ts';
export { type PrecutFacts, type PrecutPatchOptions, precutPatches } from './precut-source.ts';
