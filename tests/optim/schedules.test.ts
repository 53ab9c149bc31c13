import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  cosineSchedule,
  frozenFor,
  learningRateForBatch,
  linearSchedule,
  type Schedule,
} from '../../src/optim/index.ts';
import { readGolden } from '../support/fixtures.ts';

interface Run {
  readonly epochs: number;
  readonly epochLength: number;
  readonly lr: number;
  readonly warmupEpochs: number;
  readonly temperatureEpochs: number;
}

/** The five schedules of a run, by the golden files' names. */
function schedulesOf({
  epochs,
  epochLength,
  lr,
  warmupEpochs,
  temperatureEpochs,
}: Run): Record<string, Schedule> {
  const totalSteps = epochs * epochLength;
  const rate = cosineSchedule({ base: lr, final: 1e-6, totalSteps, warmupSteps: warmupEpochs * epochLength });
  return {
    lr: rate,
    wd: cosineSchedule({ base: 0.04, final: 0.4, totalSteps }),
    momentum: cosineSchedule({ base: 0.992, final: 1, totalSteps }),
    teacher_temp: linearSchedule(0.04, 0.06, temperatureEpochs * epochLength),
    last_layer_lr: frozenFor(rate, epochLength),
  };
}

describe('golden schedules', () => {
  it('of a short run, every step', () => {
    const golden = readGolden('schedules_short');
    const schedules = schedulesOf({
      epochs: 10,
      epochLength: 4,
      lr: 0.00245,
      warmupEpochs: 2,
      temperatureEpochs: 3,
    });
    for (const [name, schedule] of Object.entries(schedules)) {
      const values = golden.get(name).data;
      expect(
        Array.from(values, (_, step) => schedule(step)),
        name,
      ).toBeClose(values, { atol: 1e-12 });
    }
  });

  it("of the paper's run, at chosen steps", () => {
    const golden = readGolden('schedules_paper');
    const schedules = schedulesOf({
      epochs: 200,
      epochLength: 493,
      lr: learningRateForBatch(0.002, 1536),
      warmupEpochs: 10,
      temperatureEpochs: 30,
    });
    const steps = Array.from(golden.get('index').data);
    for (const [name, schedule] of Object.entries(schedules)) {
      expect(steps.map(schedule), name).toBeClose(golden.get(name).data, { atol: 1e-12 });
    }
  });
});

describe('cosineSchedule', () => {
  it('reaches its end points', () => {
    const lr = cosineSchedule({ base: 2, final: 1, totalSteps: 12, warmupSteps: 4 });
    expect([0, 1, 3, 4, 8, 12, 1000].map(lr)).toEqual([0, 2 / 3, 2, 2, 1.5, 1, 1]);
    expect(lr(11)).toBeGreaterThan(1);
  });

  it('is the start value in a warm-up of one step, and constant when nothing is left to fall', () => {
    expect(cosineSchedule({ base: 2, final: 1, totalSteps: 3, warmupSteps: 1, startValue: 0.5 })(0)).toBe(
      0.5,
    );
    expect([0, 1, 2, 3].map(linearSchedule(0, 6, 3))).toEqual([0, 3, 6, 6]);
  });

  it('stays between its values, rising then falling', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 60 }), (warmupSteps, rest) => {
        const totalSteps = warmupSteps + rest;
        const schedule = cosineSchedule({ base: 1, final: 0.1, totalSteps, warmupSteps });
        const values = Array.from({ length: totalSteps + 2 }, (_, step) => schedule(step));
        for (const [step, value] of values.entries()) {
          expect(value).toBeGreaterThanOrEqual(step < warmupSteps ? 0 : 0.1);
          expect(value).toBeLessThanOrEqual(1);
          if (step > 0 && step < warmupSteps) expect(value).toBeGreaterThan(values[step - 1]!);
          if (step > warmupSteps) expect(value).toBeLessThanOrEqual(values[step - 1]!);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('refuses step counts that do not fit', () => {
    const message = /schedule: needed whole numbers of steps .*found warmupSteps 5, totalSteps 4/;
    expect(() => cosineSchedule({ base: 1, final: 0, totalSteps: 4, warmupSteps: 5 })).toThrow(message);
    expect(() => cosineSchedule({ base: 1, final: 0, totalSteps: 4.5 })).toThrow(UsageError);
    expect(() => cosineSchedule({ base: 1, final: 0, totalSteps: 4 })(-1)).toThrow(
      /needed a step number from 0 on, found -1/,
    );
  });
});
