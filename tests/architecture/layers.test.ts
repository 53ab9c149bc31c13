import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, projectFiles, readProjectFile, withoutComments } from './sources.ts';

const COMPUTE = ['tensor', 'nn', 'optim', 'weights', 'backbones', 'ssl'];
const MEASURED = ['slide', 'spatial', 'synthetic'];
const RESULTS = ['embedding', 'eval', 'train', 'report', 'pipeline'];

/**
 * Which folder of src may import which; `errors` (src/errors.ts) is open to all. A new folder needs a row here.
 * Reading slides and counts never reaches the compute engine, so it works where libtorch is absent.
 */
const ALLOWED: Record<string, readonly string[]> = {
  errors: [],
  core: [],
  contract: [],
  tensor: ['core'],
  nn: ['core', 'tensor'],
  optim: ['core', 'tensor', 'nn'],
  weights: ['core', 'tensor', 'nn'],
  backbones: ['core', 'tensor', 'nn', 'weights'],
  ssl: ['core', 'tensor', 'nn', 'optim', 'weights', 'backbones'],
  onnx: ['core', 'tensor', 'nn', 'backbones'],
  slide: ['core'],
  spatial: ['core', 'slide'],
  synthetic: ['core', 'slide', 'spatial'],
  data: ['core', 'tensor', 'slide', 'spatial'],
  embedding: ['core', 'tensor', 'weights', 'backbones', 'slide', 'spatial'],
  train: ['core', ...COMPUTE, ...MEASURED, 'data', 'embedding', 'eval', 'report'],
  eval: ['core', 'tensor', 'nn', 'optim', 'weights', 'backbones', 'slide', 'spatial', 'embedding'],
  report: ['core', 'slide', 'spatial', 'eval'],
  pipeline: ['core', ...COMPUTE, ...MEASURED, 'data', 'embedding', 'eval', 'train', 'report'],
  reproduce: ['core', ...COMPUTE, ...MEASURED, 'data', ...RESULTS],
  bench: ['core', ...COMPUTE, ...MEASURED, 'data', ...RESULTS, 'onnx'],
  server: ['core', 'contract', ...COMPUTE, ...MEASURED, ...RESULTS],
  cli: ['core', ...COMPUTE, ...MEASURED, ...RESULTS, 'bench', 'onnx', 'reproduce', 'server'],
  index: ['core', ...COMPUTE, ...MEASURED, ...RESULTS],
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly name: string;
}

/** `src/nn/linear.ts` -> nn, `src/errors.ts` -> errors. */
function folderOf(path: string): string {
  return path.split('/')[1]!.replace(/\.ts$/, '');
}

const files = projectFiles('src', ['.ts']);
const imports: Import[] = files.flatMap((file) =>
  importsOf(readProjectFile(file))
    .filter((name) => name.startsWith('.'))
    .map((name) => ({
      file,
      name,
      from: folderOf(file),
      to: folderOf(normalize(join(dirname(file), name))),
    })),
);
const between = imports.filter(({ from, to }) => from !== to);

/** Folders reachable from one, itself included. */
function reach(edges: ReadonlyMap<string, ReadonlySet<string>>, start: string): Set<string> {
  const seen = new Set([start]);
  for (const folder of seen) for (const next of edges.get(folder) ?? []) seen.add(next);
  return seen;
}

const edges = new Map<string, Set<string>>();
for (const { from, to } of between) edges.set(from, (edges.get(from) ?? new Set()).add(to));

describe('import direction', () => {
  it('finds the imports it is about', () => {
    expect(
      importsOf(
        "import { a,\n  type B } from './b.ts';\nexport * from \"../c.ts\"; // import x from './d.ts'\n",
      ),
    ).toEqual(['./b.ts', '../c.ts']);
    expect(importsOf("import './e.ts';\nconst f = await import('./f.ts');\nconst u = 'http://x';\n")).toEqual(
      ['./e.ts', './f.ts'],
    );
    expect(imports.some(({ from, to }) => from === 'nn' && to === 'tensor')).toBe(true);
  });

  it('has a row for every folder', () => {
    const unknown = [...new Set(files.map(folderOf))].filter((folder) => !(folder in ALLOWED));
    expect(unknown, 'folders of src without a row in ALLOWED').toEqual([]);
  });

  it('follows the table', () => {
    const wrong = between.filter(({ from, to }) => to !== 'errors' && !ALLOWED[from]?.includes(to));
    expect(
      wrong.map(({ file, name, from, to }) => `${file} imports ${name} (${from} may not use ${to})`),
    ).toEqual([]);
  });

  it('has a table without cycles, and so have the folders', () => {
    const table = new Map(Object.entries(ALLOWED).map(([from, to]) => [from, new Set(to)]));
    for (const graph of [table, edges]) {
      const cyclic = [...graph].flatMap(([from, targets]) =>
        [...targets]
          .filter((to) => reach(graph, to).has(from))
          .map((to) => `${from} -> ${to} -> ... -> ${from}`),
      );
      expect(cyclic).toEqual([]);
    }
  });

  it.each(MEASURED)('keeps %s free of the compute engine, directly and through others', (folder) => {
    const reached = [...reach(edges, folder)];
    expect(reached.filter((name) => COMPUTE.includes(name))).toEqual([]);
  });

  it('imports only files that exist, with their ending', () => {
    const known = new Set(files);
    const missing = imports.filter(({ file, name }) => !known.has(normalize(join(dirname(file), name))));
    expect(missing.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  it('leaves src only for packages', () => {
    const outside = imports.filter(({ file, name }) =>
      relative('src', join(dirname(file), name)).startsWith('..'),
    );
    expect(outside.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });
});

describe('the page of the viewer', () => {
  /** Packages that run in browsers. */
  const packages = ['openseadragon'];

  it('imports its own files, the contract and browser packages', () => {
    const page = projectFiles('web/src', ['.ts']);
    expect(page.length).toBeGreaterThan(40);
    const wrong = page.flatMap((file) =>
      importsOf(readProjectFile(file))
        .filter((name) => {
          if (!name.startsWith('.')) return !packages.includes(name);
          const target = normalize(join(dirname(file), name));
          return !target.startsWith('web/src/') && target !== 'src/contract/index.ts';
        })
        .map((name) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no inline script and no inline style', () => {
    const html = readProjectFile('web/index.html');
    expect(html.match(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/g)).toBe(null);
    const attributes = projectFiles('web/src', ['.ts']).filter((file) =>
      /innerHTML|insertAdjacentHTML|setAttribute\(\s*'style'|attributes: \{[^}]*\bstyle:/.test(
        readProjectFile(file),
      ),
    );
    expect(attributes).toEqual([]);
  });
});

describe('native addon', () => {
  it('is loaded by src/tensor and by nobody else', () => {
    const loads = /\bdlopen\b|\.node['"`]|native\/build/;
    const loaders = files.filter((file) => loads.test(withoutComments(readProjectFile(file))));
    expect(loaders.length).toBeGreaterThan(0);
    expect([...new Set(loaders.map(folderOf))]).toEqual(['tensor']);
  });
});
