/** A report as data: what it says, once, for every format it is written in. */
import type { ResultColumn, ResultTable } from '../eval/results/index.ts';

export interface ReportText {
  readonly kind: 'text';
  readonly text: string;
  /** `note`: something to beware of. `quiet`: an explanation. */
  readonly tone: 'plain' | 'note' | 'quiet';
}

export interface ReportTable extends ResultTable {
  readonly kind: 'table';
  /** Short and unique within the report; names the table in CSV. */
  readonly name: string;
  readonly caption?: string;
  /** Texts of several words in left columns: lines break instead of scrolling. */
  readonly wrap?: boolean;
  /** Rows that stand out. */
  readonly strong?: readonly number[];
}

export interface ReportFigure {
  readonly kind: 'figure';
  readonly caption: string;
  /** SVG text, or a PNG file. */
  readonly image: string | Buffer;
}

export type ReportBlock = ReportText | ReportTable | ReportFigure;

export interface ReportSection {
  readonly heading: string;
  readonly blocks: readonly ReportBlock[];
}

export interface ReportDocument {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly ReportSection[];
}

export function text(content: string, tone: ReportText['tone'] = 'plain'): ReportText {
  return { kind: 'text', text: content, tone };
}

/** A table block of a result table, or of columns and rows. */
export function table(name: string, { columns, rows }: ResultTable, caption?: string): ReportTable {
  return { kind: 'table', name, columns, rows, ...(caption === undefined ? {} : { caption }) };
}

/** A two-column table of names and values. */
export function nameTable(name: string, rows: ResultTable['rows'], caption?: string): ReportTable {
  const columns: ResultColumn[] = [{ header: 'item' }, { header: 'value' }];
  return table(name, { columns, rows }, caption);
}

export function figure(caption: string, image: string | Buffer): ReportFigure {
  return { kind: 'figure', caption, image };
}

/** A section, unless there is nothing in it. */
export function section(heading: string, blocks: readonly ReportBlock[]): ReportSection[] {
  return blocks.length === 0 ? [] : [{ heading, blocks }];
}
