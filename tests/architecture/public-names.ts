/** The public names of a module, read from its source, so that no build and no compute engine is needed. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT, readProjectFile, withoutComments } from './sources.ts';

const DECLARED =
  /(?:^|\n)export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const\s+enum|function\*?|class|const|let|interface|type|enum|namespace)\s+([A-Za-z_$][\w$]*)/g;

/** `type Foo`, `foo as bar`, `foo` -> the name seen from outside. */
function outsideName(item: string): string {
  const words = item.trim().split(/\s+/);
  return words.at(-1)!;
}

/**
 * Names exported by a file, sorted. Star exports of the project's own files are followed.
 *
 * @param path from the project's root, e.g. `src/nn/index.ts`
 */
export function publicNames(path: string): string[] {
  const code = withoutComments(readProjectFile(path));
  const names = new Set<string>();
  for (const [, name] of code.matchAll(DECLARED)) names.add(name!);
  for (const [, list] of code.matchAll(/(?:^|\n)export\s+(?:type\s+)?\{([^}]*)\}/g)) {
    for (const item of list!.split(',')) if (item.trim() !== '') names.add(outsideName(item));
  }
  for (const [, alias, from] of code.matchAll(
    /(?:^|\n)export\s+(?:type\s+)?\*\s*(?:as\s+(\w+)\s+)?from\s*['"]([^'"]+)/g,
  )) {
    if (alias !== undefined) names.add(alias);
    else if (from!.startsWith('.'))
      for (const name of publicNames(normalize(join(dirname(path), from!)))) names.add(name);
    else throw new Error(`${path}: a star export of the package ${from} makes the public names depend on it`);
  }
  return [...names].sort();
}

/** Entry -> source file, from the `exports` of package.json. */
export function packageEntries(): Record<string, string> {
  const { exports } = JSON.parse(readProjectFile('package.json')) as {
    exports: Record<string, { default: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).map(([entry, { default: built }]) => [
      entry,
      built.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts'),
    ]),
  );
}

/** True when the source of an entry is there. */
export function entryExists(source: string): boolean {
  return existsSync(join(ROOT, source));
}
