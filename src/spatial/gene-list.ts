/** Gene lists in files. */
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { firstDuplicate } from './names.ts';
import { requireFile } from './paths.ts';
import { parseJson } from './section-meta.ts';
import { readText, splitLines } from './text-file.ts';

const OPERATION = 'readGeneList';

const names = z.array(z.string().trim().min(1));
const list = z.union([names, z.object({ genes: names })]);

/**
 * Reads gene names from JSON (`["A", "B"]` or, as HEST's `var_50genes.json`, `{"genes": ["A", "B"]}`) or, for any
 * other ending than `.json`, from text with one name per line; empty lines and lines starting with `#` are skipped.
 *
 * @throws UsageError when the path does not exist.
 * @throws DataError for an empty gene list, a repeated name, several names on one line, or JSON of another form.
 */
export async function readGeneList(path: string): Promise<string[]> {
  await requireFile(path, OPERATION, 'a file of gene names');
  const text = await readText(path, OPERATION);
  const genes = path.toLowerCase().endsWith('.json') ? fromJson(text, path) : fromLines(text, path);
  if (genes.length === 0) {
    throw new DataError(OPERATION, { need: 'gene names', found: `an empty gene list in ${path}` });
  }
  const twice = firstDuplicate(genes);
  if (twice === undefined) return genes;
  throw new DataError(OPERATION, { need: 'each gene once', found: `"${twice}" more than once in ${path}` });
}

function fromJson(text: string, path: string): string[] {
  const need = 'a list of gene names, or {"genes": [...]}';
  const value = parseJson(text, list, OPERATION, path, need);
  return Array.isArray(value) ? value : value.genes;
}

function fromLines(text: string, path: string): string[] {
  const lines = splitLines(text).map((line) => line.trim());
  const genes = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const several = genes.find((line) => /[\t,;]/.test(line));
  if (several === undefined) return genes;
  throw new DataError(OPERATION, {
    need: 'one gene name per line',
    found: `"${several.slice(0, 60)}" in ${path}`,
    next: 'put each name on a line of its own',
  });
}
