import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Matrix, matrixFromRows, selectRows } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import { kFold, stratifiedKFold } from '../../../src/eval/splits.ts';
import {
  evaluateSlideSurvival,
  evaluateSurvival,
  fitCox,
  fitRiskModel,
  formatKaplanMeier,
  formatRiskGroups,
  formatSurvival,
  harrellC,
  meanFoldC,
  predictRisks,
  type SlideVectorMethod,
  type SurvivalPatient,
} from '../../../src/eval/survival/index.ts';
import { setThreads, tensorCount, threadCount } from '../../../src/tensor/index.ts';

// Matrices this small only lose by a second thread, most of all on a busy machine.
const threads = threadCount();
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

/**
 * A cohort whose hazard is e^{1.5 risk}: times are exponential, censoring is uniform. About 55 % have an event.
 */
function cohort(seed: string, n: number) {
  const rng = new Rng(seed);
  const risks = Array.from({ length: n }, () => rng.normal());
  const deaths = risks.map((r) => -Math.log(1 - rng.uniform()) / Math.exp(1.5 * r));
  const ends = risks.map(() => rng.uniform(0, 3));
  return {
    risks,
    survival: {
      times: deaths.map((t, i) => Math.min(t, ends[i]!)),
      events: deaths.map((t, i) => t <= ends[i]!),
    },
    patients: risks.map((_, i) => `patient ${i}`),
  };
}

/** Slide vectors in 30 dimensions: the risk along one direction of large variance, and noise. */
function vectorsOf(risks: readonly number[], seed: string): Matrix {
  const rng = new Rng(seed);
  const along = Array.from({ length: 30 }, () => rng.normal());
  return matrixFromRows(risks.map((r) => along.map((a) => 2 * r * a + rng.normal())));
}
const truth = cohort('truth', 240);
const vectors = vectorsOf(truth.risks, 'vectors');
const folds = stratifiedKFold(truth.survival.events.map(String), 5, 1);
const options = { model: { components: 8, l2: 2 }, bootstrap: { resamples: 400, seed: 6 } };
/** C of the true risks, fold by fold: what no model can beat by more than luck. */
const oracle = folds
  .map(({ test }) => {
    const own = {
      times: test.map((i) => truth.survival.times[i]!),
      events: test.map((i) => truth.survival.events[i]!),
    };
    return harrellC(
      own,
      test.map((i) => truth.risks[i]!),
    ).index;
  })
  .reduce((sum, c) => sum + c / 5, 0);

describe('slide vectors that carry a known risk', () => {
  const before = tensorCount();
  const result = evaluateSurvival({ ...truth, vectors }, folds, options);

  it('give the C index of the true risk', () => {
    expect(tensorCount()).toBe(before);
    expect(oracle).toBeGreaterThan(0.75);
    expect(result.cIndex.mean).toBeGreaterThan(oracle - 0.03);
    const { low, high, estimate } = result.cIndexInterval;
    expect(estimate).toBeCloseTo(result.cIndex.mean!, 12);
    expect(low! < oracle && oracle < high!).toBe(true);
    expect(low).toBeGreaterThan(0.6);
  });

  it('part the patients into groups of different survival', () => {
    expect(result.risks.map((r) => r.patient).sort()).toEqual([...truth.patients].sort());
    expect(result.logRank!.p).toBeLessThan(1e-6);
    expect(result.curves.high!.median!).toBeLessThan(result.curves.low!.median ?? Number.POSITIVE_INFINITY);
    const high = result.risks.filter((r) => r.group === 'high').length;
    expect(result.curves.high!.patients).toBe(high);
    for (const fold of result.folds) {
      for (const risk of result.risks.filter((r) => r.fold === fold.name)) {
        expect(risk.group === 'high').toBe(risk.risk > fold.trainMedianRisk);
      }
    }
  });

  it('use no test patient in training', () => {
    // A fold by hand: other vectors for the test patients change their risks, not the model.
    const { train, test } = folds[0]!;
    const times = {
      times: train.map((i) => truth.survival.times[i]!),
      events: train.map((i) => truth.survival.events[i]!),
    };
    const model = fitRiskModel(selectRows(vectors, train), times, options.model);
    const risks = predictRisks(model, selectRows(vectors, test));
    expect(result.risks.slice(0, test.length).map((r) => r.risk)).toBeClose([...risks], { atol: 1e-12 });
  });

  it('is plain JSON with a card', () => {
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(result.card).toMatchObject({
      task: 'survival from slide vectors',
      settings: { components: 8, l2: 2, ties: 'efron', standardize: true },
      counts: { patients: 240, folds: 5, tested: 240 },
      seeds: { bootstrap: 6 },
      undefinedValues: [],
    });
    expect(result.card.steps.some((step) => step.includes('TRAINING'))).toBe(true);
  });

  it('tables', () => {
    const table = formatSurvival(result);
    expect(table.rows).toHaveLength(7);
    expect(table.rows[0]![4]).toBe(result.folds[0]!.cIndex!.toFixed(3));
    expect(table.rows.at(-1)![4]).toMatch(/^95 %: 0\.\d{3} to 0\.\d{3}$/);
    const groups = formatRiskGroups(result);
    expect(groups.rows.map((row) => row[0])).toEqual(['high risk', 'low risk', 'log-rank']);
    expect(groups.rows[2]![3]).toMatch(/^chi2 \d+\.\d\d, p [\d.e-]+$/);
    const steps = formatKaplanMeier(result.curves.high!);
    expect(steps.rows).toHaveLength(result.curves.high!.steps.length);
    expect(steps.rows.every((row) => row.length === steps.columns.length)).toBe(true);
  });
});

describe('shuffled risk', () => {
  it('gives 0.5 within its interval, nearly always, and on average', () => {
    const runs = Array.from({ length: 20 }, (_, seed) => {
      const order = new Rng(seed).shuffle(truth.patients.map((_, i) => i));
      const shuffled = selectRows(vectors, order);
      const bootstrap = { resamples: 200, seed };
      return evaluateSurvival({ ...truth, vectors: shuffled }, folds, { ...options, bootstrap });
    });
    const holds = runs.filter(({ cIndexInterval: { low, high } }) => low! < 0.5 && 0.5 < high!).length;
    expect(holds).toBeGreaterThanOrEqual(16);
    const mean = runs.reduce((sum, run) => sum + run.cIndex.mean! / 20, 0);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
    const small = runs.filter((run) => run.logRank!.p! < 0.01).length;
    expect(small).toBeLessThanOrEqual(2);
  });
});

describe('risk model', () => {
  it('does not depend on the unit of the vectors', () => {
    const scaled = { ...vectors, data: vectors.data.map((v) => 1000 * v) as Float64Array };
    for (const standardize of [true, false]) {
      const model = { ...options.model, standardize };
      const [a, b] = [vectors, scaled].map((v) => predictRisks(fitRiskModel(v, truth.survival, model), v));
      expect(a!).toBeClose(b!, { atol: 1e-9 });
    }
  });

  it('with all components and no penalty is the Cox regression on the vectors themselves', () => {
    const few = matrixFromRows(truth.risks.map((r, i) => [r, Math.sin(i), (i * 7) % 5]));
    const model = fitRiskModel(few, truth.survival, { components: 3, l2: 0 });
    const own = predictRisks(model, few);
    const cox = fitCox(few, truth.survival);
    const direct = truth.risks.map((_, i) =>
      [0, 1, 2].reduce((s, c) => s + cox.coefficients[c]! * few.data[3 * i + c]!, 0),
    );
    const centre = (v: ArrayLike<number>) => {
      const mean = Array.from(v).reduce((s, x) => s + x / v.length, 0);
      return Array.from(v, (x) => x - mean);
    };
    expect(centre(own)).toBeClose(centre(direct), { atol: 1e-8 });
  });

  it('takes no more components than the vectors span', () => {
    const flat = matrixFromRows(truth.risks.map((r) => [r, 2 * r, -r]));
    expect(fitRiskModel(flat, truth.survival, { components: 3, l2: 1 }).components).toBe(1);
    const equal = matrixFromRows(truth.risks.map(() => [1, 2]));
    expect(() => fitRiskModel(equal, truth.survival, { components: 2, l2: 1 })).toThrow(/240 equal ones/);
    expect(() => fitRiskModel(flat, truth.survival, { components: 0, l2: 1 })).toThrow(UsageError);
    const model = fitRiskModel(flat, truth.survival, { components: 1, l2: 1 });
    expect(() => predictRisks(model, matrixFromRows([[1]]))).toThrow(ShapeError);
  });
});

describe('folds without a value', () => {
  const { survival, patients } = truth;
  const alive = survival.events.flatMap((event, i) => (event ? [] : [i]));
  const dead = survival.events.flatMap((event, i) => (event ? [i] : []));

  it('test patients without events: no C index, said on the card and left out of the mean', () => {
    const split = [
      { name: 'quiet', train: [...dead, ...alive.slice(20)], test: alive.slice(0, 20) },
      {
        name: 'usual',
        train: [...dead.slice(30), ...alive.slice(0, 20)],
        test: [...dead.slice(0, 30), ...alive.slice(20, 40)],
      },
    ];
    const result = evaluateSurvival({ ...truth, vectors }, split, options);
    expect(result.folds[0]!.cIndex).toBeNull();
    expect(result.cIndex).toMatchObject({ mean: result.folds[1]!.cIndex, count: 1, undefinedCount: 1 });
    expect(result.card.undefinedValues).toEqual([
      'quiet: no comparable pair among the test patients: no C index',
    ]);
    expect(formatSurvival(result).rows[0]![4]).toBe('n/a');
    expect(meanFoldC(result.risks)).toBeCloseTo(result.folds[1]!.cIndex!, 12);
  });

  it('training patients without events are refused', () => {
    const split = [{ name: 'odd', train: alive, test: dead }];
    expect(() => evaluateSurvival({ ...truth, vectors }, split, options)).toThrow(DataError);
  });

  it('shared patients, repeated names and foreign indices are refused', () => {
    const run = (split: { train: number[]; test: number[] }[], names = patients) =>
      evaluateSurvival(
        { survival, patients: names, vectors },
        split.map((fold, i) => ({ name: `f${i}`, ...fold })),
        options,
      );
    expect(() => run([{ train: [0, 1], test: [1] }])).toThrow(/patient 1 .*both sides of f0/);
    expect(() =>
      run([
        { train: [0, 1], test: [2] },
        { train: [0, 1], test: [2] },
      ]),
    ).toThrow(/tested in f0 and f1/);
    expect(() => run([{ train: [0, 999], test: [2] }])).toThrow(/found 999/);
    expect(() => run([])).toThrow(UsageError);
    const named = [folds[0]!, { ...folds[1]!, name: folds[0]!.name }];
    expect(() => evaluateSurvival({ ...truth, vectors }, named, options)).toThrow(/a name used twice/);
    expect(() =>
      run(
        [{ train: [0], test: [1] }],
        patients.map(() => 'same'),
      ),
    ).toThrow(/join a patient's slides/);
    expect(() => evaluateSurvival({ ...truth, vectors: selectRows(vectors, [0]) }, folds, options)).toThrow(
      ShapeError,
    );
  });
});

describe('from patches to risk', () => {
  /** Patches of four tissue types; the share of the first rises with the patient's risk. */
  const small = cohort('patches', 120);
  const centres = [
    [6, 0, 0],
    [0, 6, 0],
    [0, 0, 6],
    [-6, -6, -6],
  ];
  const people: SurvivalPatient[] = small.risks.map((risk, i) => {
    const rng = new Rng(`slide ${i}`);
    const share = 1 / (1 + Math.exp(-risk));
    const patches = matrixFromRows(
      Array.from({ length: 80 }, () => {
        const type = rng.uniform() < share ? 0 : rng.integer(1, 3);
        return centres[type]!.map((c) => rng.normal(c));
      }),
    );
    const [time, event] = [small.survival.times[i]!, small.survival.events[i]!];
    return { id: `patient ${i}`, time, event, load: () => patches };
  });
  const split = kFold(120, 4, 2);
  const settings = { clusters: 4, inits: 3, maxPatches: 3000, seed: 1, ...options };
  const best = split
    .map(
      ({ test }) =>
        harrellC(
          { times: test.map((i) => people[i]!.time), events: test.map((i) => people[i]!.event) },
          test.map((i) => small.risks[i]!),
        ).index,
    )
    .reduce((sum, c) => sum + c / 4, 0);

  const methods: [SlideVectorMethod, 'allcat' | 'proportions'][] = [
    [{ kind: 'panther' }, 'allcat'],
    [{ kind: 'panther', tau: 0.5, iterations: 2 }, 'proportions'],
    [{ kind: 'gmm' }, 'proportions'],
    [{ kind: 'gmm', maxIterations: 20 }, 'allcat'],
  ];
  it.each(methods)('%o, %s', async (method, form) => {
    const before = tensorCount();
    const result = await evaluateSlideSurvival(people, split, { ...settings, method, form });
    expect(tensorCount()).toBe(before);
    expect(result.cIndex.mean).toBeGreaterThan(best - 0.06);
    expect(result.cIndexInterval.low).toBeGreaterThan(0.6);
    expect(result.folds.every((fold) => fold.choices.trainingPatches === 90 * 33)).toBe(true);
    expect(result.card.settings).toMatchObject({ method: method.kind, clusters: 4, form });
    expect(result.card.seeds).toEqual({ prototypes: 1, bootstrap: 6 });
  });

  it('repeats with its seeds', async () => {
    const run = () => evaluateSlideSurvival(people, split, { ...settings, method: { kind: 'panther' } });
    expect(await run()).toEqual(await run());
  });

  it('shuffled follow-up gives 0.5 within the interval', async () => {
    const order = new Rng(4).shuffle(people.map((_, i) => i));
    const shuffled = people.map((p, i) => ({
      ...p,
      time: people[order[i]!]!.time,
      event: people[order[i]!]!.event,
    }));
    const result = await evaluateSlideSurvival(shuffled, split, { ...settings, method: { kind: 'panther' } });
    const { low, high } = result.cIndexInterval;
    expect(low! < 0.5 && 0.5 < high!).toBe(true);
  });

  it('refuses too few patches for the clusters', async () => {
    const method = { kind: 'panther' } as const;
    await expect(
      evaluateSlideSurvival(people, split, { ...settings, method, maxPatches: 2 }),
    ).rejects.toThrow(UsageError);
    const bare = people.map((p) => ({ ...p, load: () => matrixFromRows([[Number.NaN, 0, 0]]) }));
    await expect(evaluateSlideSurvival(bare, split, { ...settings, method })).rejects.toThrow(DataError);
  });
});
