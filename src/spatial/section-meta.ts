/** `meta.json` beside ST sections: pixel size and donor of each. */
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { pathKind } from './paths.ts';
import { readText } from './text-file.ts';

const OPERATION = 'readSectionMeta';

const entry = z.object({ um_per_px: z.number().positive(), patient: z.string().min(1).optional() });

/** What `meta.json` says of one section; further keys in the file are ignored. */
export interface SectionMeta {
  readonly mpp: number;
  readonly patient?: string;
  readonly source: string;
}

/** Parses JSON text; every failure names the file. */
export function parseJson<T>(
  text: string,
  schema: z.ZodType<T>,
  operation: string,
  path: string,
  need: string,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError(operation, { need, found: `text that is no JSON in ${path}`, cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const place = issue.path.length > 0 ? `at "${issue.path.join('.')}"` : 'at its top';
  throw new DataError(operation, { need, found: `${path} with a problem ${place} (${issue.message})` });
}

/**
 * The `meta.json` of a cohort folder, one object per section folder name: `{"A1": {"um_per_px": 0.5,
 * "patient": "P1"}, ...}`, entries not yet checked; undefined when there is none.
 *
 * @throws DataError when it is no JSON object.
 */
export async function readCohortMeta(folder: string): Promise<Record<string, unknown> | undefined> {
  const path = join(folder, 'meta.json');
  if ((await pathKind(path)) !== 'file') return undefined;
  const text = await readText(path, OPERATION);
  return parseJson(text, z.record(z.string(), z.unknown()), OPERATION, path, 'an object of section names');
}

/**
 * What is known of one section folder, from its own `meta.json` (`{"um_per_px": 0.5, "patient": "P1"}`) and its
 * entry in the parent folder's; its own wins.
 *
 * @throws DataError when an entry has no positive `um_per_px`, or a file is no JSON object.
 */
export async function readSectionMeta(folder: string): Promise<SectionMeta | undefined> {
  const here = resolve(folder);
  const name = basename(here);
  const own = await readCohortMeta(here);
  const shared = (await readCohortMeta(dirname(here)))?.[name];
  const entries = [
    ...(own === undefined ? [] : [checkEntry(own, join(here, 'meta.json'))]),
    ...(shared === undefined ? [] : [checkEntry(shared, join(dirname(here), 'meta.json'), name)]),
  ];
  const first = entries[0];
  if (first === undefined) return undefined;
  const patient = entries.find((item) => item.patient !== undefined)?.patient;
  const meta = { mpp: first.um_per_px, source: 'meta.json um_per_px' };
  return patient === undefined ? meta : { ...meta, patient };
}

function checkEntry(value: unknown, path: string, name?: string): z.infer<typeof entry> {
  const result = entry.safeParse(value);
  if (result.success) return result.data;
  const place = name === undefined ? path : `"${name}" in ${path}`;
  const issue = result.error.issues[0]!;
  throw new DataError(OPERATION, {
    need: 'a positive um_per_px and, if given, a patient name',
    found: `${place} with ${issue.path.join('.') || 'its top'}: ${issue.message}`,
  });
}
