/**
 * The package's public surface. A change shows here first: run with UPDATE_EXPORTS=1 to accept it, and say so in
 * the change's description.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { entryExists, packageEntries, publicNames } from './public-names.ts';
import { readProjectFile } from './sources.ts';

const LIST = fileURLToPath(new URL('./exports.json', import.meta.url));
const entries = packageEntries();

if (process.env.UPDATE_EXPORTS === '1') {
  const present = Object.entries(entries).filter(([, source]) => entryExists(source));
  const names = Object.fromEntries(present.map(([entry, source]) => [entry, publicNames(source)]));
  writeFileSync(LIST, `${JSON.stringify(names, null, 2)}\n`);
}
const listed = JSON.parse(readFileSync(LIST, 'utf8')) as Record<string, string[]>;

describe('public names', () => {
  it('are read from declarations, lists and star exports', () => {
    expect(publicNames('src/core/atomic-file.ts')).toEqual(['writeAtomically', 'writeFileAtomically']);
    expect(publicNames('src/errors.ts')).toContain('MvHybridError');
    expect(publicNames('src/nn/index.ts')).toEqual(
      expect.arrayContaining(['Linear', 'LinearOptions', 'swigluHidden']),
    );
  });

  it.each(Object.entries(entries))('of %s: %s exists and equals the list', (entry, source) => {
    expect(entryExists(source), `${source} for the package entry ${entry}`).toBe(true);
    expect(publicNames(source)).toEqual(listed[entry]);
  });

  it('are listed for no entry that package.json does not have', () => {
    expect(Object.keys(listed).filter((entry) => !(entry in entries))).toEqual([]);
  });
});

describe('package.json', () => {
  const { exports, bin, engines } = JSON.parse(readProjectFile('package.json')) as {
    exports: Record<string, { types: string; default: string }>;
    bin: Record<string, string>;
    engines: { node: string };
  };

  it('names types beside each entry', () => {
    for (const { types, default: built } of Object.values(exports)) {
      expect(types).toBe(built.replace(/\.js$/, '.d.ts'));
    }
  });

  it('has a source for every program', () => {
    for (const built of Object.values(bin)) {
      const source = built.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts');
      expect(entryExists(source), source).toBe(true);
    }
  });

  it('and the set-up agree on the oldest Node.js', () => {
    const oldest = /OLDEST_NODE = '(\d+\.\d+)\.0'/.exec(readProjectFile('scripts/lib/node-version.mjs'))?.[1];
    expect(engines.node).toBe(`>=${oldest}`);
  });
});
