/** A report document as an HTML page, Markdown, CSV and JSON. */
import { csvText } from '../core/csv.ts';
import { stableJson } from '../core/stable-json.ts';
import type { ReportBlock, ReportDocument, ReportFigure, ReportTable } from './document.ts';
import { escapeHtml, htmlPage, htmlTable } from './html-page.ts';

function htmlFigure({ caption, image }: ReportFigure): string {
  const alt = escapeHtml(caption);
  const picture =
    typeof image === 'string'
      ? image
      : `<img alt="${alt}" src="data:image/png;base64,${image.toString('base64')}">`;
  const className = typeof image === 'string' ? '' : ' class="picture"';
  return `<figure${className}>${picture}<figcaption>${alt}</figcaption></figure>`;
}

/** Two columns of names and values break lines; tables of numbers scroll. */
function htmlOfTable({ columns, rows, caption, strong, wrap = false }: ReportTable): string {
  const wide = columns.length === 2 && columns.every(({ align = 'left' }) => align === 'left');
  const full = columns.map(({ header, align = 'left' }, c) => ({
    header,
    align: (wide && c === 1) || (wrap && align === 'left') ? ('wrap' as const) : align,
  }));
  const title = caption === undefined ? '' : `<p class="caption">${escapeHtml(caption)}</p>\n`;
  return `<div>${title}${htmlTable(full, rows, strong)}</div>`;
}

function htmlOf(blocks: readonly ReportBlock[]): string {
  const parts: string[] = [];
  // Figures, and tables, that follow each other stand side by side where there is room.
  let run: { readonly group: string; readonly items: string[] } = { group: '', items: [] };
  const flush = () => {
    if (run.items.length > 0) parts.push(`<div class="${run.group}">${run.items.join('\n')}</div>`);
  };
  for (const block of blocks) {
    const group = block.kind === 'figure' ? 'charts' : block.kind === 'table' ? 'tables' : '';
    if (group !== run.group) {
      flush();
      run = { group, items: [] };
    }
    if (block.kind === 'figure') run.items.push(htmlFigure(block));
    else if (block.kind === 'table') run.items.push(htmlOfTable(block));
    else {
      const tone = block.tone === 'plain' ? '' : ` class="${block.tone}"`;
      parts.push(`<p${tone}>${escapeHtml(block.text)}</p>`);
    }
  }
  flush();
  return parts.join('\n');
}

/** One self-contained page. */
export function documentHtml({ title, subtitle, sections }: ReportDocument): string {
  const body = sections.map(({ heading, blocks }) => `<h2>${escapeHtml(heading)}</h2>\n${htmlOf(blocks)}`);
  const head = `<h1>${escapeHtml(title)}</h1>\n<p class="quiet">${escapeHtml(subtitle)}</p>`;
  return htmlPage(title, [head, ...body].join('\n'));
}

const cellOf = (content: string) => content.replaceAll('|', '\\|').replaceAll('\n', ' ');

function markdownTable({ columns, rows, caption }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellOf).join(' | ')} |`;
  const rule = columns.map(({ align }) => (align === 'right' ? '---:' : '---'));
  const lines = [line(columns.map(({ header }) => header)), `| ${rule.join(' | ')} |`, ...rows.map(line)];
  return [...(caption === undefined ? [] : [`*${caption}*`, '']), ...lines].join('\n');
}

/** Texts and tables; figures are named only. */
export function documentMarkdown({ title, subtitle, sections }: ReportDocument): string {
  const blockText = (block: ReportBlock) => {
    if (block.kind === 'table') return markdownTable(block);
    if (block.kind === 'figure') return `*Figure (report.html): ${block.caption}*`;
    return block.tone === 'note' ? `> ${block.text}` : block.text;
  };
  const body = sections.flatMap(({ heading, blocks }) => [`## ${heading}`, ...blocks.map(blockText)]);
  return `${[`# ${title}`, subtitle, ...body].join('\n\n')}\n`;
}

/** Every cell of every table on a line of its own: table, row, column, value. */
export function documentCsv({ sections }: ReportDocument): string {
  const tables = sections.flatMap(({ blocks }) => blocks.filter((block) => block.kind === 'table'));
  const cells = tables.flatMap(({ name, columns, rows }) =>
    rows.flatMap((row, r) =>
      row.slice(1).map((value, c) => [name, r + 1, row[0]!, columns[c + 1]!.header, value]),
    ),
  );
  return csvText(['table', 'line', 'row', 'column', 'value'], cells);
}

/** Texts and tables as JSON. */
export function documentJson({ title, subtitle, sections }: ReportDocument): string {
  const plain = sections.map(({ heading, blocks }) => ({
    heading,
    blocks: blocks.map((block) =>
      block.kind === 'figure' ? { kind: block.kind, caption: block.caption } : block,
    ),
  }));
  return stableJson({ title, subtitle, sections: plain });
}
