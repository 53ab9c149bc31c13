/** Addresses of the server, relative to its root. */
export const CATALOGUE = '/api/catalogue';
/** `GET`: all jobs of this server; `POST` (JobRequest): start one. */
export const JOBS = '/api/jobs';
/**
 * `POST` the bytes of a dropped file, name in `?name=`: answers a TableEntry (a RunEntry for a `result.json`). With
 * `&slide=<id>` it is laid on that slide. Kept until the server ends.
 */
export const UPLOADS = '/api/uploads';

export function slideAddress(id: string): string {
  return `/api/slides/${id}`;
}

/** JPEG of one Deep Zoom tile. */
export function tileAddress(id: string, level: number, column: number, row: number): string {
  return `/api/slides/${id}/tiles/${level}/${column}_${row}.jpg`;
}

/** JPEG whose longer side is at most `size` pixels (64 to 1024). */
export function thumbnailAddress(id: string, size: number): string {
  return `/api/slides/${id}/thumbnail.jpg?size=${size}`;
}

export function tissueAddress(id: string): string {
  return `/api/slides/${id}/tissue`;
}

export function tableAddress(id: string): string {
  return `/api/tables/${id}`;
}

/** Binary: x0 y0 x1 y1 ..., centres in level-0 pixels. */
export function positionsAddress(id: string): string {
  return `/api/tables/${id}/positions`;
}

/** JSON: the barcodes, in the order of rows. */
export function barcodesAddress(id: string): string {
  return `/api/tables/${id}/barcodes`;
}

/** Binary: one value per row of a gene or column; NaN where it is missing. */
export function valuesAddress(id: string, name: string): string {
  return `/api/tables/${id}/values?name=${encodeURIComponent(name)}`;
}

/** Binary: x0 y0 x1 y1 ..., the rows' embeddings laid out by UMAP. */
export function projectionAddress(id: string): string {
  return `/api/tables/${id}/projection`;
}

/** `POST` an ExportRequest: answers the file. */
export function exportAddress(id: string): string {
  return `/api/tables/${id}/export`;
}

export function runAddress(id: string): string {
  return `/api/runs/${id}`;
}

export function reportAddress(id: string): string {
  return `/api/runs/${id}/report`;
}

export function jobAddress(id: string): string {
  return `/api/jobs/${id}`;
}

/** Server-sent events, each a Job, until it ends. `DELETE jobAddress(id)` cancels. */
export function jobEventsAddress(id: string): string {
  return `/api/jobs/${id}/events`;
}
