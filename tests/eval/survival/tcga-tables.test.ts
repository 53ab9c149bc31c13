import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../../src/errors.ts';
import {
  readTcgaFold,
  readTcgaFolds,
  readTcgaSurvival,
  sharedSites,
} from '../../../src/eval/survival/index.ts';
import { sharedData } from '../../support/paths.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-tcga-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
function file(name: string, ...lines: string[]): string {
  const path = join(root, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
const header =
  ',case_id,slide_id,site,survival_months,survival_months_pfi,censorship,censorship_pfi,oncotree_code';

describe('slide tables', () => {
  const path = file(
    'slides.csv',
    header,
    '0,P-A,A-1.svs,AA,4.5,3.0,1,0,COAD',
    '1,P-B,B-1.svs,BB,10.0,10.0,0,0,READ',
    '2,P-A,A-2.svs,AA,4.5,3.0,1,0,COAD',
  );

  it('become patients with their slides', async () => {
    const patients = await readTcgaSurvival(path);
    expect(patients).toEqual([
      {
        id: 'P-A',
        slides: ['A-1.svs', 'A-2.svs'],
        timeMonths: 4.5,
        event: false,
        site: 'AA',
        oncotreeCode: 'COAD',
      },
      { id: 'P-B', slides: ['B-1.svs'], timeMonths: 10, event: true, site: 'BB', oncotreeCode: 'READ' },
    ]);
  });

  it('hold other endpoints', async () => {
    expect((await readTcgaSurvival(path, 'pfi')).map((p) => [p.timeMonths, p.event])).toEqual([
      [3, true],
      [10, true],
    ]);
    await expect(readTcgaSurvival(path, 'dss')).rejects.toThrow(
      /none named survival_months_dss, censorship_dss/,
    );
  });

  it.each([
    ['a missing time', '0,P-A,A-1.svs,AA,,3,1,0,COAD', /"P-A", "" and "1" in line 2/],
    ['a negative time', '0,P-A,A-1.svs,AA,-1,3,1,0,COAD', /"-1"/],
    ['another mark', '0,P-A,A-1.svs,AA,1,3,2,0,COAD', /"2"/],
    ['no name', '0,,A-1.svs,AA,1,3,1,0,COAD', /""/],
    [
      'two follow-ups',
      '0,P-A,A-1.svs,AA,1,3,1,0,COAD\n1,P-A,A-2.svs,AA,2,3,1,0,COAD',
      /1 and 2 months for P-A/,
    ],
  ])('with %s are refused', async (name, rows, message) => {
    const bad = file(`${name}.csv`, header, rows);
    await expect(readTcgaSurvival(bad)).rejects.toThrow(DataError);
    await expect(readTcgaSurvival(bad)).rejects.toThrow(message);
  });

  it('that are absent are a usage error', async () => {
    await expect(readTcgaSurvival(join(root, 'no.csv'))).rejects.toThrow(UsageError);
  });
});

describe('divisions', () => {
  const patients = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

  it('name patients in two columns of unequal length', async () => {
    const path = file('x_splits_0.csv', ',train,val', '0,c,b', '1,a,', '2,d,');
    expect(await readTcgaFold(path, patients, 'one')).toEqual({ name: 'one', train: [0, 2, 3], test: [1] });
    file('x_splits_10.csv', ',train,test', '0,b,a');
    file('x_splits_2.csv', ',train,test', '0,a,b');
    const folds = await readTcgaFolds(root, patients);
    expect(folds.map((fold) => [fold.name, fold.test])).toEqual([
      ['fold 1', [1]],
      ['fold 3', [1]],
      ['fold 11', [0]],
    ]);
  });

  it('with strangers, doubles or a patient on both sides are refused', async () => {
    const stranger = file('stranger.csv', ',train,val', '0,z,b');
    await expect(readTcgaFold(stranger, patients, 'f')).rejects.toThrow(/found z in train/);
    const both = file('both.csv', ',train,val', '0,a,a');
    await expect(readTcgaFold(both, patients, 'f')).rejects.toThrow(/a on both sides/);
    const twice = file('twice.csv', ',train,val', '0,a,b', '1,a,');
    await expect(readTcgaFold(twice, patients, 'f')).rejects.toThrow(/named twice/);
    const odd = file('odd.csv', ',train', '0,a');
    await expect(readTcgaFold(odd, patients, 'f')).rejects.toThrow(DataError);
    await expect(readTcgaFolds(tmpdir(), patients)).rejects.toThrow(UsageError);
  });
});

const tables = sharedData('survival_tcga_crc');
describe.skipIf(tables === undefined)('the published tables of TCGA colorectal cancer', () => {
  const path = join(tables ?? '', 'datasets_csv_metadata_tcga_coadread.csv');

  it.each([
    ['os', 59],
    ['dss', 37],
    ['pfi', 83],
  ] as const)('%s: 298 patients', async (endpoint, eventSlides) => {
    const patients = await readTcgaSurvival(path, endpoint);
    expect(patients).toHaveLength(298);
    expect(patients.reduce((sum, p) => sum + p.slides.length, 0)).toBe(301);
    expect(patients.filter((p) => p.event).reduce((sum, p) => sum + p.slides.length, 0)).toBe(eventSlides);
  });

  it('have five folds that test every patient once and part the sites', async () => {
    const patients = await readTcgaSurvival(path);
    const folds = await readTcgaFolds(tables!, patients);
    expect(folds.map((fold) => [fold.train.length, fold.test.length])).toEqual([
      [240, 58],
      [227, 71],
      [253, 45],
      [229, 69],
      [243, 55],
    ]);
    expect(folds.flatMap((fold) => fold.test).sort((a, b) => a - b)).toEqual(patients.map((_, i) => i));
    expect(folds.map((fold) => sharedSites(fold, patients))).toEqual([[], [], [], [], []]);
  });
});
