/** One self-contained HTML page: no scripts, nothing fetched. */

/** Text for use between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (c) => names[c]!);
}

const STYLE = `
:root { color-scheme: light; --ink: #1f2328; --quiet: #57606a; --line: #d0d7de; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 24px 16px 48px; color: var(--ink); background: #fff;
  font: 15px/1.5 Helvetica, Arial, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
p { margin: 6px 0; max-width: 75ch; } .quiet { color: var(--quiet); }
.charts { display: flex; flex-wrap: wrap; gap: 20px; margin: 14px 0; } .charts > * { flex: 0 1 auto; max-width: 100%; }
svg, img { max-width: 100%; height: auto; } .charts > .picture { flex-basis: 556px; }
.scroll { overflow-x: auto; background: linear-gradient(to right, #fff 24px, transparent) 0 0 / 48px 100% no-repeat local,
  linear-gradient(to left, #fff 24px, transparent) 100% 0 / 48px 100% no-repeat local,
  linear-gradient(to right, #0002, transparent) 0 0 / 10px 100% no-repeat scroll,
  linear-gradient(to left, #0002, transparent) 100% 0 / 10px 100% no-repeat scroll; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th.right, td.right { text-align: right; } td:first-child { white-space: normal; min-width: 11ch; } td.wrap { white-space: normal; min-width: 24ch; }
figure { margin: 0; } figcaption { color: var(--quiet); font-size: 13px; max-width: 60ch; overflow-wrap: anywhere; }
.caption { margin: 16px 0 4px; max-width: none; font-weight: bold; font-size: 14px; }
td.wrap { overflow-wrap: anywhere; } tr.strong td { font-weight: bold; }
.tables { display: flex; flex-wrap: wrap; gap: 0 48px; } .tables > * { max-width: 100%; }
.picture { overflow-x: auto; } @media (max-width: 640px) { .picture img { max-width: none; width: 640px; } }
.note { border-left: 3px solid #d55e00; padding: 2px 12px; margin: 8px 0; background: #fff7f0; }
`;

/** The whole document around a body of ready HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

export interface HtmlColumn {
  readonly header: string;
  readonly align?: 'left' | 'right' | 'wrap';
}

/** A table of plain texts; the rows in `strong` stand out. */
export function htmlTable(
  columns: readonly (string | HtmlColumn)[],
  rows: readonly (readonly string[])[],
  strong: readonly number[] = [],
): string {
  const full = columns.map((column) =>
    typeof column === 'string' ? { header: column } : column,
  ) as HtmlColumn[];
  const className = (c: number) => {
    const align = full[c]?.align ?? 'left';
    return align === 'left' ? '' : ` class="${align}"`;
  };
  const head = full.map(({ header }, c) => `<th${className(c)}>${escapeHtml(header)}</th>`).join('');
  const body = rows.map(
    (row, r) =>
      `<tr${strong.includes(r) ? ' class="strong"' : ''}>${row.map((text, c) => `<td${className(c)}>${escapeHtml(text)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}
