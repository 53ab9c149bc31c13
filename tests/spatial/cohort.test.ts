import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { readCohort } from '../../src/spatial/cohort.ts';
import { toDense } from '../../src/spatial/count-matrix.ts';
import { goldenPath, sharedData } from '../support/paths.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

const folder = temporaryFolder();

async function stSection(name: string, value = 1): Promise<void> {
  await folder.write(`${name}/counts.tsv`, `\tG1\tG2\na\t${value}\t0\nb\t0\t2\n`);
  await folder.write(`${name}/spots.csv`, 'barcode,px,py\na,1,2\nb,3,4\n');
  await folder.write(`${name}/he.png`, 'image');
}

async function visiumSection(name: string): Promise<void> {
  await cp(goldenPath('eval/spaceranger_mini'), join(folder.path, name), { recursive: true });
}

describe('readCohort with a manifest', () => {
  it('reads ST and Space Ranger sections with their own image and pixel size', async () => {
    await stSection('mixed/st');
    await folder.write('mixed/st/meta.json', '{"um_per_px": 0.5}');
    await visiumSection('mixed/visium/outs');
    await folder.write('mixed/images/slide.tif', 'image');
    await folder.write(
      'mixed/cohort.csv',
      'id,path,patient,study,image,mpp\n"T,1",st,P1,lab A,,\nV1,visium,P2,lab B,images/slide.tif,0.51\n',
    );
    const calls: unknown[] = [];
    const onSection = (...call: unknown[]) => calls.push(call);
    const { sections, failures } = await readCohort(join(folder.path, 'mixed'), { onSection });
    expect(failures).toEqual([]);
    expect(calls).toEqual([
      [1, 2, 'T,1'],
      [2, 2, 'V1'],
    ]);
    const shown = sections.map(({ id, patient, study, imagePath, mpp, mppSource, spots }) => {
      return [id, patient, study, imagePath.slice(folder.path.length), mpp, mppSource, spots.length];
    });
    expect(shown).toEqual([
      ['T,1', 'P1', 'lab A', '/mixed/st/he.png', 0.5, 'meta.json um_per_px', 2],
      ['V1', 'P2', 'lab B', '/mixed/images/slide.tif', 0.51, 'cohort.csv mpp', 15],
    ]);
    const file = await readCohort(join(folder.path, 'mixed/cohort.csv'), { ids: ['V1'] });
    expect(file.sections).toEqual([sections[1]]);
  });

  it('keeps reading after a section that cannot be used', async () => {
    await stSection('broken/good');
    await stSection('broken/bad', -1);
    await folder.write(
      'broken/cohort.csv',
      'id,path,patient,study,mpp\nB,bad,P1,S,1\nG,good,P2,S,1\nN,nowhere,P3,S,1\nE,.,P4,S,1\n',
    );
    const path = join(folder.path, 'broken');
    const { sections, failures } = await readCohort(path);
    expect(sections.map(({ id }) => id)).toEqual(['G']);
    expect([...toDense(sections[0]!.counts).data]).toEqual([1, 0, 0, 2]);
    const messages = failures.map(({ id, error }) => [id, (error as Error).message]);
    expect(messages).toEqual([
      [
        'B',
        `readCountsTable: needed finite counts of 0 or more, found "-1" at barcode "a", gene "G1" in ${path}/bad/counts.tsv; give raw counts, not scaled values`,
      ],
      ['N', `readCohort: needed the folder or file of section N, found none at ${path}/nowhere`],
      [
        'E',
        `readSection: needed an .h5ad file, or a folder of Space Ranger (spatial/ or binned_outputs/), ST (spots.csv) or Xenium (transcripts), found none of them at ${path}`,
      ],
    ]);
    await expectRefusal(
      readCohort(path, { ids: ['N'] }),
      DataError,
      `readCohort: needed at least one usable section, found none of 1 in ${path} (N: readCohort: needed the folder or file of section N, found none at ${path}/nowhere)`,
    );
    await expectRefusal(
      readCohort(path, { ids: ['G', 'X'] }),
      UsageError,
      `readCohort: needed ids of sections in ${path}, found unknown "X"; it holds "B", "G", "N", "E"`,
    );
  });

  const columns =
    'the columns id,path,patient,study and optionally image,mpp,patches,scale,rotation_deg,shift_x_px,shift_y_px, found';
  it.each([
    ['missing', 'id,path,study\nA,a,S\n', `${columns} no "patient" in PATH`],
    ['misspelt', 'id,path,patient,study,imge\nA,a,P,S,x.tif\n', `${columns} unknown "imge" in PATH`],
    ['header', 'id,path,patient,study\n', 'at least one section, found only a header in PATH'],
    ['twice', 'id,path,patient,study\nA,a,P,S\nA,b,P,S\n', 'each id once, found "A" more than once in PATH'],
    [
      'patient',
      'id,path,patient,study\nA,a,,S\n',
      'values for id, path, patient, study, found no patient in line 2 of PATH; sections of one donor share one patient name',
    ],
    ['mpp', 'id,path,patient,study,mpp\nA,a,P,S,0\n', 'mpp above 0 or empty, found "0" in line 2 of PATH'],
    [
      'fields',
      'id,path,patient,study\nA,a,P\n',
      '4 fields in every line, as in the header, found 3 in line 2 of PATH',
    ],
  ])('refuses a manifest with wrong %s', async (name, content, message) => {
    const path = await folder.write(`${name}/cohort.csv`, content);
    await expectRefusal(readCohort(path), DataError, `readCohort: needed ${message.replace('PATH', path)}`);
  });

  it('stops when told to', async () => {
    await stSection('stopped/a');
    await folder.write('stopped/cohort.csv', 'id,path,patient,study,mpp\nA,a,P,S,1\n');
    const signal = AbortSignal.abort();
    await expect(readCohort(join(folder.path, 'stopped'), { signal })).rejects.toBe(signal.reason);
  });
});

describe('readCohort without a manifest', () => {
  it('reads sections named in meta.json; the folder names the study', async () => {
    await stSection('lab/A');
    await stSection('lab/B');
    await folder.write('lab/meta.json', '{"B": {"um_per_px": 0.5, "patient": "P"}, "A": {"um_per_px": 0.6}}');
    const { sections } = await readCohort(join(folder.path, 'lab'));
    expect(sections.map(({ id, patient, study, mpp }) => [id, patient, study, mpp])).toEqual([
      ['B', 'P', 'lab', 0.5],
      ['A', 'A', 'lab', 0.6],
    ]);
  });

  it('reads a single ST or Space Ranger folder', async () => {
    const st = await readCohort(join(folder.path, 'lab/A'));
    expect(st.sections.map(({ id, mpp }) => [id, mpp])).toEqual([['A', 0.6]]);
    await visiumSection('single/outs');
    await folder.write('single/slide.svs', 'image');
    const visium = await readCohort(join(folder.path, 'single'));
    expect(visium.sections.map(({ id, mpp, spots }) => [id, mpp, spots.length])).toEqual([
      ['single', 0.5, 15],
    ]);
  });

  it('says what it needs', async () => {
    const none = join(folder.path, 'none');
    await expectRefusal(
      readCohort(none),
      UsageError,
      `readCohort: needed a cohort folder, a cohort.csv or an .h5ad file, found nothing at ${none}; check the path`,
    );
    await folder.write('other/notes.txt', '');
    const other = join(folder.path, 'other');
    await expectRefusal(
      readCohort(other),
      DataError,
      `readCohort: needed cohort.csv, a section (Space Ranger, Visium HD, ST, Xenium), a HEST folder, .h5ad files, or meta.json naming ST folders, found none in ${other}; write a cohort.csv with the columns id,path,patient,study`,
    );
  });
});

const her2st = sharedData('her2st');
describe.skipIf(her2st === undefined)('real cohort', () => {
  it('reads seven sections of three patients', async () => {
    const { sections, failures } = await readCohort(her2st!);
    expect(failures).toEqual([]);
    expect(sections.map(({ id, patient }) => `${patient}:${id}`)).toEqual([
      'A:A1',
      'B:B4',
      'C:C2',
      'C:C3',
      'C:C4',
      'C:C5',
      'C:C6',
    ]);
    expect(sections.reduce((sum, { spots }) => sum + spots.length, 0)).toBe(1539);
    expect(new Set(sections.map(({ study }) => study))).toEqual(new Set(['her2st']));
  });
});
