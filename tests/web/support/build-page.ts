import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Builds the page from its sources as they are now; returns its folder. One folder for each process of the tests. */
export async function buildPage(): Promise<string> {
  const outDir = root(`build/web-test-${process.pid}`);
  await build({ configFile: root('web/vite.config.ts'), build: { outDir }, logLevel: 'error' });
  return outDir;
}
