/** Every file of the real sample formats opens, or fails with one line that says why it is no section. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import {
  readCohort,
  readH5adSection,
  readSection,
  readTenxH5,
  spotTotals,
  withH5ad,
} from '../../src/spatial/index.ts';
import { sharedData } from '../support/paths.ts';
import { expectRefusal } from './section-files.ts';

const formats = sharedData('formats');

describe.skipIf(formats === undefined)('AnnData of squidpy', () => {
  const path = join(formats ?? '', 'squidpy_h5ad/test_data.h5ad');
  const image = join(formats ?? '', 'squidpy_h5ad/test_img.jpg');

  it('section: 49 spots, names, places and the pixel size of its scale factors', async () => {
    const section = await readH5adSection(path, { imagePath: image });
    expect([section.spots.length, section.counts.genes.length, section.counts.data.length]).toEqual([
      49, 1999, 22372,
    ]);
    expect(section.spots[0]).toEqual({ barcode: 'AAATTGCGGCGGTTCT-1', x: 337, y: 439 });
    expect(section.mpp).toBeCloseTo(0.72671, 5);
    expect(section.mppSource).toBe('uns scalefactors spot_diameter_fullres = 65 um');
    const totals = spotTotals(section.counts);
    expect(totals[48]).toBeCloseTo(796.77042, 4);
    expect(totals.reduce((sum, total) => sum + total, 0)).toBeCloseTo(30129.55, 0);
  });

  it('parts: columns, tables, settings, pictures', async () => {
    await withH5ad(path, async (file) => {
      expect(await file.shape()).toEqual({ spots: 49, genes: 1999 });
      const leiden = await file.obs.column('leiden');
      expect(leiden.kind === 'categorical' && leiden.categories.values).toEqual(['0', '2', '6', '7', '9']);
      expect((await file.var.column('highly_variable')).kind).toBe('booleans');
      expect(await file.obsmNames()).toEqual(['X_pca', 'X_umap', 'spatial']);
      expect((await file.obsm('X_pca')).cols).toBe(50);
      expect(await file.uns('leiden/params')).toEqual({ n_iterations: -1, random_state: 0, resolution: 1 });
      expect(await file.unsShape('spatial/V1_Adult_Mouse_Brain/images/hires')).toEqual([100, 100, 3]);
    });
  });

  it('is no section without an image of full resolution', async () => {
    await expectRefusal(
      readH5adSection(path),
      DataError,
      `readH5adSection: needed the full-resolution image that the spots refer to, or precut patches, found no image named test_data beside ${path}, in wsis, or patches/test_data.h5; name the image; pictures inside an .h5ad file are scaled down`,
    );
  });
});

describe.skipIf(formats === undefined)('the other folders', () => {
  const at = (path: string) => join(formats ?? '', path);

  it('Space Ranger 1.0.0 and the two mini sections', async () => {
    const v1 = at('spaceranger_1_and_2/1.0.0');
    const imagePath = join(v1, 'spatial/tissue_hires_image.png');
    expect((await readSection(v1, { imagePath })).spots).toHaveLength(100);
    for (const name of ['section1', 'section2']) {
      const folder = at(`visium_mini_sections/${name}`);
      const lowres = join(folder, 'outs/spatial/tissue_lowres_image.png');
      const options = { imagePath: lowres, matrix: 'raw', unplacedCounts: 'drop' } as const;
      expect((await readSection(folder, options)).id).toBe(name);
    }
  });

  it('a probe matrix without its folder is counts, and no section', async () => {
    const folder = at('spaceranger_1_and_2/2.1.0');
    expect((await readTenxH5(join(folder, 'raw_probe_bc_matrix.h5'))).barcodes).toHaveLength(4987);
    await expectRefusal(
      readSection(folder),
      DataError,
      `readSection: needed an .h5ad file, or a folder of Space Ranger (spatial/ or binned_outputs/), ST (spots.csv) or Xenium (transcripts), found none of them at ${folder}`,
    );
  });

  it('a spatial folder without a matrix fails in one line', async () => {
    const folder = at('squidpy_h5ad');
    const { message } = (await readCohort(folder).catch((error: unknown) => error)) as Error;
    expect(message).toContain('readCohort: needed at least one usable section, found none of 1');
    expect(message).not.toContain('\n');
  });
});
