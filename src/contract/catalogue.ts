/** `GET /api/catalogue`: everything found in the served folder. */
export interface Catalogue {
  /** Name of the served folder, without its path. */
  readonly folder: string;
  readonly slides: readonly SlideEntry[];
  readonly tables: readonly TableEntry[];
  readonly runs: readonly RunEntry[];
  readonly heads: readonly HeadEntry[];
  /** Backbones that a head may need and that can be used: weight files, and seeded random weights. */
  readonly weights: readonly WeightsEntry[];
  /** Files that could not be read, each with one sentence. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** A slide or section image. `id` is opaque; `path` is relative to the served folder. */
export interface SlideEntry {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /** Micrometres per level-0 pixel, or null where no source states it. */
  readonly mpp: number | null;
}

/** Where a table's values come from. */
export type TableKind = 'measured' | 'predicted' | 'patches' | 'embedding';

/** A table of spots or patches, with values per gene where it has any. */
export interface TableEntry {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly kind: TableKind;
  /** The slide its positions belong to, or null where none was found. */
  readonly slideId: string | null;
  readonly rows: number;
  readonly genes: number;
}

/** A benchmark or analysis result (`result.json`). */
export interface RunEntry {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** `expression`, `classification`, `retrieval`, `survival` or `frequency`. */
  readonly kind: string;
  /** Whether the folder holds a `report.html`, served at `reportAddress(id)`. */
  readonly report: boolean;
}

/** A fitted head (`head.safetensors`). */
export interface HeadEntry {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly genes: readonly string[];
  /** Backbone the head was fitted on, as its card says. */
  readonly backbone: string;
  /** Sentence on the weights the head was fitted on, as its card says. */
  readonly encoder: string;
}

/** A backbone's weights in the folder. */
export interface WeightsEntry {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly backbone: string;
}
