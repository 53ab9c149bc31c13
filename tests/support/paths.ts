import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path below `tests/golden`. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
}

/** Parsed `tests/golden/eval/<name>.json`. The caller names the shape it relies on. */
export function readEvalGolden<T>(name: string): T {
  return JSON.parse(readFileSync(goldenPath(`eval/${name}.json`), 'utf8')) as T;
}

/**
 * Real data that is not part of the project, in `shared/data` beside the checkout.
 * Tests that need it use `describe.skipIf(sharedData('her2st') === undefined)` and so are reported as skipped.
 */
export function sharedData(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}
