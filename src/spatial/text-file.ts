/** Text files, plain or gzip, and tables in them. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataError } from '../errors.ts';

const gunzipAsync = promisify(gunzip);

/**
 * The file's bytes; gzip is recognised by its first two bytes, not by the name.
 *
 * @throws DataError when it cannot be read or the gzip stream is damaged.
 */
export async function readBytes(path: string, operation: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? await gunzipAsync(bytes) : bytes;
  } catch (cause) {
    throw new DataError(operation, {
      need: 'a readable file',
      found: `${path} (${cause instanceof Error ? cause.message : String(cause)})`,
      next: 'check the path and whether the file was copied completely',
      cause,
    });
  }
}

/** UTF-8 text without a byte-order mark. */
export async function readText(path: string, operation: string): Promise<string> {
  const text = (await readBytes(path, operation)).toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Lines without their ends (LF or CRLF) and without trailing empty lines. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop();
  return lines;
}

/** Splits one line at `separator`; double quotes protect separators, `""` inside them is a quote. */
export function splitFields(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator);
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '"' && quoted && line[i + 1] === '"') {
      field += '"';
      i++;
    } else if (char === '"') {
      quoted = !quoted;
    } else if (char === separator && !quoted) {
      fields.push(field);
      field = '';
    } else {
      field += char;
    }
  }
  return [...fields, field];
}

/** A table with a header line: one record per row, keyed by column name. */
export interface TextTable {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Lines joined where a quoted field runs over a line end, each with the number of its first line, from 1. */
function splitRecords(text: string): { line: number; text: string }[] {
  const records: { line: number; text: string }[] = [];
  let open = false;
  for (const [i, line] of splitLines(text).entries()) {
    if (open) records[records.length - 1]!.text += `\n${line}`;
    else records.push({ line: i + 1, text: line });
    const quotes = line.split('"').length - 1;
    if (quotes % 2 === 1) open = !open;
  }
  return records;
}

/**
 * Parses a table whose first line names the columns. Fields are trimmed; quoted ones may hold line ends.
 *
 * @throws DataError when a row has more or fewer fields than the header, naming the line.
 */
export function parseTable(text: string, separator: string, operation: string, path: string): TextTable {
  const [header, ...records] = splitRecords(text);
  const columns = splitFields(header?.text ?? '', separator).map((name) => name.trim());
  const rows = records.map((record) => {
    const fields = splitFields(record.text, separator);
    if (fields.length !== columns.length) {
      throw new DataError(operation, {
        need: `${columns.length} fields in every line, as in the header`,
        found: `${fields.length} in line ${record.line} of ${path}`,
      });
    }
    return Object.fromEntries(columns.map((name, c) => [name, fields[c]!.trim()]));
  });
  return { columns, rows };
}

/** Text as a finite number; empty text and anything else is undefined. */
export function finiteNumber(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
