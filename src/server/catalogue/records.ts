/** What the catalogue knows of each thing beyond what the browser is told. */
import type { HeadEntry, RunEntry, SlideEntry, TableEntry, WeightsEntry } from '../../contract/index.ts';
import type { MppEvidence } from '../../slide/index.ts';
import type { SlideFacts, TableSource } from '../threads/calls.ts';

/** Where something lies: its path must stay below the root whenever it is opened. */
export interface Place {
  readonly root: string;
  readonly absolute: string;
  /** Changes when the content does. */
  readonly stamp: string;
}

export interface SlideRecord {
  readonly entry: SlideEntry;
  readonly place: Place;
  readonly size: number;
  readonly mtimeMs: number;
  readonly facts: SlideFacts;
  readonly mppEvidence: readonly MppEvidence[];
}

/** What a file says about the slide that it belongs to, surest first. */
export interface SlideHints {
  /** Absolute paths, perhaps of another machine. */
  readonly paths?: readonly string[];
  /** Bytes, time and perhaps name of the slide's file. */
  readonly stamps?: readonly { readonly name?: string; readonly size: number; readonly mtimeMs: number }[];
  /** Names a slide or section may have. */
  readonly names?: readonly string[];
}

/** Size, shape and unit where a card states them. */
export interface KnownLook {
  readonly sizePx?: number;
  readonly shape?: 'disc' | 'square';
  readonly unit?: string;
}

export interface TableRecord {
  readonly entry: TableEntry;
  readonly place: Place;
  readonly source: TableSource;
  readonly look: KnownLook;
  /** The measured section behind it, for predictions at its spots. */
  readonly sectionPath?: string;
}

/** A table before its slide is known. */
export interface FoundTable extends Omit<TableRecord, 'entry'> {
  readonly entry: Omit<TableEntry, 'slideId'>;
  readonly hints: SlideHints;
}

export interface RunRecord {
  readonly entry: RunEntry;
  readonly place: Place;
  readonly folder: string;
}

export interface HeadRecord {
  readonly entry: HeadEntry;
  readonly place: Place;
  readonly card: Readonly<Record<string, string>>;
}

export interface WeightsRecord {
  readonly entry: WeightsEntry;
  /** Absent for seeded random weights. */
  readonly place?: Place;
}

/** A name that is good for people: the last folder or the file without its ending. */
export function stemOf(path: string): string {
  return path
    .split('/')
    .at(-1)!
    .replace(/\.[^.]+$/, '');
}

export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}
