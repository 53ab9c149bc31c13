import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  filterHestSamples,
  findDuplicates,
  type HestSample,
  hestPatient,
  hestStudy,
  readHestTable,
  selectColorectal,
} from '../../src/spatial/index.ts';
import { sharedData } from '../support/paths.ts';
import { expectMessage, temporaryFolder } from './section-files.ts';

/** Invented rows: a comma and a line end inside quotes, text beyond ASCII, empty and blank fields. */
const TABLE = `\uFEFFdataset_title,id,oncotree_code,species,patient,st_technology,study_link,nb_genes,spots_under_tissue,pixel_size_um_estimated,fullres_px_width,fullres_px_height
"Atlas, first part",S1,COAD,Homo sapiens,Patient 1,Visium,https://a,18000,900,0.5,1000,2000
"Atlas, first part",S2,READ,Homo sapiens, ,Visium,https://b,18000,800,0.51,1000,2100
"Gewebe für ""Übersicht""
und mehr",S3,COADREAD,Homo sapiens,,Xenium,,541,700,0.27,1500,1500
Second lab,S4,COAD,Homo sapiens,,Visium HD,,18085,901,0.500001,1000,2000
Third lab,S5,COAD,Homo sapiens,,Visium,,1142,900,0.5,1200,2000
Mouse,S6,COAD,Mus musculus,,Visium,,18000,50,0.4,,
Breast,S7,IDC,Homo sapiens,,Visium,,18000,900,0.5,1000,2000
`;

describe('HEST sample tables', () => {
  const folder = temporaryFolder();
  const read = async () => readHestTable(await folder.write('HEST.csv', TABLE));

  it('reads quoted fields, text beyond ASCII and gaps', async () => {
    const samples = await read();
    expect(samples.map(({ id, title }) => [id, title])).toEqual([
      ['S1', 'Atlas, first part'],
      ['S2', 'Atlas, first part'],
      ['S3', 'Gewebe für "Übersicht"\nund mehr'],
      ['S4', 'Second lab'],
      ['S5', 'Third lab'],
      ['S6', 'Mouse'],
      ['S7', 'Breast'],
    ]);
    expect(samples.map(hestPatient).slice(0, 2)).toEqual([
      'Atlas, first part: Patient 1',
      'Atlas, first part: Patient 1',
    ]);
    expect('patient' in samples[1]!).toBe(false);
    expect(hestStudy(samples[1]!, 'title+link')).toBe('Atlas, first part (https://b)');
  });

  it('selects colorectal samples, filters them and names their studies', async () => {
    const samples = await read();
    const names = (key: 'title' | 'title+link') =>
      selectColorectal(samples, { species: 'Homo sapiens' }, key).studies.map((study) => [
        study.name.split('\n')[0],
        study.samples.map(({ id }) => id),
      ]);
    expect(names('title')).toEqual([
      ['Atlas, first part', ['S1', 'S2']],
      ['Gewebe für "Übersicht"', ['S3']],
      ['Second lab', ['S4']],
      ['Third lab', ['S5']],
    ]);
    expect(names('title+link').map(([, list]) => list)).toEqual([['S1'], ['S2'], ['S3'], ['S4'], ['S5']]);
    const filtered = (filter: Parameters<typeof filterHestSamples>[1]) =>
      filterHestSamples(samples, filter).map(({ id }) => id);
    expect(filtered({ technology: ['Visium'], minGenes: 2000 })).toEqual(['S1', 'S2', 'S6', 'S7']);
    expect(filtered({ maxGenes: 1142 })).toEqual(['S3', 'S5']);
    expect(filtered({ oncotree: ['READ', 'IDC'], excludeIds: ['S7'] })).toEqual(['S2']);
    const none = () => selectColorectal(samples, { minGenes: 1e6 });
    expect(none).toThrow(UsageError);
    expectMessage(
      none,
      'selectColorectal: needed samples of COAD, READ, COADREAD that pass the filter, found none of 7',
    );
  });

  it('warns of samples that look like one tissue', async () => {
    const { duplicates } = selectColorectal(await read(), { species: 'Homo sapiens' });
    expect(duplicates).toEqual([
      {
        ids: ['S1', 'S4'],
        reason: 'equal image size (1000 x 2000 pixels) and pixel size',
        acrossTitles: true,
      },
      { ids: ['S1', 'S5'], reason: 'equal spot count (900) and pixel size', acrossTitles: true },
    ]);
    const pair = ['TENX155', 'TENX128'].map((id): HestSample => ({ id, title: 'one' }));
    expect(findDuplicates(pair)).toEqual([
      {
        ids: ['TENX155', 'TENX128'],
        reason: 'reported as one section (HEST issue 126)',
        acrossTitles: false,
      },
    ]);
  });
});

const table = sharedData('hest_metadata/HEST_v1_1_0.csv');
describe.skipIf(table === undefined)('the table of HEST-1k 1.1.0', () => {
  it('holds 64 colorectal samples of 11 titles, and the filters give the counts known', async () => {
    const samples = await readHestTable(table!);
    expect(samples).toHaveLength(1229);
    expect(samples.filter(({ patient }) => patient !== undefined).length).toBeLessThanOrEqual(394);
    const all = selectColorectal(samples);
    expect([all.samples.length, all.studies.length]).toEqual([64, 11]);
    expect(selectColorectal(samples, {}, 'title+link').studies).toHaveLength(12);
    expect(all.samples.every(({ mpp }) => mpp! > 0.2 && mpp! < 1)).toBe(true);
    const rich = selectColorectal(samples, { minGenes: 2000 });
    expect([rich.samples.length, rich.studies.length]).toEqual([58, 8]);
    const visium = { technology: ['Visium'], minGenes: 2000 };
    const byTitle = selectColorectal(samples, visium);
    expect([byTitle.samples.length, byTitle.studies.length]).toEqual([54, 7]);
    expect(selectColorectal(samples, visium, 'title+link').studies).toHaveLength(8);
    const atlas = all.studies.find(({ name }) => name.startsWith('COLON MAP'));
    expect(atlas?.samples).toHaveLength(34);
  });

  it('warns of the two pairs of one tissue each', async () => {
    const { duplicates } = selectColorectal(await readHestTable(table!));
    expect(duplicates).toEqual([
      {
        ids: ['TENX155', 'TENX128'],
        reason:
          'reported as one section (HEST issue 126); equal image size (75250 x 48740 pixels) and pixel size',
        acrossTitles: true,
      },
      { ids: ['TENX29', 'TENX28'], reason: 'equal spot count (3138) and pixel size', acrossTitles: true },
    ]);
  });
});
