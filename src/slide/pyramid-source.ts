/** What a format has to offer so that a whole-slide image can be made of it. */
import type { MppEvidence } from './mpp/mpp-table.ts';
import type { Picture } from './pixels.ts';
import type { Region } from './slide-image.ts';

/** One resolution of a slide. */
export interface SlideLevel {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Level-0 pixels per pixel of this level, mean of both axes; 1 for level 0. */
  readonly downsample: number;
}

/** An open file. Implementations know one format each and do no resampling. */
export interface PyramidSource {
  readonly path: string;
  /** Who reads the pixels. */
  readonly reader: 'builtin' | 'openslide' | 'image';
  /** `aperio`, `ome-tiff`, `generic-tiff`, OpenSlide's vendor name, or `image`. */
  readonly format: string;
  /** From the largest to the smallest. */
  readonly levels: readonly SlideLevel[];
  readonly properties: ReadonlyMap<string, string>;
  readonly mppEvidence: readonly MppEvidence[];
  readonly associatedNames: readonly string[];
  /** RGB8 of a region in pixels of that level; white outside. The region has been checked. */
  readLevel(level: number, region: Region): Promise<Uint8Array>;
  readAssociated(name: string): Promise<Picture>;
  close(): Promise<void>;
}
