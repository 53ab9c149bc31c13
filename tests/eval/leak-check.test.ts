import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { findLeaks, imageDigests, splitUnit } from '../../src/eval/leak-check.ts';
import { leaveOneGroupOut } from '../../src/eval/splits.ts';
import type { Section } from '../../src/spatial/types.ts';

interface Made {
  patient?: string;
  study?: string;
  imagePath?: string;
  mpp?: number;
  barcodes?: string[];
  totals?: number[];
}

function section(id: string, made: Made = {}): Section {
  const barcodes = made.barcodes ?? [`${id}-1`, `${id}-2`];
  const totals = made.totals ?? barcodes.map((_, i) => i + 1);
  return {
    id,
    patient: made.patient ?? `patient of ${id}`,
    study: made.study ?? 'S',
    imagePath: made.imagePath ?? `${id}.tif`,
    // A pixel size of its own, so that only the intended marks coincide.
    mpp: made.mpp ?? 0.2 + id.charCodeAt(0) / 1000,
    mppSource: 'test',
    spots: barcodes.map((barcode, i) => ({ barcode, x: i, y: 0 })),
    counts: {
      barcodes,
      genes: ['G'],
      indptr: Int32Array.from([0, ...totals.map((_, i) => i + 1)]),
      indices: new Int32Array(totals.length),
      data: Float32Array.from(totals),
    },
  };
}

const fold = { name: 'fold 1', train: [0], test: [1] };
function leaks(a: Section, b: Section, duplicates: string[][] = []) {
  return findLeaks(fold, [splitUnit(a), splitUnit(b)], duplicates);
}

describe('findLeaks', () => {
  it('finds nothing between unrelated sections', () => {
    expect(leaks(section('A'), section('B'))).toEqual([]);
  });

  it('reports a patient on both sides, within one study only', () => {
    const found = leaks(section('A', { patient: 'P7' }), section('B', { patient: 'P7' }));
    expect(found).toEqual([
      {
        kind: 'patient',
        severity: 'leak',
        fold: 'fold 1',
        train: ['A'],
        test: ['B'],
        message: 'fold 1: patient P7 of study S on both sides (training: A; test: B)',
      },
    ]);
    expect(leaks(section('A', { patient: 'P7' }), section('B', { patient: 'P7', study: 'T' }))).toEqual([]);
  });

  it('reports equal image paths, equal counts, equal spot names, equal spot number and pixel size', () => {
    const kinds = (a: Made, b: Made) =>
      leaks(section('A', a), section('B', b)).map((f) => [f.kind, f.severity]);
    expect(kinds({ imagePath: 'x.tif' }, { imagePath: './x.tif' })).toEqual([['image', 'leak']]);
    const barcodes = ['b1', 'b2'];
    expect(kinds({ barcodes, totals: [3, 4] }, { barcodes: ['b2', 'b1'], totals: [4, 3] })).toEqual([
      ['counts', 'leak'],
    ]);
    expect(kinds({ barcodes, totals: [3, 4] }, { barcodes, totals: [5, 4] })).toEqual([
      ['barcodes', 'suspect'],
    ]);
    expect(kinds({ mpp: 0.2125 }, { mpp: 0.2125 })).toEqual([['spots-and-pixel-size', 'suspect']]);
  });

  it('uses the list of duplicates across studies', () => {
    const found = leaks(section('A', { study: 'T1' }), section('B', { study: 'T2' }), [
      ['X', 'Y'],
      ['A', 'B'],
    ]);
    expect(found.map((f) => f.kind)).toEqual(['duplicate']);
    expect(found[0]!.message).toContain('tissue named as the same in the list of duplicates');
  });

  it('reports a section whose spots are on both sides once, not once per mark', () => {
    const unit = splitUnit(section('A'));
    const found = findLeaks({ name: 'spots', train: [0, 1], test: [2] }, [unit, unit, unit]);
    expect(found.map((f) => f.message)).toEqual(['spots: section A on both sides (training: A; test: A)']);
  });

  it('lists all sections of a leak, certain ones before suspects', () => {
    const sections = ['A', 'B', 'C', 'D'].map((id, i) =>
      section(id, { patient: i < 3 ? 'P1' : 'P2', mpp: i === 0 || i === 3 ? 0.5 : 0.2 + i / 100 }),
    );
    const found = findLeaks(
      { name: 'f', train: [0, 1], test: [2, 3] },
      sections.map((s) => splitUnit(s)),
    );
    expect(found.map(({ kind, train, test }) => ({ kind, train, test }))).toEqual([
      { kind: 'patient', train: ['A', 'B'], test: ['C'] },
      { kind: 'spots-and-pixel-size', train: ['A'], test: ['D'] },
    ]);
  });

  it('passes a split by patient', () => {
    const sections = [
      section('A', { patient: 'P1' }),
      section('B', { patient: 'P2' }),
      section('C', { patient: 'P1' }),
    ];
    const units = sections.map((s) => splitUnit(s));
    const folds = leaveOneGroupOut(sections.map((s) => s.patient));
    expect(folds.flatMap((f) => findLeaks(f, units))).toEqual([]);
  });

  it('refuses an index without a section', () => {
    expect(() => findLeaks({ name: 'f', train: [0], test: [5] }, [splitUnit(section('A'))])).toThrow(
      UsageError,
    );
  });
});

describe('imageDigests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leak-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it('digests only files of equal size, and equal bytes lead to a finding', async () => {
    const [a, b, c, d] = [file('a', 'same'), file('b', 'same'), file('c', 'diff'), file('d', 'longer')];
    const digests = await imageDigests([a, b, c, d, a]);
    expect([...digests.keys()].sort()).toEqual([a, b, c]);
    expect(digests.get(a)).toBe('0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5');
    expect(digests.get(c)).not.toBe(digests.get(a));
    const units = [splitUnit(section('A'), digests.get(a)), splitUnit(section('B'), digests.get(b))];
    expect(findLeaks(fold, units).map((f) => [f.kind, f.severity])).toEqual([['image', 'leak']]);
  });
});
