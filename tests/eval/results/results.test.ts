import { describe, expect, it } from 'vitest';
import {
  cell,
  formatCard,
  meanAndSpread,
  numberColumns,
  type ProtocolCard,
  summariseDefined,
} from '../../../src/eval/results/index.ts';

describe('fold summaries', () => {
  it('leave out what is not defined and count it', () => {
    expect(summariseDefined([1, null, 3])).toEqual({
      mean: 2,
      std: 1,
      sampleStd: Math.SQRT2,
      count: 2,
      undefinedCount: 1,
    });
  });

  it('are null, not NaN, without a value', () => {
    const none = summariseDefined([null]);
    expect(none).toEqual({ mean: null, std: null, sampleStd: null, count: 0, undefinedCount: 1 });
    expect(JSON.parse(JSON.stringify(none))).toEqual(none);
    expect(meanAndSpread(none)).toBe('n/a');
    expect(summariseDefined([0.5]).sampleStd).toBeNull();
    expect(meanAndSpread(summariseDefined([0.5, 0.6]))).toBe('0.550 ± 0.050');
  });
});

describe('tables', () => {
  it('cells and columns', () => {
    expect([cell(0.12345), cell(null), cell(Number.NaN), cell(-1.5, 1)]).toEqual([
      '0.123',
      'n/a',
      'n/a',
      '-1.5',
    ]);
    expect(numberColumns('a', 'b')).toEqual([{ header: 'a' }, { header: 'b', align: 'right' }]);
  });

  it('of a card hold every entry', () => {
    const card: ProtocolCard = {
      task: 'T',
      steps: ['one', 'two'],
      settings: { k: 5, grid: [1, 2], scaled: false, limit: null },
      counts: { items: 3 },
      seeds: { draw: 7 },
      tieRules: ['lowest first'],
      undefinedValues: ['fold 1: none'],
    };
    expect(formatCard(card).rows).toEqual([
      ['task', 'T'],
      ['step', 'one'],
      ['step', 'two'],
      ['k', '5'],
      ['grid', '1, 2'],
      ['scaled', 'false'],
      ['limit', 'none'],
      ['items', '3'],
      ['seed: draw', '7'],
      ['ties', 'lowest first'],
      ['undefined', 'fold 1: none'],
    ]);
  });
});
