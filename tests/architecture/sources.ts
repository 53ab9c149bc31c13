/** The project's own files, for the tests of this folder. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SKIPPED = new Set(['node_modules', 'build', 'dist', '.git']);

/** Files below a folder of the project with one of these endings, as sorted paths from the project's root. */
export function projectFiles(folder: string, endings: readonly string[]): string[] {
  const absolute = join(ROOT, folder);
  if (statSync(absolute, { throwIfNoEntry: false }) === undefined) return [];
  const found = readdirSync(absolute, { withFileTypes: true }).flatMap((entry) => {
    const path = join(absolute, entry.name);
    if (entry.isDirectory())
      return SKIPPED.has(entry.name) ? [] : projectFiles(relative(ROOT, path), endings);
    return endings.some((ending) => entry.name.endsWith(ending)) ? [relative(ROOT, path)] : [];
  });
  return found.sort();
}

/** Text of a file named from the project's root. */
export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Source without comments; strings that hold comment marks (`'https://...'`) are kept. */
export function withoutComments(source: string): string {
  return source.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, text: string | undefined) => text ?? '',
  );
}

/** Module names in import and export declarations and in dynamic imports. */
export function importsOf(source: string): string[] {
  const code = withoutComments(source);
  const declarations = code.matchAll(/(?:^|[\s;}])(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g);
  const sideEffects = code.matchAll(/(?:^|[\s;}])import\s*['"]([^'"]+)['"]/g);
  const dynamic = code.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]/g);
  return [...declarations, ...sideEffects, ...dynamic].map((match) => match[1]!);
}
