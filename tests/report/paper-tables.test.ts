import { describe, expect, it } from 'vitest';
import { dropPercent, METRIC_KINDS } from '../../src/eval/index.ts';
import { HEST_BENCHMARK, HEST_EXTENDED, PAPER_METRICS } from '../../src/report/paper-tables.ts';
import { extendedTable, hestTable } from '../../src/report/published-tables.ts';

const cells = Object.entries(HEST_EXTENDED).flatMap(([set, models]) =>
  Object.entries(models).flatMap(([model, row]) =>
    PAPER_METRICS.map((metric) => ({ set, model, metric, row, printed: row.drop[metric] })),
  ),
);

describe('published tables', () => {
  it('have all their cells', () => {
    expect(cells).toHaveLength(16);
    expect(Object.keys(HEST_BENCHMARK)).toHaveLength(6);
    expect(HEST_BENCHMARK.MV_Hybrid!.pcc).toEqual([0.46, 0.082]);
    expect(HEST_EXTENDED.HMHVG.ViT_12.loso.mse).toEqual([7.123, 5.225]);
  });

  it.each(cells)('Drop of $set $model $metric follows from its two cells', ({ metric, row, printed }) => {
    const kind = METRIC_KINDS[metric];
    const [random, loso] = [row.random[metric][0], row.loso[metric][0]];
    // The cells are rounded to 3 decimals and the drop to 1: it must lie among the drops of all values that round so.
    const half = 0.0005;
    const ends = [-half, half].flatMap((a) =>
      [-half, half].map((b) => dropPercent(random + a, loso + b, kind)),
    );
    expect(printed).toBeGreaterThanOrEqual(Math.min(...ends) - 0.05);
    expect(printed).toBeLessThanOrEqual(Math.max(...ends) + 0.05);
    expect(Math.abs(dropPercent(random, loso, kind) - printed)).toBeLessThan(0.15);
  });
});

describe('headline percentages', () => {
  const { MV_Hybrid: own, ViT_12: vit } = HEST_EXTENDED.HMHVG;
  const gain = (set: 'HVG' | 'HMHVG', metric: 'pcc' | 'pccTop') => {
    const { MV_Hybrid, ViT_12 } = HEST_EXTENDED[set];
    return 100 * (MV_Hybrid.loso[metric][0] / ViT_12.loso[metric][0] - 1);
  };
  const lessDrop = (set: 'HVG' | 'HMHVG', metric: (typeof PAPER_METRICS)[number]) => {
    const { MV_Hybrid, ViT_12 } = HEST_EXTENDED[set];
    return 100 * (1 - MV_Hybrid.drop[metric] / ViT_12.drop[metric]);
  };

  it('57 and 43 are no single ratio of the tables', () => {
    const sets = ['HVG', 'HMHVG'] as const;
    const gains = sets.flatMap((set) => (['pcc', 'pccTop'] as const).map((metric) => gain(set, metric)));
    expect(gains.map((v) => Number(v.toFixed(1)))).toEqual([42.3, 10.6, 92.7, 20.4]);
    const drops = sets.flatMap((set) => PAPER_METRICS.map((metric) => lessDrop(set, metric)));
    expect(drops.map((v) => Number(v.toFixed(1)))).toEqual([33.9, 15.3, 30.3, 32, 34.8, 28.7, 46.5, 53.8]);
    for (const value of [...gains]) expect(Math.round(value)).not.toBe(57);
    for (const value of drops) expect(Math.round(value)).not.toBe(43);
  });

  it('averages over chosen cells come near them, as docs/benchmarks.md says', () => {
    expect((gain('HMHVG', 'pcc') + gain('HMHVG', 'pccTop')) / 2).toBeCloseTo(56.6, 1);
    const some = (['pccTop', 'mse', 'mae'] as const).map((metric) => lessDrop('HMHVG', metric));
    expect(some.reduce((a, b) => a + b) / 3).toBeCloseTo(43.0, 1);
    expect((lessDrop('HVG', 'mae') + lessDrop('HMHVG', 'mae')) / 2).toBeCloseTo(42.9, 1);
    expect([own.loso.pcc[0], vit.loso.pcc[0]]).toEqual([0.212, 0.11]);
  });
});

describe('a run beside them', () => {
  const scores = Object.fromEntries(PAPER_METRICS.map((m, i) => [m, { mean: i + 0.25, std: 0.5 }]));
  const own = scores as Parameters<typeof hestTable>[1];

  it('stands first, with the published cells as they were printed', () => {
    const { columns, rows } = hestTable('this run: x', own);
    expect(columns.map(({ header }) => header)).toEqual(['model', 'PCC', 'PCC-10', 'MSE', 'MAE']);
    expect(rows[0]).toEqual([
      'this run: x',
      '0.250 ± 0.500',
      '1.250 ± 0.500',
      '2.250 ± 0.500',
      '3.250 ± 0.500',
    ]);
    expect(rows.at(-1)).toEqual([
      'MV_Hybrid, published',
      '0.460 ± 0.082',
      '0.747 ± 0.082',
      '5.011 ± 1.478',
      '1.748 ± 0.265',
    ]);
  });

  it('has random, held out and drop of each metric', () => {
    const drop = { pcc: 12.345, pccTop: Number.NaN, mse: 0, mae: 0 };
    const { columns, rows } = extendedTable('this run', { random: own, heldOut: own, drop }, [
      'pcc',
      'pccTop',
    ]);
    expect(columns).toHaveLength(7);
    expect(rows).toHaveLength(5);
    expect(rows[0]!.slice(3, 4)).toEqual(['12.3']);
    expect(rows[0]!.at(-1)).toBe('n/a');
    expect(rows[1]).toEqual([
      'MV_Hybrid (HVG), published',
      '0.214 ± 0.122',
      '0.138 ± 0.102',
      '35.5',
      '0.564 ± 0.129',
      '0.386 ± 0.175',
      '31.5',
    ]);
  });
});
