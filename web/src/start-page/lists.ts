/** The lists below the slides: tables, runs, heads, and what could not be read. */
import {
  type Catalogue,
  type RunEntry,
  reportAddress,
  type TableEntry,
} from '../../../src/contract/index.ts';
import { element } from '../dom/element.ts';
import { counted } from '../numbers/format.ts';
import { DEFAULT_CHOICE, formatRoute } from '../router.ts';
import { sourceOf } from '../viewer/sources.ts';

/** The address of a table on its slide, or undefined where it has none. */
export function tableLink({ id, kind, slideId }: TableEntry): string | undefined {
  if (slideId === null) return undefined;
  const source = sourceOf(kind);
  return formatRoute({
    page: 'slide',
    id: slideId,
    choice: { ...DEFAULT_CHOICE, source, [`${source}Id`]: id },
  });
}

function row(title: Node | string, ...texts: string[]): HTMLElement {
  return element('li', {}, title, ...texts.filter(Boolean).map((text) => element('span', {}, text)));
}

function link(text: string, href: string): HTMLElement {
  return element('a', { attributes: { href } }, text);
}

export function tableRow(table: TableEntry): HTMLElement {
  const address = tableLink(table);
  const what = `${table.kind}, ${counted(table.rows, 'row')}${table.genes > 0 ? `, ${counted(table.genes, 'gene')}` : ''}`;
  return row(
    address === undefined ? table.name : link(table.name, address),
    what,
    address === undefined ? `${table.path}, on no slide of this folder` : table.path,
  );
}

export function runRow(run: RunEntry): HTMLElement {
  const title =
    run.kind === 'expression' ? link(run.name, formatRoute({ page: 'run', id: run.id })) : run.name;
  const made = row(title, run.kind, run.path);
  if (run.report) {
    made.append(
      element(
        'a',
        { attributes: { href: reportAddress(run.id), target: '_blank', rel: 'noopener' } },
        'report',
      ),
    );
  }
  return made;
}

export function headRow({ name, path, genes, backbone, encoder }: Catalogue['heads'][number]): HTMLElement {
  return row(name, `${counted(genes.length, 'gene')}, ${backbone}`, encoder, path);
}

export function problemRow({ path, message }: Catalogue['problems'][number]): HTMLElement {
  return row(element('strong', {}, path), message);
}
