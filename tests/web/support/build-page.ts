import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const config = fileURLToPath(new URL('../../../web/vite.config.ts', import.meta.url));

/** Builds the page from its sources as they are now; returns its folder, which goes when the process ends. */
export async function buildPage(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'mvhybrid-web-'));
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  await build({ configFile: config, build: { outDir }, logLevel: 'error' });
  return outDir;
}
