import { describe, expect, it } from 'vitest';
import {
  documentCsv,
  documentHtml,
  documentJson,
  documentMarkdown,
  figure,
  nameTable,
  type ReportDocument,
  section,
  table,
  text,
} from '../../src/report/index.ts';

const columns = [{ header: 'fold' }, { header: 'PCC', align: 'right' as const }];
const report: ReportDocument = {
  title: 'A <b> & "c"',
  subtitle: 'made | here',
  sections: [
    ...section('Scores', [
      {
        ...table(
          'folds',
          {
            columns,
            rows: [
              ['A|1', '0.5'],
              ['B', '0.7'],
            ],
          },
          'two folds',
        ),
        strong: [1],
      },
      table('more', { columns, rows: [['C', 'n/a']] }),
      text('beware <script>', 'note'),
      figure('a curve', '<svg id="curve"></svg>'),
      figure('a map', Buffer.from([137, 80, 78, 71])),
    ]),
    ...section('Nothing', []),
    ...section('Protocol', [nameTable('protocol', [['alpha', 'a very long text']])]),
  ],
};

describe('a report document', () => {
  it('becomes one page that fetches nothing and runs nothing', () => {
    const html = documentHtml(report);
    expect(html).toContain('<h1>A &lt;b&gt; &amp; &quot;c&quot;</h1>');
    expect(html).toContain('<p class="note">beware &lt;script&gt;</p>');
    expect(html).toContain('<tr class="strong"><td>B</td>');
    expect(html).toContain('src="data:image/png;base64,iVBORw=="');
    expect(html).toContain('<svg id="curve">');
    expect(html).toContain('<td class="wrap">a very long text</td>');
    expect(html).not.toContain('Nothing');
    expect(html).not.toMatch(/<script|<link|src="(?!data:)|href=|url\(/);
    // Tables that follow each other share a row, and so do figures.
    expect(html.match(/<div class="tables">/g)).toHaveLength(2);
    expect(html.match(/<div class="charts">/g)).toHaveLength(1);
  });

  it('becomes Markdown with escaped bars', () => {
    expect(documentMarkdown(report)).toBe(
      [
        '# A <b> & "c"',
        'made | here',
        '## Scores',
        '*two folds*',
        '| fold | PCC |\n| --- | ---: |\n| A\\|1 | 0.5 |\n| B | 0.7 |',
        '| fold | PCC |\n| --- | ---: |\n| C | n/a |',
        '> beware <script>',
        '*Figure (report.html): a curve*',
        '*Figure (report.html): a map*',
        '## Protocol',
        '| item | value |\n| --- | --- |\n| alpha | a very long text |\n',
      ].join('\n\n'),
    );
  });

  it('becomes CSV with one cell per line, and JSON without pictures', () => {
    expect(documentCsv(report)).toBe(
      'table,line,row,column,value\nfolds,1,A|1,PCC,0.5\nfolds,2,B,PCC,0.7\nmore,1,C,PCC,n/a\nprotocol,1,alpha,value,a very long text\n',
    );
    const json = JSON.parse(documentJson(report));
    expect(json.sections.map((s: { heading: string }) => s.heading)).toEqual(['Scores', 'Protocol']);
    expect(json.sections[0].blocks[3]).toEqual({ kind: 'figure', caption: 'a curve' });
  });
});
