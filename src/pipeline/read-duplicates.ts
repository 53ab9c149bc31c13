import { DataError } from '../errors.ts';
import { requireFile } from '../spatial/paths.ts';
import { readText, splitLines } from '../spatial/text-file.ts';

const OPERATION = 'duplicates';

/**
 * Reads groups of section ids that are the same tissue: one group per line, ids between commas; empty lines and
 * lines starting with `#` are skipped.
 *
 * @throws UsageError when there is no such file; DataError for a line with fewer than two ids, an id in two groups, or
 *   no group at all.
 */
export async function readDuplicates(path: string): Promise<string[][]> {
  await requireFile(path, OPERATION, 'a file of section ids');
  const lines = splitLines(await readText(path, OPERATION)).map((line) => line.trim());
  const groups = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').map((id) => id.trim()));
  const short = groups.find((ids) => ids.length < 2 || ids.includes(''));
  if (groups.length === 0 || short !== undefined) {
    throw new DataError(OPERATION, {
      need: 'two or more section ids per line, between commas',
      found: short === undefined ? `no line with ids in ${path}` : `"${short.join(',')}" in ${path}`,
    });
  }
  const seen = new Set<string>();
  for (const id of groups.flat()) {
    if (seen.has(id))
      throw new DataError(OPERATION, { need: 'each id once', found: `${id} more than once in ${path}` });
    seen.add(id);
  }
  return groups;
}
