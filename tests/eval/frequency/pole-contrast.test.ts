import { describe, expect, it } from 'vitest';
import { contrastPoles, formatPoleContrast } from '../../../src/eval/frequency/index.ts';

const STATES = 8;
/** Two channels with poles -1, -2, ..., the published start; the second channel's are twice as fast. */
const parameters = new Map([
  [
    'mixer.A_log',
    {
      shape: [2, STATES],
      data: Float64Array.from({ length: 2 * STATES }, (_, i) =>
        Math.log((1 + (i % STATES)) * (i < STATES ? 1 : 2)),
      ),
    },
  ],
  ['mixer.dt_proj.bias', { shape: [2], data: new Float64Array(2) }],
  ['mixer.D', { shape: [2], data: new Float64Array(2) }],
]);

describe('real against complex poles', () => {
  const contrast = contrastPoles(parameters)!;

  it('takes per state the median over channels', () => {
    const poles = contrast.card.settings.realPoles as number[];
    expect(poles).toBeClose(
      Array.from({ length: STATES }, (_, n) => -1.5 * (n + 1)),
      { rtolOfMax: 1e-5 },
    );
  });

  it('has the variation of real poles from their closed form, and bounds above it', () => {
    for (const { omega0, real, complex } of contrast.rows) {
      // Poles of one sign and on one axis turn the same way only in part: the sum over poles bounds, one pole is exact.
      const sum = Array.from({ length: STATES }, (_, n) => 1.5 * (n + 1)).reduce(
        (all, a) => all + Math.atan(a / omega0) / a / STATES,
        0,
      );
      expect(real.poleSum).toBeCloseTo(sum, 5);
      expect(real.variation).toBeLessThanOrEqual(real.poleSum * (1 + 1e-9));
      expect(real.bound).toBeCloseTo(1 / omega0, 12);
      expect(real.bound!).toBeGreaterThan(real.poleSum);
      if (complex.bound !== null) expect(complex.bound).toBeGreaterThan(complex.variation);
    }
  });

  it('shows that complex poles keep their variation up to their own frequencies', () => {
    const at = (omega0: number) => contrast.rows.find((row) => row.omega0 === omega0)!;
    // The fastest pair stands at 3 pi = 9.4.
    expect(at(8).complex.bound).toBeNull();
    expect(at(16).complex.bound).not.toBeNull();
    expect(at(8).complex.variation).toBeGreaterThan(3 * at(8).real.variation);
    for (const { omega0, real, complex } of contrast.rows) {
      if (omega0 < 9) expect(complex.variation, `${omega0}`).toBeGreaterThan(real.variation);
    }
    // Far beyond all poles both fall off alike, as the sum of the residues over omega.
    const { real, complex } = at(128);
    expect(complex.variation / real.variation).toBeGreaterThan(0.9);
    expect(complex.variation / real.variation).toBeLessThan(1.1);
  });

  it('as a table, and nothing without state-space layers', () => {
    const { columns, rows } = formatPoleContrast(contrast);
    expect(columns.map(({ header }) => header)).toEqual([
      'omega0',
      'real',
      'real, bound',
      'complex',
      'complex, bound',
    ]);
    expect(rows[0]![2]).toBe('4.0000');
    expect(rows[0]![4]).toBe('n/a');
    expect(contrastPoles(new Map())).toBeUndefined();
  });
});
