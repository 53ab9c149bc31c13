import { describe, expect, it } from 'vitest';
import { createColors, wantsColor } from '../../src/cli/colors.ts';
import { createOutput } from '../../src/cli/output.ts';
import { formatDuration, Progress } from '../../src/cli/progress.ts';
import { formatTable, formatTsv } from '../../src/cli/table.ts';
import { stableJson } from '../../src/core/stable-json.ts';
import { UsageError } from '../../src/errors.ts';

function sink(isTTY = false, columns = 60) {
  return {
    isTTY,
    columns,
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
}

describe('colours', () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: false }, {}, false],
    [{}, {}, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{ isTTY: false }, { FORCE_COLOR: '1' }, true],
    [{ isTTY: true }, { FORCE_COLOR: '0' }, false],
    [{ isTTY: false }, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('target %j, environment %j: %s', (target, env, want) => {
    expect(wantsColor(target, env)).toBe(want);
  });

  it('wraps text, or leaves it alone', () => {
    expect(createColors({ isTTY: true }, {}).red('no')).toBe('\u001b[31mno\u001b[39m');
    expect(createColors({}, {}).red('no')).toBe('no');
  });
});

describe('tables', () => {
  const columns = ['gene', { header: 'PCC', align: 'right' }] as const;

  it('aligns text left and numbers right, counting characters and not colour codes', () => {
    const bold = createColors({ isTTY: true }, {}).bold;
    const rows = [
      ['ERBB2', '0.41 ± 0.10'],
      [bold('FN1'), '-0.02'],
    ];
    expect(formatTable(columns, rows).replace(bold('FN1'), 'FN1')).toBe(
      ['gene           PCC', '-----  -----------', 'ERBB2  0.41 ± 0.10', 'FN1          -0.02'].join('\n'),
    );
    expect(formatTable(['a', 'b'], [])).toBe('a  b\n-  -');
  });

  it('writes tab-separated values, and refuses what they cannot hold', () => {
    expect(formatTsv(columns, [['FN1', '0.5']])).toBe('gene\tPCC\nFN1\t0.5\n');
    expect(() => formatTsv(columns, [['F\tN1', '']])).toThrow(
      new UsageError('TSV', { need: 'cells without tab and line break', found: '"F\\tN1"' }),
    );
    expect(() => formatTable(columns, [['FN1']])).toThrow('table: needed 2 cells in row 0, found 1');
  });
});

describe('results', () => {
  it('gives the same JSON whatever the order of keys; NaN becomes null', () => {
    const first = stableJson({
      b: [1, { d: Float32Array.of(0.5, Number.NaN), c: 2n }],
      a: new Map([['x', new Set([1])]]),
    });
    expect(first).toBe(stableJson({ a: { x: [1] }, b: [1, { c: 2, d: [0.5, null] }] }));
    expect(stableJson({ b: 1, a: 'x' })).toBe('{\n  "a": "x",\n  "b": 1\n}\n');
    expect(stableJson({ inf: Number.POSITIVE_INFINITY, none: undefined })).toBe('{\n  "inf": null\n}\n');
  });

  it('prints JSON or text, ending in one newline', () => {
    const [machine, person, silent] = [sink(), sink(), sink()];
    createOutput(true, machine).result({ pcc: 0.5 }, () => 'unused');
    createOutput(false, person).result({ pcc: 0.5 }, ({ pcc }) => `PCC ${pcc}`);
    createOutput(false, silent).result(0, () => '');
    expect([machine.text, person.text, silent.text]).toEqual(['{\n  "pcc": 0.5\n}\n', 'PCC 0.5\n', '']);
  });
});

describe('progress', () => {
  function clocked(isTTY: boolean, total: number | undefined, initial = 0) {
    const stream = sink(isTTY);
    const clock = { ms: 0 };
    const progress = new Progress({
      label: 'embedding',
      unit: 'patches',
      total,
      initial,
      stream,
      now: () => clock.ms,
    });
    const at = (ms: number, done: number) => {
      clock.ms = ms;
      progress.update(done);
      return stream.text;
    };
    return { stream, progress, at };
  }

  it('says nothing about work that is over within two seconds', () => {
    const { progress, at, stream } = clocked(true, 10);
    at(1999, 10);
    progress.stop();
    expect(stream.text).toBe('');
  });

  it('writes a line every ten seconds to a log, and the totals once', () => {
    const { progress, at, stream } = clocked(false, 1000);
    at(1000, 50);
    expect(at(2000, 100)).toBe('embedding: 100 of 1000 patches, 50.0 patches/s, 18 s left\n');
    at(11_999, 500);
    expect(at(12_000, 600).split('\n')[1]).toBe('embedding: 600 of 1000 patches, 50.0 patches/s, 8 s left');
    at(20_000, 1000);
    progress.stop();
    progress.stop();
    expect(stream.text.split('\n').slice(2)).toEqual([
      'embedding: 1000 of 1000 patches in 20 s, 50.0 patches/s',
      '',
    ]);
  });

  it('redraws one line on a terminal, cut to its width, and clears it', () => {
    const { at, stream, progress } = clocked(true, 100_000);
    stream.columns = 30;
    expect(at(2000, 100)).toBe('\r\u001b[Kembedding: 100 of 100000 patc');
    expect(at(2050, 105)).toBe('\r\u001b[Kembedding: 100 of 100000 patc');
    stream.text = '';
    progress[Symbol.dispose]();
    expect(stream.text).toBe('\r\u001b[Kembedding: 105 of 100000 patches in 2 s, 51.2 patches/s\n');
  });

  it('leaves earlier work out of the rate, and the time left without a total', () => {
    expect(clocked(false, 1000, 500).at(4000, 504)).toBe(
      'embedding: 504 of 1000 patches, 1.0 patches/s, 8 min 16 s left\n',
    );
    expect(clocked(false, undefined).at(4000, 2)).toBe('embedding: 2 patches, 0.50 patches/s\n');
  });

  it('writes durations', () => {
    expect([900, 59_499, 185_000, 7_620_000].map(formatDuration)).toEqual([
      '1 s',
      '59 s',
      '3 min 05 s',
      '2 h 07 min',
    ]);
  });
});
