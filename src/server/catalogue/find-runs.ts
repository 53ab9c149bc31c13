/** Results of benchmarks and analyses. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors.ts';
import { idOf } from './ids.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { folderOf, type RunRecord, stemOf } from './records.ts';
import type { Listing } from './walk.ts';

const result = z.looseObject({ kind: z.string() });
/** Results beyond this size are none of ours. */
export const MOST_RESULT_BYTES = 2 ** 28;

const KINDS = ['expression', 'classification', 'retrieval', 'survival', 'frequency'];

/** `expression benchmark` to `expression`; undefined for results of other programs. */
export function runKind(kind: string): string | undefined {
  const first = kind.split(' ')[0]!;
  return KINDS.includes(first) ? first : undefined;
}

/** @throws DataError for text that is no JSON object with a kind. */
export async function readResult(path: string): Promise<{ readonly kind: string }> {
  try {
    return result.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new DataError('catalogue', {
      need: 'the result.json of a benchmark or analysis',
      found: `another or damaged file ${path}`,
      next: 'run it again',
      cause,
    });
  }
}

export async function findRuns(listing: Listing, peeks: PeekCache): Promise<RunRecord[]> {
  const { root, folders } = listing;
  const runs: RunRecord[] = [];
  for (const file of listing.files) {
    const { path, absolute, size } = file;
    if (path.split('/').at(-1) !== 'result.json' || size > MOST_RESULT_BYTES) continue;
    const stamp = stampOf(file);
    const found = await peeks.peek({ kind: 'run', path, stamp, root }, async () =>
      runKind((await readResult(absolute)).kind),
    );
    if (found === undefined) continue;
    const folder = folderOf(path);
    const report = folders.get(folder)?.includes('report.html') ?? false;
    const name = folder === '' ? stemOf(root) : folder.split('/').at(-1)!;
    runs.push({
      entry: { id: idOf('run', path), name, path, kind: found, report },
      place: { root, absolute, stamp },
      folder: dirname(absolute),
    });
  }
  return runs;
}
