import { describe, expect, it } from 'vitest';
import type { Catalogue, TableDetail } from '../../src/contract/index.ts';
import { scoreRows, sortRows } from '../../web/src/panels/score-rows.ts';
import { firstShown } from '../../web/src/panels/scores.ts';
import { axisStart } from '../../web/src/panels/strip-chart.ts';
import { DEFAULT_CHOICE, formatRoute, parseRoute, type Route } from '../../web/src/router.ts';
import { rankNames } from '../../web/src/search/rank-names.ts';
import { matching } from '../../web/src/start-page/filter.ts';
import { slideForGenes } from '../../web/src/start-page/run-page.ts';
import { createStore } from '../../web/src/state.ts';
import { rowsOf } from '../../web/src/viewer/selection.ts';
import {
  availableSources,
  chosenTables,
  paneSources,
  searchableNames,
} from '../../web/src/viewer/sources.ts';
import { createFixture } from './support/fixture-data.ts';

describe('addresses of the page', () => {
  const full: Route = {
    page: 'slide',
    id: 's/1?',
    choice: {
      gene: 'HLA-DRA & co',
      panes: 3,
      source: 'difference',
      map: 'magma',
      percentiles: { low: 0, high: 99.5 },
      measuredId: 'm1',
      predictedId: 'p2',
      otherId: 'q3',
      place: { x: 1234.5, y: 99.1, zoom: 0.12345 },
    },
  };

  it('hold everything that is seen', () => {
    expect(parseRoute(formatRoute(full))).toEqual(full);
  });

  it('leave out what is as at first', () => {
    expect(formatRoute({ page: 'slide', id: 's1', choice: DEFAULT_CHOICE })).toBe('#/slide/s1');
    expect(formatRoute({ page: 'slide', id: 's1', choice: { ...DEFAULT_CHOICE, gene: 'FASN' } })).toBe(
      '#/slide/s1?gene=FASN',
    );
    expect([formatRoute({ page: 'start' }), formatRoute({ page: 'run', id: 'r 1' })]).toEqual([
      '#/',
      '#/run/r%201',
    ]);
  });

  it('take nonsense for the default', () => {
    expect(parseRoute('#/slide/s1?panes=9&show=x&map=jet&range=80,20&at=1,2,-3')).toEqual({
      page: 'slide',
      id: 's1',
      choice: DEFAULT_CHOICE,
    });
    expect(['', '#', '#/slide/', '#/nowhere/1'].map(parseRoute)).toEqual(Array(4).fill({ page: 'start' }));
  });
});

describe('gene search', () => {
  const names = ['CD740', 'ACD74B', 'CD74', 'CD7', 'CD4', 'SCD', 'ERBB2'];

  it('lists the name itself, then beginnings, then the rest', () => {
    expect(rankNames('cd74', names, 10)).toEqual(['CD74', 'CD740', 'ACD74B']);
    expect(rankNames(' CD', names, 4)).toEqual(['CD4', 'CD7', 'CD74', 'CD740']);
    expect(rankNames('scd', names, 10)).toEqual(['SCD']);
    expect(rankNames('xyz', names, 10)).toEqual([]);
    expect(rankNames('', names, 2)).toEqual(['CD740', 'ACD74B']);
  });

  it('answers at typing speed for 30,000 names', () => {
    const many = Array.from({ length: 30_000 }, (_, i) => `GENE${(i * 7919) % 30_000}`);
    rankNames('1', many, 12);
    const start = performance.now();
    expect(rankNames('gene2', many, 12)).toHaveLength(12);
    // Typing is not felt to lag below 100 ms; a busy machine is allowed twice that.
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('what panes show', () => {
  const details = [...createFixture().tables.values()].map(({ detail }) => detail);
  const none = { measuredId: null, predictedId: null, otherId: null };
  const second: TableDetail = { ...details[1]!, id: 'p2' };

  it('is the chosen table of each kind, else the first', () => {
    const chosen = chosenTables([...details, second], { ...none, predictedId: 'p2', measuredId: 'gone' });
    expect([chosen.measured?.id, chosen.predicted?.id, chosen.other?.id]).toEqual(['m1', 'p2', 'q1']);
  });

  it('depends on which tables there are', () => {
    expect(availableSources(chosenTables(details, none))).toEqual([
      'measured',
      'predicted',
      'difference',
      'other',
    ]);
    expect(availableSources(chosenTables(details.slice(1), none))).toEqual(['predicted', 'other']);
    expect(availableSources(chosenTables([], none))).toEqual([]);
  });

  it('fills as many panes as there are things to compare', () => {
    const all = availableSources(chosenTables(details, none));
    expect(paneSources(all, 1, null)).toEqual(['measured']);
    expect(paneSources(all, 1, 'other')).toEqual(['other']);
    expect(paneSources(all, 2, 'other')).toEqual(['measured', 'predicted']);
    expect(paneSources(all, 3, null)).toEqual(['measured', 'predicted', 'difference']);
    expect(paneSources(['predicted', 'other'], 3, 'measured')).toEqual(['predicted']);
    expect(paneSources([], 2, null)).toEqual([]);
  });

  it('can be searched by genes first, then columns', () => {
    const names = searchableNames(chosenTables(details, none));
    expect(names.slice(0, 2)).toEqual(['ERBB2', 'CD74']);
    expect(names.slice(-2)).toEqual(['tissue_share', 'focus']);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('scores', () => {
  const split = {
    name: 'patient',
    folds: [
      { name: 'A', testSpots: 10 },
      { name: 'B', testSpots: 10 },
    ],
    genes: [
      { gene: 'B1', pcc: [0.5, null] },
      { gene: 'A1', pcc: [0.2, -0.6] },
      { gene: 'C1', pcc: [null, null] },
    ],
  };
  const rows = scoreRows(split);

  it('have means of the folds with a score', () => {
    expect(rows.map(({ mean }) => mean)).toEqual([0.5, expect.closeTo(-0.2, 12), null]);
  });

  it('sort by any column, missing ones last', () => {
    const order = (...args: [Parameters<typeof sortRows>[1], boolean]) =>
      sortRows(rows, ...args).map(({ gene }) => gene);
    expect(order('mean', true)).toEqual(['B1', 'A1', 'C1']);
    expect(order('mean', false)).toEqual(['A1', 'B1', 'C1']);
    expect(order('gene', true)).toEqual(['C1', 'B1', 'A1']);
    expect(order(1, true)).toEqual(['A1', 'B1', 'C1']);
  });

  it('begin with a split that holds whole patients or studies out', () => {
    const named = (...names: string[]) => names.map((name) => ({ ...split, name }));
    expect(firstShown(named('random-spots', 'random-sections', 'patient', 'study'))?.name).toBe('study');
    expect(firstShown(named('random-spots'))?.name).toBe('random-spots');
    expect(firstShown([])).toBe(undefined);
  });

  it('have an axis that holds the lowest', () => {
    expect(axisStart(rows)).toBe(-0.75);
    expect(axisStart([])).toBe(0);
  });
});

describe('start page', () => {
  it('finds entries by all words of name and path', () => {
    const entries = [
      { name: 'A1', path: 'her2st/A1/he.jpg' },
      { name: 'B4', path: 'her2st/B4/he.jpg' },
    ];
    expect(matching(entries, 'HER2 a1').map(({ name }) => name)).toEqual(['A1']);
    expect(matching(entries, '')).toHaveLength(2);
    expect(matching(entries, 'a1 b4')).toEqual([]);
  });

  it('shows genes of a run on a slide that has both tables', () => {
    const { catalogue } = createFixture();
    const other = { ...catalogue.slides[0]!, id: 's0' };
    const table = { ...catalogue.tables[0]!, slideId: 's0' };
    const both: Catalogue = {
      ...catalogue,
      slides: [other, ...catalogue.slides],
      tables: [table, ...catalogue.tables],
    };
    expect(slideForGenes(both)).toBe('s1');
    expect(slideForGenes({ ...catalogue, tables: [table], slides: [other] })).toBe('s0');
    expect(slideForGenes({ ...catalogue, tables: [] })).toBe(undefined);
  });
});

describe('store', () => {
  it('tells what changed, and only when it did', () => {
    const store = createStore({ a: 1, b: 'x' });
    const seen: [number, number][] = [];
    const stop = store.subscribe((now, before) => seen.push([before.a, now.a]));
    store.set({ a: 1 });
    store.set({ a: 2 });
    stop();
    store.set({ a: 3 });
    expect(seen).toEqual([[1, 2]]);
    expect(store.get()).toEqual({ a: 3, b: 'x' });
  });

  it('masks become row numbers', () => {
    expect(rowsOf(Uint8Array.from([0, 1, 1, 0, 1]))).toEqual([1, 2, 4]);
  });
});
