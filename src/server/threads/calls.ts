/** What the server's threads can be asked; arguments and answers are plain data. */
import type { TableKind, TissueOutline } from '../../contract/index.ts';
import type { MppEvidence, MppRow } from '../../slide/index.ts';

/** A slide's file, checked to lie in a served folder. */
export interface SlideFile {
  /** Changes when the file does. */
  readonly stamp: string;
  readonly path: string;
  readonly mppEvidence: readonly MppEvidence[];
}

export interface SlideFacts {
  readonly width: number;
  readonly height: number;
  readonly mpp: number | null;
  readonly reader: 'builtin' | 'openslide' | 'image';
  readonly mppRows: readonly MppRow[];
  readonly levels: readonly {
    readonly width: number;
    readonly height: number;
    readonly downsample: number;
  }[];
}

export interface TileRequest extends SlideFile {
  /** Level-0 rectangle, whole pixels. */
  readonly region: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface SlideCalls {
  describe(slide: SlideFile): Promise<SlideFacts>;
  /** JPEG of a region. */
  tile(request: TileRequest): Promise<Uint8Array>;
  /** JPEG whose longer side is at most `sizePx`. */
  thumbnail(request: SlideFile & { readonly sizePx: number }): Promise<Uint8Array>;
}

/** How a table is read. */
export type TableSource =
  | { readonly from: 'section'; readonly path: string; readonly options: Readonly<Record<string, unknown>> }
  | {
      readonly from: 'h5ad';
      readonly path: string;
      readonly kind: TableKind;
      readonly transform?: Readonly<Record<string, number>>;
    }
  | { readonly from: 'csv' | 'embedding' | 'patches'; readonly path: string };

/** A table's file, checked to lie in a served folder. */
export interface TableFile {
  readonly id: string;
  readonly stamp: string;
  readonly source: TableSource;
  /** Size of a row on the slide where the table's card says it; else it follows from the table. */
  readonly sizePx?: number;
  readonly shape?: 'disc' | 'square';
  readonly unit?: string;
}

export interface TableFacts {
  readonly rows: number;
  readonly genes: readonly string[];
  readonly columns: readonly string[];
  readonly unit: string;
  readonly shape: 'disc' | 'square';
  readonly sizePx: number;
  /** Width of the feature vectors; 0 where there are none. */
  readonly vectorWidth: number;
  /** Median of the column `focus`, where there is one. */
  readonly focus: number | null;
}

export interface TableExport {
  readonly table: TableFile;
  readonly format: 'csv' | 'geojson' | 'h5ad';
  readonly rows?: readonly number[];
  readonly names?: readonly string[];
  /** What to note in an AnnData file. */
  readonly note: Readonly<Record<string, string>>;
}

export interface TableCalls {
  facts(table: TableFile): Promise<TableFacts>;
  positions(table: TableFile): Promise<Float32Array>;
  barcodes(table: TableFile): Promise<readonly string[]>;
  /** Undefined for an unknown name. */
  values(request: { readonly table: TableFile; readonly name: string }): Promise<Float32Array | undefined>;
  vectors(table: TableFile): Promise<{ readonly data: Float32Array; readonly width: number }>;
  export(request: TableExport): Promise<Uint8Array>;
}

export interface AnalysisCalls {
  tissue(slide: SlideFile): Promise<TissueOutline>;
  /** Share of the places on tissue, 0 to 1. */
  overTissue(request: { readonly outline: TissueOutline; readonly positions: Float32Array }): Promise<number>;
  /** Median sharpness of patches around some of the places; null where the pixel size is not known. */
  focus(request: { readonly slide: SlideFile; readonly positions: Float32Array }): Promise<number | null>;
  /** UMAP of the rows: x0 y0 x1 y1 ... */
  project(request: { readonly data: Float32Array; readonly width: number }): Promise<Float32Array>;
}

/** Kinds of threads. */
export interface ThreadRoles {
  readonly slides: SlideCalls;
  readonly tables: TableCalls;
  readonly analysis: AnalysisCalls;
}
export type ThreadRole = keyof ThreadRoles;
