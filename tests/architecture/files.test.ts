import { describe, expect, it } from 'vitest';
import { projectFiles, readProjectFile } from './sources.ts';

const CODE = ['.ts', '.mjs', '.cc', '.h', '.css'];
const code = ['src', 'web', 'scripts', 'native', 'tests', 'bench'].flatMap((folder) =>
  projectFiles(folder, CODE),
);
const texts = [
  ...code,
  ...projectFiles('docs', ['.md']),
  ...projectFiles('.ci', ['run']),
  ...projectFiles('native', ['.txt', '.json']),
];

/** `path:line` of every line that matches. */
function linesMatching(pattern: RegExp): string[] {
  return texts.flatMap((path) =>
    readProjectFile(path)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );
}

describe('files', () => {
  it('are at most 400 lines long, generated ones aside', () => {
    expect(code.length).toBeGreaterThan(50);
    const long = code
      .filter((path) => !path.includes('.generated.'))
      .map((path) => ({ path, lines: readProjectFile(path).trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it('name no absolute path of some machine', () => {
    // Top folders of a person's machine, at the start of a path: not as a part of an address or a relative path.
    const tops = ['home', 'Users', 'root', 'mnt', 'media', 'work', 'workspace', 'tmp'];
    const places = new RegExp(`(?:^|['"\`\\s(=:])/(?:${tops.join('|')})(?:/|['"\`\\s]|$)`);
    expect(places.test(`open('${'/'}home/me/a.tif')`)).toBe(true);
    expect(places.test("open('src/home/a.ts')")).toBe(false);
    expect(linesMatching(places)).toEqual([]);
  });

  it('leave nothing to be done later', () => {
    const words = new RegExp(
      `\\b(?:${['TO', 'FIX'].map((w, i) => w + ['DO', 'ME'][i]).join('|')}|X${'X'}X)\\b`,
    );
    expect(linesMatching(words)).toEqual([]);
  });

  it('are named in kebab-case', () => {
    const odd = code.filter((path) => {
      const name = path.split('/').at(-1)!;
      return !path.startsWith('native/') && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(name);
    });
    expect(odd).toEqual([]);
  });
});
