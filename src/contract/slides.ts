/** `GET /api/slides/:id`. Tiles follow the Deep Zoom levels: level `maxLevel` is full size, each below halves. */
export interface SlideDetail {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly tileSize: number;
  readonly maxLevel: number;
  /** `openslide` or `built-in`. */
  readonly reader: string;
  readonly mpp: number | null;
  /** What each place says on the pixel size, for the quality panel. */
  readonly mppSources: readonly MppStatement[];
  readonly levels: readonly {
    readonly width: number;
    readonly height: number;
    readonly downsample: number;
  }[];
  /** Ids of the tables placed on this slide. */
  readonly tables: readonly string[];
  /** Whether a tissue outline is known (`tissueAddress`). */
  readonly tissue: boolean;
}

/** One place that states the pixel size. */
export interface MppStatement {
  readonly source: string;
  readonly mpp: number | null;
  readonly note: string;
  readonly chosen: boolean;
}

/** `GET /api/slides/:id/tissue`: rings of level-0 positions; later rings of a part are its holes. */
export interface TissueOutline {
  readonly parts: readonly (readonly (readonly [number, number])[])[][];
  /** Share of the slide's area that is tissue, 0 to 1. */
  readonly share: number;
}
