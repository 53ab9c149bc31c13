/** Tables for people (aligned columns) and for programs (tab-separated values). */
import { UsageError } from '../errors.ts';

export interface TableColumn {
  readonly header: string;
  /** Numbers read best to the right; default `left`. */
  readonly align?: 'left' | 'right';
}

/** A column is its header, or header and alignment. */
export type ColumnSpec = string | TableColumn;

function headerOf(column: ColumnSpec): string {
  return typeof column === 'string' ? column : column.header;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character.
const STYLE = /\u001b\[\d+m/g;

/** Columns that a text fills on screen: characters, without colour codes. */
function widthOf(text: string): number {
  return [...text.replace(STYLE, '')].length;
}

function checkRows(columns: readonly ColumnSpec[], rows: readonly (readonly string[])[]): void {
  const odd = rows.findIndex((row) => row.length !== columns.length);
  if (odd < 0) return;
  throw new UsageError('table', {
    need: `${columns.length} cells in row ${odd}`,
    found: `${rows[odd]!.length}`,
  });
}

/**
 * Aligned text: header, rule, rows; columns two spaces apart, no spaces at line ends, no newline at the end.
 *
 * @throws UsageError when a row has more or fewer cells than there are columns.
 */
export function formatTable(columns: readonly ColumnSpec[], rows: readonly (readonly string[])[]): string {
  checkRows(columns, rows);
  const lines = [columns.map(headerOf), ...rows];
  const widths = columns.map((_, c) => Math.max(...lines.map((line) => widthOf(line[c]!))));
  const pad = (text: string, c: number) => {
    const column = columns[c]!;
    const gap = ' '.repeat(widths[c]! - widthOf(text));
    return typeof column !== 'string' && column.align === 'right' ? gap + text : text + gap;
  };
  const print = (cells: readonly string[]) => cells.map(pad).join('  ').trimEnd();
  const [header, ...body] = lines.map(print);
  return [header, widths.map((width) => '-'.repeat(width)).join('  '), ...body].join('\n');
}

/**
 * Tab-separated values with a header line and a newline at the end.
 *
 * @throws UsageError when a cell holds a tab or line break, which the format cannot express.
 */
export function formatTsv(columns: readonly ColumnSpec[], rows: readonly (readonly string[])[]): string {
  checkRows(columns, rows);
  const lines = [columns.map(headerOf), ...rows];
  const bad = lines.flat().find((cell) => /[\t\r\n]/.test(cell));
  if (bad !== undefined) {
    throw new UsageError('TSV', { need: 'cells without tab and line break', found: JSON.stringify(bad) });
  }
  return lines.map((cells) => `${cells.join('\t')}\n`).join('');
}
