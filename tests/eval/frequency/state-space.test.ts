import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backbone } from '../../../src/backbones/index.ts';
import { MvHybrid, Vit } from '../../../src/backbones/index.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import {
  channelResponse,
  type DiagonalSystem,
  discreteResponse,
  effectivePoles,
  formatPoleSurvey,
  formatVariation,
  frozenStep,
  poleVariations,
  responseCurve,
  type StateSpaceLayer,
  stateSpaceLayers,
  surveyPoles,
  totalVariation,
  transferFunction,
  variationBound,
  variationRows,
} from '../../../src/eval/frequency/index.ts';
import {
  scope,
  selectiveScan,
  setThreads,
  tensor,
  threadCount,
  toFloat64Array,
} from '../../../src/tensor/index.ts';
import { readEvalGolden } from '../../support/paths.ts';

// Matrices this small only lose by a second thread, most of all on a busy machine.
const threads = threadCount();
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

interface GoldenSystem {
  a_re: number[];
  a_im: number[];
  c: number[];
  omega: number[];
  G_re: number[];
  G_im: number[];
  abs_G: number[];
  tv: { omega0: number; tv_high: number; upper_bound_sum: number; per_pole_exact_tv: number[] }[];
}
interface Golden {
  continuous: Record<'real' | 'lin', GoldenSystem>;
  discrete: { dt: number; theta: number[] } & Record<'real' | 'lin', { abs: number[]; rel_log: number[] }>;
}
const golden = readEvalGolden<Golden>('ssm_frequency');
const atol = 1e-8;
const systemOf = ({ a_re, a_im, c }: GoldenSystem): DiagonalSystem => ({
  poleRe: a_re,
  poleIm: a_im,
  residueRe: c,
});

describe.each(['real', 'lin'] as const)('%s poles against scipy', (name) => {
  const want = golden.continuous[name];
  const system = systemOf(want);

  it('transfer function', () => {
    const found = want.omega.map((omega) => transferFunction(system, omega));
    expect(found.map((g) => g.re)).toBeClose(want.G_re, { atol: 1e-12 });
    expect(found.map((g) => g.im)).toBeClose(want.G_im, { atol: 1e-12 });
    expect(found.map((g) => Math.hypot(g.re, g.im))).toBeClose(want.abs_G, { atol: 1e-12 });
  });

  it('total variation, pole by pole, and the bound', () => {
    for (const row of want.tv) {
      expect([totalVariation(system, row.omega0), variationBound(system, row.omega0)]).toBeClose(
        [row.tv_high, row.upper_bound_sum],
        { atol },
      );
      expect(poleVariations(system, row.omega0)).toBeClose(row.per_pole_exact_tv, { atol: 1e-12 });
    }
  });

  it('response after a zero-order hold', () => {
    const { dt, theta } = golden.discrete;
    const found = responseCurve(system, theta, { step: dt, input: 'zoh', output: 'before' });
    expect(found.amplitude).toBeClose(golden.discrete[name].abs, { atol });
    expect(found.relativeLog).toBeClose(golden.discrete[name].rel_log, { atol });
  });
});

describe('variation by closed form', () => {
  it('of one real pole: an arctangent, and the whole half circle from 0', () => {
    const one = { poleRe: [-2], poleIm: [0], residueRe: [3] };
    for (const omega0 of [0, 0.5, 7]) {
      expect(totalVariation(one, omega0)).toBeCloseTo(1.5 * Math.atan2(2, omega0), 10);
      expect(poleVariations(one, omega0)[0]).toBeCloseTo(1.5 * Math.atan2(2, omega0), 12);
    }
    // G runs a half circle of diameter |r| / |a|.
    expect(totalVariation(one, 0)).toBeCloseTo((Math.PI / 2) * 1.5, 10);
  });

  it('of one complex pole lies at its own frequency', () => {
    const one = { poleRe: [-0.1], poleIm: [20], residueRe: [1] };
    expect(totalVariation(one, 10)).toBeCloseTo(10 * Math.atan2(0.1, -10), 6);
    expect(totalVariation(one, 10) / totalVariation({ ...one, poleIm: [0] }, 10)).toBeGreaterThan(100);
    expect(variationBound(one, 10)).toBeNaN();
  });

  it('below a frequency mirrors above it', () => {
    const system = { poleRe: [-1, -0.5], poleIm: [3, -2], residueRe: [1, -2], residueIm: [0.5, 1] };
    const mirror = { ...system, poleIm: [-3, 2], residueIm: [-0.5, -1] };
    expect(totalVariation(system, -4, 'below')).toBeCloseTo(totalVariation(mirror, 4), 12);
    expect(variationBound(system, -4, 'below')).toBeCloseTo(variationBound(mirror, 4), 12);
    const all = totalVariation(system, 1) + totalVariation(system, 1, 'below');
    expect(totalVariation(system, -1e7) / all).toBeCloseTo(1, 5);
  });

  it('never exceeds the sum over poles, nor that the bound', () => {
    const pole = fc.record({
      re: fc.double({ min: -10, max: -0.1, noNaN: true }),
      im: fc.double({ min: -10, max: 10, noNaN: true }),
      r: fc.double({ min: -5, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(pole, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 11, max: 100, noNaN: true }),
        (poles, omega0) => {
          const system = {
            poleRe: poles.map((p) => p.re),
            poleIm: poles.map((p) => p.im),
            residueRe: poles.map((p) => p.r),
          };
          const [row] = variationRows(system, [omega0]);
          const slack = 1 + 1e-9;
          expect(row!.variation).toBeLessThanOrEqual(row!.poleSum * slack + 1e-12);
          expect(row!.poleSum).toBeLessThanOrEqual(row!.bound! * slack + 1e-12);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('as a table', () => {
    const rows = variationRows({ poleRe: [-1], poleIm: [5], residueRe: [1] }, [1, 10]);
    expect(formatVariation(rows).rows.map((row) => row[3])).toEqual(['n/a', '2.000e-1']);
    expect(rows[0]!.bound).toBeNull();
  });

  it('unstable or unequal systems are refused', () => {
    expect(() => transferFunction({ poleRe: [0], poleIm: [0], residueRe: [1] }, 1)).toThrow(UsageError);
    expect(() => totalVariation({ poleRe: [-1], poleIm: [0], residueRe: [1, 2] }, 1)).toThrow(ShapeError);
    const one = { poleRe: [-1], poleIm: [0], residueRe: [1] };
    expect(() => discreteResponse(one, 0, { step: 0, input: 'zoh', output: 'before' })).toThrow(UsageError);
  });
});

describe('discrete response', () => {
  const system = { poleRe: [-0.7, -2], poleIm: [0, 3], residueRe: [1, 0.5], residueIm: [0, -1], direct: 0.3 };

  it('at frequency 0 is the continuous one, whatever the step', () => {
    const want = transferFunction(system, 0);
    for (const step of [1e-6, 0.1, 2]) {
      const found = discreteResponse(system, 0, { step, input: 'zoh', output: 'before' });
      expect([found.re, found.im]).toBeClose([want.re, want.im], { atol: 1e-9 });
    }
  });

  it('tends to the continuous one for small steps', () => {
    const step = 1e-4;
    const [want, zoh, euler] = [
      transferFunction(system, 1.7),
      discreteResponse(system, 1.7 * step, { step, input: 'zoh', output: 'before' }),
      discreteResponse(system, 1.7 * step, { step, input: 'euler', output: 'before' }),
    ];
    expect([zoh.re, zoh.im]).toBeClose([want.re, want.im], { atol: 1e-3 });
    expect([euler.re, euler.im]).toBeClose([want.re, want.im], { atol: 1e-3 });
  });

  it('equals the steady state of the recursion', () => {
    const [step, theta] = [0.4, 0.9];
    for (const output of ['before', 'after'] as const) {
      const { re, im } = discreteResponse({ ...system, residueIm: [0, 0], poleIm: [0, 0] }, theta, {
        step,
        input: 'zoh',
        output,
      });
      const states = [0, 0];
      let y = 0;
      const steps = 400;
      for (let t = 0; t < steps; t++) {
        const u = Math.cos(theta * t);
        const read = () => states.reduce((sum, h, j) => sum + system.residueRe[j]! * h, 0.3 * u);
        if (output === 'before') y = read();
        for (const j of [0, 1]) {
          const a = system.poleRe[j]!;
          states[j] = Math.exp(step * a) * states[j]! + (Math.expm1(step * a) / a) * u;
        }
        if (output === 'after') y = read();
      }
      const phase = theta * (steps - 1);
      expect(y).toBeCloseTo(re * Math.cos(phase) - im * Math.sin(phase), 10);
    }
  });
});

/** A backbone's parameters outside the engine. */
function stored(backbone: Backbone) {
  return new Map(
    [...backbone.namedParameters()].map(([name, p]) => [name, { shape: p.shape, data: toFloat64Array(p) }]),
  );
}

describe('effective poles', () => {
  const layer: StateSpaceLayer = {
    name: 'm',
    channels: 2,
    states: 2,
    aLog: [0, Math.log(2), Math.log(0.001), Math.log(3)],
    stepBias: [0, -1],
    skip: [1, 0],
  };

  it('follow the step, in which the bias counts twice', () => {
    const step = frozenStep(layer);
    expect(step).toBeClose([Math.log(2), Math.log(1 + Math.exp(-2))], { atol: 1e-15 });
    expect(frozenStep(layer, [1, 5])).toBeClose([Math.log(1 + Math.E), Math.log(1 + Math.exp(3))], {
      atol: 1e-14,
    });
    const poles = effectivePoles(layer, step);
    expect(poles.continuous).toBeClose([-1, -2, -0.001, -3], { atol: 1e-15 });
    expect(poles.discrete.subarray(0, 2)).toBeClose([0.5, 0.25], { atol: 1e-15 });
    expect(poles.memoryTokens.subarray(0, 2)).toBeClose([1 / Math.log(2), 0.5 / Math.log(2)], {
      atol: 1e-14,
    });
  });

  it('have the half-power frequency of their first-order response', () => {
    const poles = effectivePoles(layer, frozenStep(layer));
    for (const [i, f] of poles.halfPower.entries()) {
      const p = poles.discrete[i]!;
      const power = (theta: number) => (1 - p) ** 2 / (1 - 2 * p * Math.cos(theta) + p * p);
      if (Number.isNaN(f)) expect(power(Math.PI)).toBeGreaterThan(0.5);
      else expect(power(2 * Math.PI * f)).toBeCloseTo(0.5, 8);
    }
    const fast = effectivePoles({ ...layer, aLog: [3, 3, 3, 3] }, [1, 1]);
    expect(fast.halfPower.every(Number.isNaN)).toBe(true);
  });

  it('describe what a selective scan does to a wave when Delta, B and C stand still', () => {
    const [b, c, bias] = [[0.4, -0.7], [1.1, 0.6], 0.3];
    const one = {
      ...layer,
      channels: 1,
      aLog: [Math.log(0.2), Math.log(1.5)],
      stepBias: [bias],
      skip: [0.8],
    };
    const [step] = frozenStep(one);
    const length = 600;
    for (const theta of [0, 0.3, 1.5, Math.PI]) {
      const repeat = (values: number[]) =>
        Float32Array.from({ length: length * 2 }, (_, i) => values[i % 2]!);
      const y = scope(() =>
        toFloat64Array(
          selectiveScan(
            tensor(
              Float32Array.from({ length }, (_, t) => Math.cos(theta * t)),
              [1, length, 1],
            ),
            tensor(new Float32Array(length).fill(bias), [1, length, 1]),
            tensor(Float32Array.of(-0.2, -1.5), [1, 2]),
            tensor(repeat(b), [1, length, 2]),
            tensor(repeat(c), [1, length, 2]),
            {
              D: tensor(Float32Array.of(0.8), [1]),
              deltaBias: tensor(Float32Array.of(bias), [1]),
              deltaSoftplus: true,
            },
          ),
        ),
      );
      // Amplitude from the last whole waves: correlate with cosine and sine of the wave.
      const from = length - 400;
      let [x, z, xx, zz] = [0, 0, 0, 0];
      for (let t = from; t < length; t++) {
        x += y[t]! * Math.cos(theta * t);
        z += y[t]! * Math.sin(theta * t);
        xx += Math.cos(theta * t) ** 2;
        zz += Math.sin(theta * t) ** 2;
      }
      const amplitude = Math.hypot(x / xx, zz < 1e-9 ? 0 : z / zz);
      expect(amplitude / channelResponse(one, 0, { step: step!, b, c }, theta)).toBeCloseTo(1, 2);
    }
  });

  it('of MV_Hybrid at its start are 2^-n: Delta is ln 2 and A is -n', () => {
    const model = new MvHybrid({ width: 32, depth: 4, heads: 2 }).initialize(1);
    const parameters = stored(model);
    model.dispose();
    const layers = stateSpaceLayers(parameters);
    expect(layers.map((l) => [l.name, l.channels, l.states])).toEqual([
      ['blocks.blocks.0.mixer', 32, 16],
      ['blocks.blocks.1.mixer', 32, 16],
    ]);
    const { discrete } = effectivePoles(layers[0]!, frozenStep(layers[0]!));
    expect(discrete).toBeClose(
      Array.from({ length: 32 * 16 }, (_, i) => 2 ** -((i % 16) + 1)),
      { atol: 1e-6 },
    );
    const survey = surveyPoles(parameters);
    expect(survey.layers[0]!.step.median).toBeCloseTo(Math.log(2), 6);
    // 2^-3 and below pass all frequencies: 14 of 16 states.
    expect(survey.layers[0]!.allPass).toBe(32 * 14);
    expect(survey.card.undefinedValues[0]).toContain('448 states pass all frequencies');
    expect(JSON.parse(JSON.stringify(survey))).toEqual(survey);
    const table = formatPoleSurvey(survey);
    expect(table.rows.map((row) => row[0])).toEqual(layers.map((l) => l.name));
    expect(table.rows[0]![3]).toBe('0.6931 (0.6931-0.6931)');
    const slow = surveyPoles(parameters, new Map([[layers[1]!.name, new Float64Array(32).fill(-4)]]));
    expect(slow.layers[1]!.memoryTokens.median!).toBeGreaterThan(20 * slow.layers[0]!.memoryTokens.median!);
  });

  it('that are missing are said to be', () => {
    const model = new Vit({ width: 32, depth: 1, heads: 2, imagePx: 64 });
    expect(() => surveyPoles(stored(model))).toThrow(UsageError);
    model.dispose();
    const table = { shape: [2, 2], data: [0, 0, 0, 0] };
    expect(() => stateSpaceLayers(new Map([['m.A_log', table]]))).toThrow(/m\.dt_proj\.bias with 2 values/);
    const bias = { shape: [2], data: [0, 0] };
    const whole = new Map([
      ['m.A_log', table],
      ['m.dt_proj.bias', bias],
      ['m.D', bias],
    ]);
    expect(stateSpaceLayers(whole)).toHaveLength(1);
    expect(() => stateSpaceLayers(new Map([...whole, ['m.D', { shape: [1], data: [0] }]]))).toThrow(
      DataError,
    );
    expect(() => stateSpaceLayers(new Map([['m.A_log', bias]]))).toThrow(ShapeError);
    expect(() => surveyPoles(whole, new Map([['x', [0, 0]]]))).toThrow(/found x/);
    expect(() => frozenStep(layer, [1])).toThrow(ShapeError);
    expect(() => effectivePoles(layer, [1])).toThrow(ShapeError);
    expect(() => channelResponse(layer, 2, { step: 1, b: [0, 0], c: [0, 0] }, 0)).toThrow(ShapeError);
  });
});
