import { describe, expect, it } from 'vitest';
import { type Matrix, matrixFromRows, matrixRow, selectRows } from '../../src/core/matrix.ts';
import { Rng } from '../../src/core/rng.ts';
import {
  BOOTSTRAP_METRICS,
  drawBlocks,
  type Replicates,
  replicateScores,
  spatialBlocks,
} from '../../src/eval/block-bootstrap.ts';
import { meanIntervals, meanReplicates, percentileInterval } from '../../src/eval/intervals.ts';
import { scoreFold } from '../../src/eval/metrics.ts';
import { pairedSplit, subtractReplicates } from '../../src/eval/paired-difference.ts';
import { splitDrops } from '../../src/eval/split-drops.ts';

/** A square of side * side spots, 100 um apart at 0.5 um per pixel. */
function section(id: string, side: number, offset = 0) {
  const spots = Array.from({ length: side * side }, (_, i) => ({
    barcode: `${id}-${i}`,
    x: offset + 200 * (i % side),
    y: offset + 200 * Math.floor(i / side),
  }));
  return { id, mpp: 0.5, spots };
}

function values(rows: number, genes: number, seed: string): { measured: Matrix; predicted: Matrix } {
  const rng = new Rng(seed);
  const truth = Array.from({ length: rows }, () =>
    Array.from({ length: genes }, () => 100 + 3 * rng.normal()),
  );
  const guess = truth.map((row) => row.map((v, g) => 40 + 0.3 * v + (1 + g) * rng.normal()));
  return { measured: matrixFromRows(truth), predicted: matrixFromRows(guess) };
}

describe('blocks of tissue', () => {
  it('are squares of the stated side, each within one section', () => {
    const { blockOf, sectionOf } = spatialBlocks([section('a', 10), section('b', 7, 5000)], 500);
    expect(sectionOf).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    const counts = sectionOf.map((_, b) => blockOf.filter((own) => own === b).length);
    expect(counts).toEqual([25, 25, 25, 25, 25, 10, 10, 4]);
    expect(() => spatialBlocks([], 0)).toThrow(/side above 0/);
  });

  it('are drawn as often as a section has them, the same ones for the same seed', () => {
    const blocks = spatialBlocks([section('a', 10), section('b', 7)], 500);
    const rows = Array.from({ length: 149 }, (_, i) => i);
    const draws = drawBlocks(rows, blocks, 200, 'seed');
    expect(draws.times.cols).toBe(8);
    for (let r = 0; r < 200; r++) {
      const row = matrixRow(draws.times, r);
      expect(row.subarray(0, 4).reduce((a, b) => a + b)).toBe(4);
      expect(row.subarray(4).reduce((a, b) => a + b)).toBe(4);
    }
    expect(drawBlocks(rows, blocks, 200, 'seed').times.data).toEqual(draws.times.data);
    expect(drawBlocks(rows, blocks, 200, 'other').times.data).not.toEqual(draws.times.data);
  });
});

describe('replicates', () => {
  const blocks = spatialBlocks([section('a', 10), section('b', 7)], 500);
  // The second half of b and the whole of a, as a fold's test side may be.
  const rows = Array.from({ length: 130 }, (_, i) => i);
  const { measured, predicted } = values(130, 12, 'replicates');

  it('equal the scores of the rows drawn, however large the means', () => {
    const draws = drawBlocks(rows, blocks, 20, 'rows');
    const scores = replicateScores(measured, predicted, draws, 'skip');
    for (let r = 0; r < 20; r++) {
      const times = matrixRow(draws.times, r);
      const chosen = rows.flatMap((row) => new Array<number>(times[draws.columnOf[row]!]!).fill(row));
      const direct = scoreFold(selectRows(measured, chosen), selectRows(predicted, chosen));
      for (const metric of BOOTSTRAP_METRICS) expect(scores[metric][r]).toBeCloseTo(direct[metric], 9);
    }
  });

  it('treat a gene without spread as scores do', () => {
    const flat = { ...measured, data: measured.data.map((v, i) => (i % 12 === 0 ? 7 : v)) } as Matrix;
    const draws = drawBlocks(rows, blocks, 3, 'flat');
    const skip = replicateScores(flat, predicted, draws, 'skip');
    expect(skip.pcc.every((v) => v > 0 && v < 1)).toBe(true);
    expect(replicateScores(flat, predicted, draws, 'propagate').pcc.every(Number.isNaN)).toBe(true);
  });

  it('need values of the drawn rows', () => {
    const draws = drawBlocks(rows.slice(1), blocks, 3, 'short');
    expect(() => replicateScores(measured, predicted, draws, 'skip')).toThrow(/of 129 spots/);
  });
});

const constant = (value: number, n: number): Replicates => {
  const list = new Float64Array(n).fill(value);
  return { pcc: list, pccTop: list, mse: list, mae: list, r2: list };
};

describe('intervals', () => {
  it('are percentiles with linear interpolation, undefined values left out', () => {
    const all = Array.from({ length: 101 }, (_, i) => i);
    const { low, high } = percentileInterval([...all, Number.NaN]);
    expect(low).toBeCloseTo(2.5, 12);
    expect(high).toBeCloseTo(97.5, 12);
    expect(percentileInterval([Number.NaN])).toEqual({ low: Number.NaN, high: Number.NaN });
  });

  it('over spots do not see differences between folds, over folds they do', () => {
    const folds = [constant(0.1, 400), constant(0.5, 400)];
    const { spots, folds: over } = meanIntervals(meanReplicates(folds, 'seed'));
    expect(spots.pcc.low).toBeCloseTo(0.3, 12);
    expect(spots.pcc.high).toBeCloseTo(0.3, 12);
    expect([over.pcc.low, over.pcc.high]).toEqual([0.1, 0.5]);
  });

  it('cover the true correlation about as often as they say', () => {
    // 300 independent data sets of spots without neighbourhood, true correlation 0.6.
    const blocks = spatialBlocks([section('a', 12)], 100);
    const rows = Array.from({ length: 144 }, (_, i) => i);
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const rng = new Rng(`coverage ${trial}`);
      const pairs = rows.map(() => {
        const y = rng.normal();
        return { y: [y], p: [0.6 * y + 0.8 * rng.normal()] };
      });
      const measured = matrixFromRows(pairs.map(({ y }) => y));
      const predicted = matrixFromRows(pairs.map(({ p }) => p));
      const draws = drawBlocks(rows, blocks, 200, `${trial}`);
      const { low, high } = percentileInterval(replicateScores(measured, predicted, draws, 'skip').pcc);
      if (low <= 0.6 && high >= 0.6) covered++;
    }
    // Percentile intervals of 144 items are a little short; 300 trials leave a standard error of 0.014.
    expect(covered / 300).toBeGreaterThan(0.88);
    expect(covered / 300).toBeLessThan(0.99);
  });
});

describe('drop between splits', () => {
  const summary = (pcc: number, mse: number) => {
    const of = (mean: number) => ({ mean });
    return { pcc: of(pcc), pccTop: of(pcc), mse: of(mse), mae: of(mse), r2: of(-1) };
  };

  it('is a loss in percent of the random split, from every random split to the held-out studies', () => {
    const sides = [
      { name: 'random-sections', summary: summary(0.2, 0.5), replicates: undefined },
      { name: 'study', summary: summary(0.15, 0.6), replicates: undefined },
      { name: 'random-spots', summary: summary(0.4, 0.4), replicates: undefined },
      { name: 'patient', summary: summary(0.1, 0.9), replicates: undefined },
    ];
    const drops = splitDrops(sides);
    expect(drops.map(({ random, heldOut }) => [random, heldOut])).toEqual([
      ['random-sections', 'study'],
      ['random-spots', 'study'],
    ]);
    expect(drops[0]!.metrics.pcc.dropPercent).toBeCloseTo(25, 12);
    expect(drops[0]!.metrics.mse.dropPercent).toBeCloseTo(20, 12);
    expect(drops[0]!.metrics.r2.dropPercent).toBeNaN();
    expect(splitDrops([sides[0]!, sides[3]!])[0]!.heldOut).toBe('patient');
    expect(splitDrops([sides[1]!])).toEqual([]);
  });
});

describe('paired difference', () => {
  it('is much narrower than two separate intervals when both runs see the same tissue', () => {
    const blocks = spatialBlocks([section('a', 20)], 500);
    const rows = Array.from({ length: 400 }, (_, i) => i);
    const { measured, predicted } = values(400, 12, 'pair');
    const rng = new Rng('worse');
    const worse = { ...predicted, data: predicted.data.map((v) => v + 0.3 * rng.normal()) } as Matrix;
    const draws = drawBlocks(rows, blocks, 400, 'pair');
    const [own, other] = [predicted, worse].map((p) => replicateScores(measured, p, draws, 'skip'));
    const fold = {
      name: 'fold 1',
      own: scoreFold(measured, predicted),
      rival: scoreFold(measured, worse),
      differences: subtractReplicates(own!, other!),
    };
    const { metrics, perFold } = pairedSplit('study', [fold, { ...fold, name: 'fold 2' }], 'seed');
    const { difference, spots, better } = metrics.pcc;
    expect(difference).toBeCloseTo(fold.own.pcc - fold.rival.pcc, 12);
    expect(difference).toBeGreaterThan(0);
    expect(spots!.low).toBeLessThan(difference);
    expect(spots!.high).toBeGreaterThan(difference);
    const alone = percentileInterval(own!.pcc);
    expect(spots!.high - spots!.low).toBeLessThan(0.6 * (alone.high - alone.low));
    expect(better).toBeGreaterThan(0.9);
    expect(metrics.mse.better).toBeGreaterThan(0.5);
    expect(perFold.map(({ name }) => name)).toEqual(['fold 1', 'fold 2']);
  });
});
