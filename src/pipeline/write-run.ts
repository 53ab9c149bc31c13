import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { stableJson } from '../core/stable-json.ts';
import { writeReport } from './write-report.ts';

/** Writes a run's result.json and its report into a folder and returns the paths; equal runs give equal bytes. */
export async function writeRun(folder: string, run: { readonly kind: string }): Promise<string[]> {
  const path = join(folder, 'result.json');
  await writeFileAtomically(path, stableJson(run));
  return [path, ...(await writeReport(folder))];
}
