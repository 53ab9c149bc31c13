/** Which slides a run is about: files, folders, lists, and the share of them that one process takes. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { DataError, UsageError } from '../../errors.ts';

/** Endings of slide formats that the built-in reader or OpenSlide may know. */
const SLIDE_ENDINGS = new Set(
  '.svs .tif .tiff .btf .ndpi .mrxs .scn .bif .vms .vmu .svslide .czi .dcm'.split(' '),
);
/** Endings of lists: one slide a line. */
const LIST_ENDINGS = new Set(['.txt', '.lst', '.list']);

/** One slide to work on. */
export interface SlideEntry {
  /** File name without its ending; names the results. */
  readonly id: string;
  readonly path: string;
  /** Micrometres per level-0 pixel, where a list states it. */
  readonly mpp?: number;
}

/** Part `index` (from 1) of `count` equal parts of a list. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** True for a file whose name says that it is a slide. */
export function isSlideName(path: string): boolean {
  return SLIDE_ENDINGS.has(extname(path).toLowerCase());
}

/** True for a file whose name says that it is a list of slides. */
export function isListName(path: string): boolean {
  return LIST_ENDINGS.has(extname(path).toLowerCase());
}

/**
 * The slides of `inputs`, each once, ordered by id: a slide file (or picture), a folder (searched with all its
 * subfolders for slide endings), or a text list. A line of a list is a path, relative to the list, and may go on with a
 * tab and micrometres per pixel; empty lines and lines that begin with `#` are skipped. Files that a list names are
 * not looked for here: a missing one is a failure of that slide, not of the run.
 *
 * @throws UsageError if an input does not exist, two slides have one id, or nothing is found; DataError for a line that
 *         cannot be understood.
 */
export async function listSlides(inputs: readonly string[]): Promise<SlideEntry[]> {
  const found = new Map<string, SlideEntry>();
  for (const input of inputs) {
    for (const entry of await entriesOf(input)) {
      const path = resolve(entry.path);
      if (!found.has(path)) found.set(path, { ...entry, path });
    }
  }
  const entries = [...found.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const twice = entries.findIndex((entry, i) => entry.id === entries[i - 1]?.id);
  if (twice > 0) {
    throw new UsageError('slides', {
      need: 'slides with different file names, for the names of the results',
      found: `${entries[twice - 1]!.path} and ${entries[twice]!.path}`,
      next: 'rename one, or run them into different folders',
    });
  }
  if (entries.length > 0) return entries;
  throw new UsageError('slides', {
    need: `slides (${[...SLIDE_ENDINGS].join(' ')})`,
    found: `none in ${inputs.join(', ')}`,
    next: 'name slide files, a folder that holds some, or a .txt list',
  });
}

async function entriesOf(input: string): Promise<SlideEntry[]> {
  const found = await stat(input).catch(() => undefined);
  if (found === undefined) {
    throw new UsageError('slides', {
      need: 'slide files, folders or lists',
      found: `nothing at ${input}`,
      next: 'check the path',
    });
  }
  if (found.isDirectory()) {
    const names = await readdir(input, { recursive: true });
    return names.filter(isSlideName).map((name) => entryOf(join(input, name)));
  }
  return isListName(input) ? readList(input) : [entryOf(input)];
}

function entryOf(path: string, mpp?: number): SlideEntry {
  return { id: basename(path, extname(path)), path, ...(mpp === undefined ? {} : { mpp }) };
}

async function readList(list: string): Promise<SlideEntry[]> {
  const lines = (await readFile(list, 'utf8')).split(/\r?\n/);
  return lines.flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [path = '', size, ...rest] = line.split('\t').map((field) => field.trim());
    const mpp = size === undefined ? undefined : Number(size);
    if (path !== '' && rest.length === 0 && (mpp === undefined || mpp > 0))
      return [entryOf(resolve(dirname(list), path), mpp)];
    throw new DataError('slides', {
      need: `a path, or a path, a tab and micrometres per pixel, in line ${i + 1} of ${list}`,
      found: line.trim(),
    });
  });
}

/** The entries that belong to a shard: every `count`-th one. The shards of one list share no slide. */
export function shardOf<T>(entries: readonly T[], { index, count }: Shard): T[] {
  return entries.filter((_, i) => i % count === index - 1);
}
