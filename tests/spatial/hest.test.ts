import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import {
  listHestFolder,
  measuredPatchMpp,
  openPrecutPatches,
  placePatches,
  readCohort,
  readH5adSection,
  readHestMetadata,
  readHestTable,
  readHestTask,
  toDense,
} from '../../src/spatial/index.ts';
import { log1p } from '../../src/spatial/normalize.ts';
import { goldenPath, readEvalGolden } from '../support/paths.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

interface Sample {
  readonly X: number[][];
  readonly barcodes: string[];
  readonly spatial: [number, number][];
  readonly kept_barcodes: string[];
  readonly X_aligned_log1p: number[][];
  readonly img_sum: number;
}
const golden = readEvalGolden<{ genes: string[]; samples: Record<string, Sample> }>('hest_mini_expected');
const mini = goldenPath('eval/hest_mini');
const ids = Object.keys(golden.samples);

describe('readH5adSection on HEST files', () => {
  it.each(ids)('%s: counts, places, donor, study and pixel size from the metadata', async (id) => {
    const sample = golden.samples[id]!;
    const section = await readH5adSection(join(mini, 'st', `${id}.h5ad`));
    expect(section.counts.barcodes).toEqual(sample.barcodes);
    expect(section.spots.map(({ barcode }) => barcode)).toEqual(sample.barcodes);
    expect(section.spots.map(({ x, y }) => [x, y])).toEqual(sample.spatial);
    expect([...toDense(section.counts, golden.genes).data]).toEqual(sample.X.flat());
    expect([section.mpp, section.mppSource]).toEqual([0.2738, 'HEST metadata pixel_size_um_estimated']);
    const [study, patient] = id === 'MINI3' ? ['studyB', 'studyB: Patient 1'] : ['studyA', undefined];
    expect(section.study).toBe(study);
    expect(section.patient).toBe(patient ?? `studyA: Patient ${id.at(-1)}`);
    const patches = join(mini, 'st', '..', 'patches', `${id}.h5`);
    expect([section.imagePath, section.patchesPath]).toEqual([patches, patches]);
    expect(section.dropped).toEqual({ spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 0 });
  });
});

describe('precut patches', () => {
  it.each(ids)('%s: joined by barcode, whatever the order and kind of text', async (id) => {
    const sample = golden.samples[id]!;
    const section = await readH5adSection(join(mini, 'st', `${id}.h5ad`));
    const patches = await openPrecutPatches(section.patchesPath!, { mpp: 0.5 });
    try {
      expect([patches.sizePx, patches.mpp]).toEqual([16, 0.5]);
      expect(patches.barcodes).toEqual(sample.kept_barcodes);
      const placed = placePatches(section, patches);
      const order = placed.section.counts.barcodes.map((barcode) => sample.kept_barcodes.indexOf(barcode));
      expect([...placed.rows]).toEqual(order);
      const logs = toDense(log1p(placed.section.counts), golden.genes).data;
      const aligned = order.flatMap((row) => sample.X_aligned_log1p[row]!);
      expect(logs).toBeClose(aligned, { atol: 1e-12 });
      expect(placed.section.dropped?.spotsWithoutPatch).toBe(2);
      expect(placed.patchesWithoutSpot).toBe(0);
      let sum = 0;
      for (let i = 0; i < patches.barcodes.length; i++) {
        const pixels = await patches.read(i);
        expect(pixels).toHaveLength(16 * 16 * 3);
        for (const value of pixels) sum += value;
      }
      expect(sum).toBe(sample.img_sum);
      await expectRefusal(
        patches.read(sample.kept_barcodes.length),
        UsageError,
        `PrecutPatches.read: needed a patch from 0 to ${sample.kept_barcodes.length - 1}, found ${sample.kept_barcodes.length}`,
      );
    } finally {
      await patches.close();
      await patches.close();
    }
  });

  it('tell their pixel size by the distance of corner and centre', async () => {
    const section = await readH5adSection(join(mini, 'st', 'MINI1.h5ad'));
    const patches = await openPrecutPatches(section.patchesPath!);
    await patches.close();
    const placed = placePatches(section, patches);
    const corners = new Float64Array(2 * patches.barcodes.length);
    // HEST's rule: corner = trunc(centre - floor(224 px * 0.5 um / mpp / 2)).
    const half = Math.floor((224 * 0.5) / section.mpp / 2);
    for (const [i, { x, y }] of placed.section.spots.entries()) {
      corners.set([Math.trunc(x - half), Math.trunc(y - half)], 2 * placed.rows[i]!);
    }
    const measured = measuredPatchMpp(section, { ...patches, sizePx: 224, corners })!;
    expect(Math.abs(measured - 0.5)).toBeLessThan(0.005);
    const { corners: _, ...without } = patches;
    expect(measuredPatchMpp(section, without)).toBeUndefined();
  });

  it('refuses patches of another section and other files', async () => {
    const section = await readH5adSection(join(mini, 'st', 'MINI1.h5ad'));
    const other = await openPrecutPatches(join(mini, 'patches', 'MINI3.h5'));
    await other.close();
    expect(() => placePatches(section, other)).toThrow(DataError);
    expect(() => placePatches(section, other)).toThrow(
      `placePatches: needed patches of section MINI1, found no shared barcode: "CGTCCGAGGGCTCGCA-1" and 17 more there, "000x001" and 21 more in ${other.path}; check that both belong together`,
    );
    const h5ad = join(mini, 'st', 'MINI1.h5ad');
    await expectRefusal(
      openPrecutPatches(h5ad),
      DataError,
      `openPrecutPatches: needed a data set "img", found none in ${h5ad}`,
    );
  });
});

describe('HEST folders', () => {
  const folder = temporaryFolder();
  const copy = async (name: string) => {
    const path = join(folder.path, name);
    await cp(mini, path, { recursive: true });
    return path;
  };

  it('lists samples with their files and table rows', async () => {
    const entries = await listHestFolder(mini);
    expect(entries.map(({ id, expressionPath, patchesPath }) => [id, expressionPath, patchesPath])).toEqual(
      ids.map((id) => [id, join(mini, 'st', `${id}.h5ad`), join(mini, 'patches', `${id}.h5`)]),
    );
    expect(entries[0]!.sample).toEqual({
      id: 'MINI1',
      title: 'studyA',
      organ: 'Bowel',
      oncotree: 'COAD',
      species: 'Homo sapiens',
      patient: 'Patient 1',
      technology: 'Visium',
      genes: 22,
      spots: 18,
      mpp: 0.2738,
      widthPx: 1200,
      heightPx: 2400,
      spotUm: 55,
      pitchUm: 100,
    });
    expect(await readHestMetadata(join(mini, 'metadata/MINI3.json'))).toEqual({
      id: 'MINI3',
      title: 'studyB',
      oncotree: 'READ',
      technology: 'Xenium',
      mpp: 0.2738,
    });
  });

  it('are cohorts', async () => {
    const { sections, failures } = await readCohort(mini, { studyKey: 'title+link' });
    expect(failures).toEqual([]);
    expect(sections.map(({ id, patient, study, mpp }) => [id, patient, study, mpp])).toEqual([
      ['MINI1', 'studyA: Patient 1', 'studyA (no link)', 0.2738],
      ['MINI2', 'studyA: Patient 2', 'studyA (no link)', 0.2738],
      ['MINI3', 'studyB: Patient 1', 'studyB (no link)', 0.2738],
    ]);
    const some = await readCohort(mini, { ids: ['MINI2'] });
    expect(some.sections.map(({ id }) => id)).toEqual(['MINI2']);
  });

  it('take slides before patches, and mpp from the caller without metadata', async () => {
    const path = await copy('slides');
    await folder.write('slides/wsis/MINI1.tif', 'image');
    await rm(join(path, 'metadata'), { recursive: true });
    await rm(join(path, 'HEST_mini.csv'));
    const file = join(path, 'st/MINI1.h5ad');
    const section = await readH5adSection(file, { mpp: 0.25 });
    expect(section.imagePath).toBe(join(path, 'wsis/MINI1.tif'));
    expect([section.patient, section.study, section.mppSource]).toEqual([
      'MINI1',
      'MINI1',
      'given by the caller',
    ]);
    await expectRefusal(
      readH5adSection(file),
      DataError,
      `readH5adSection: needed the pixel size in micrometres, found none that ${file} or a metadata file beside it states; give mpp`,
    );
    await rm(join(path, 'patches'), { recursive: true });
    await expectRefusal(
      readH5adSection(join(path, 'st/MINI2.h5ad'), { mpp: 0.25 }),
      DataError,
      `readH5adSection: needed the full-resolution image that the spots refer to, or precut patches, found no image named MINI2 beside ${join(path, 'st/MINI2.h5ad')}, in wsis, or patches/MINI2.h5; name the image; pictures inside an .h5ad file are scaled down`,
    );
  });

  it('single files and folders of files are cohorts, also in a manifest', async () => {
    const path = await copy('single');
    const one = await readCohort(join(path, 'st/MINI1.h5ad'));
    expect(one.sections.map(({ id }) => id)).toEqual(['MINI1']);
    const all = await readCohort(join(path, 'st'));
    expect(all.sections.map(({ id }) => id)).toEqual(ids);
    await folder.write(
      'single/cohort.csv',
      'id,path,patient,study,patches,mpp,scale,rotation_deg,shift_x_px,shift_y_px\nA,st/MINI1.h5ad,P,S,patches/MINI1.h5,0.5,2,90,10,\n',
    );
    const { sections } = await readCohort(path);
    const [section] = sections;
    expect([section!.id, section!.patient, section!.study, section!.mpp]).toEqual(['A', 'P', 'S', 0.5]);
    expect(section!.transform).toEqual({ scale: 2, rotationDeg: 90, shiftXPx: 10 });
    const [x, y] = golden.samples.MINI1!.spatial[1]!;
    expect(section!.spots[1]!.x).toBeCloseTo(-2 * y + 10, 9);
    expect(section!.spots[1]!.y).toBeCloseTo(2 * x, 9);
  });

  it('read a task of HEST-Benchmark', async () => {
    const path = await copy('COAD');
    await rename(join(path, 'st'), join(path, 'adata'));
    const task = await readHestTask(path);
    expect([task.name, task.genes.length]).toEqual(['COAD', 6]);
    expect(
      task.folds.map(({ train, test }) => [train.map(({ id }) => id), test.map(({ id }) => id)]),
    ).toEqual([
      [['MINI2', 'MINI3'], ['MINI1']],
      [['MINI1', 'MINI3'], ['MINI2']],
      [['MINI1', 'MINI2'], ['MINI3']],
    ]);
    expect(task.folds[0]!.test[0]).toEqual({
      id: 'MINI1',
      patchesPath: join(path, 'patches/MINI1.h5'),
      expressionPath: join(path, 'adata/MINI1.h5ad'),
    });
    expect((await readCohort(path)).sections).toHaveLength(3);
    await folder.write(
      'COAD/splits/test_1.csv',
      'sample_id,patches_path,expr_path\nMINI3,patches/MINI3.h5,adata/MINI3.h5ad\n',
    );
    await expectRefusal(
      readHestTask(path),
      DataError,
      `readHestTask: needed samples on one side of a fold, found "MINI3" on both of fold 1 in ${path}`,
    );
    await rm(join(path, 'splits/test_1.csv'));
    await expectRefusal(
      readHestTask(path),
      DataError,
      `readHestTask: needed splits/train_{i}.csv and splits/test_{i}.csv for every fold, found train 0 1 2, test 0 2 in ${path}`,
    );
  });

  it('refuses tables that are none', async () => {
    const path = await folder.write('HEST_x.csv', 'id,title\nA,x\n');
    await expectRefusal(
      readHestTable(path),
      DataError,
      `readHestTable: needed the columns id and dataset_title, filled in every row, found row 1 without in ${path}`,
    );
    const twice = await folder.write('HEST_y.csv', 'id,dataset_title\nA,x\nA,y\n');
    await expectRefusal(
      readHestTable(twice),
      DataError,
      `readHestTable: needed each id once, found "A" more than once in ${twice}`,
    );
  });
});
