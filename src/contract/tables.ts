import type { TableKind } from './catalogue.ts';

/** `GET /api/tables/:id`. */
export interface TableDetail {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly kind: TableKind;
  readonly slideId: string | null;
  readonly rows: number;
  readonly genes: readonly string[];
  /** Unit of the values, for the legend: `ln(1 + count)`. */
  readonly unit: string;
  readonly shape: 'disc' | 'square';
  /** Diameter of a spot, or side of a patch, in level-0 pixels. */
  readonly sizePx: number;
  /** Further columns with a number per row, such as `tissue_share` or `focus`, asked for like a gene. */
  readonly columns: readonly string[];
  /** Whether `projectionAddress` answers. */
  readonly projection: boolean;
  readonly quality: TableQuality;
}

/** The quality panel's numbers; null where they do not apply. */
export interface TableQuality {
  /** Share of the spots whose centre lies on tissue, 0 to 1. */
  readonly overTissue: number | null;
  /** Median of the variance of the Laplacian per patch (higher: sharper). */
  readonly focus: number | null;
  /** Set while the numbers are still being measured: ask for the table again in some seconds. */
  readonly pending?: true;
}

/** Summary of one gene over some rows, as the lasso panel shows it. */
export interface ValueSummary {
  readonly rows: number;
  readonly missing: number;
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly quartiles: readonly [number, number, number];
  readonly max: number;
}

export type ExportFormat = 'csv' | 'geojson' | 'h5ad';

/** Body of `POST /api/tables/:id/export`. */
export interface ExportRequest {
  readonly format: ExportFormat;
  /** Row numbers; absent: all rows. */
  readonly rows?: readonly number[];
  /** Genes or columns; absent: all genes. */
  readonly genes?: readonly string[];
}

/** `GET /api/runs/:id`: the scores of an expression benchmark per gene. */
export interface RunDetail {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly report: boolean;
  /** Lines of the protocol card: what was done, in the order to be read. */
  readonly protocol: readonly (readonly [string, string])[];
  readonly splits: readonly {
    readonly name: string;
    readonly folds: readonly { readonly name: string; readonly testSpots: number }[];
    /** Rows: genes; `pcc` has one value per fold, null where undefined. */
    readonly genes: readonly { readonly gene: string; readonly pcc: readonly (number | null)[] }[];
  }[];
}
