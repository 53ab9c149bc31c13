/** Sections of other kinds than the generated ones: Space Ranger, HEST folders, manifests. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  positionsAddress,
  type SlideDetail,
  slideAddress,
  type TableDetail,
  tableAddress,
  valuesAddress,
} from '../../src/contract/index.ts';
import { matrix } from '../../src/core/matrix.ts';
import { writeExpressionH5ad } from '../../src/spatial/index.ts';
import { writeSyntheticSlide } from '../../src/synthetic/index.ts';
import { temporaryFolder } from '../slide/pictures.ts';
import { serve } from './served.ts';

const file = temporaryFolder('sections');
const root = () => file('data');
const at = (name: string) => join(root(), name);

/** Four spots 100 um apart in two array rows, one of them beside the tissue. */
const POSITIONS = ['A-1,1,0,0,100,100', 'B-1,1,0,2,100,300', 'C-1,1,1,1,273,200', 'D-1,0,1,3,273,400'];
const MTX = '%%MatrixMarket matrix coordinate integer general\n%\n2 4 5\n1 1 4\n2 1 1\n2 2 7\n1 3 2\n2 4 9\n';

async function writeSpaceRanger(folder: string, kind: 'filtered' | 'raw'): Promise<void> {
  const outs = join(folder, 'outs');
  const mex = join(outs, `${kind}_feature_bc_matrix`);
  for (const path of [join(outs, 'spatial'), mex]) await mkdir(path, { recursive: true });
  await writeFile(join(outs, 'spatial/tissue_positions_list.csv'), `${POSITIONS.join('\n')}\n`);
  await writeFile(join(outs, 'spatial/scalefactors_json.json'), '{"spot_diameter_fullres": 130}');
  await writeFile(join(mex, 'barcodes.tsv'), 'A-1\nB-1\nC-1\nD-1\n');
  await writeFile(join(mex, 'features.tsv'), 'E1\tERBB2\tGene Expression\nE2\tCD74\tGene Expression\n');
  await writeFile(join(mex, 'matrix.mtx'), MTX);
  await writeSyntheticSlide(join(folder, 'he.tif'), { seed: 3, widthPx: 600, heightPx: 400 });
}

const writeH5ad = (path: string) =>
  writeExpressionH5ad(path, {
    barcodes: ['a', 'b'],
    genes: ['ERBB2', 'CD74'],
    values: matrix(2, 2, Float32Array.of(1, 0, 3, 8)),
    spatial: [
      { x: 10, y: 20 },
      { x: 110, y: 20 },
    ],
    spotDiameterPx: 55,
  });

const served = serve(root, async () => {
  await writeSpaceRanger(at('visium/s1'), 'filtered');
  await writeSpaceRanger(at('visium/s2'), 'raw');
  for (const name of ['hest/st', 'hest/metadata', 'hest/wsis', 'moved'])
    await mkdir(at(name), { recursive: true });
  await writeH5ad(at('hest/st/X1.h5ad'));
  await writeSyntheticSlide(at('hest/wsis/X1.tif'), {
    seed: 4,
    widthPx: 500,
    heightPx: 400,
    description: 'none',
  });
  const sample = { id: 'X1', dataset_title: 'study', pixel_size_um_estimated: 0.27 };
  await writeFile(at('hest/metadata/X1.json'), JSON.stringify(sample));
  await writeH5ad(at('moved/counts.h5ad'));
  await writeSyntheticSlide(at('moved/image.tif'), { seed: 6, widthPx: 500, heightPx: 400 });
  const columns = 'id,path,patient,study,image,mpp,scale,rotation_deg,shift_x_px,shift_y_px';
  await writeFile(at('moved/cohort.csv'), `${columns}\nM1,counts.h5ad,p,s,image.tif,0.4,2,,5,-3\n`);
});

describe('sections', () => {
  it.each(['s1', 's2'])('of Space Ranger have the spots on tissue (%s)', async (name) => {
    const { id, slideId, rows, genes } = await served.table(`visium/${name}/outs`);
    expect([rows, genes, slideId]).toEqual([3, 2, (await served.slide(name)).id]);
    expect(await served.numbers(positionsAddress(id))).toEqual(Float32Array.of(100, 100, 300, 100, 200, 273));
    expect(await served.numbers(valuesAddress(id, 'CD74'))).toEqual(
      Float32Array.of(Math.log(2), Math.log(8), 0),
    );
    // 130 pixels are 65 um; spots are 55 um wide.
    const detail = await served.json<TableDetail>(tableAddress(id));
    expect(detail.sizePx).toBeCloseTo(110, 0);
  });

  it('of HEST lie on the slide of their name, with the pixel size of the metadata', async () => {
    const { id, slideId } = await served.table('hest/st/X1.h5ad');
    const slide = await served.json<SlideDetail>(slideAddress(slideId!));
    expect(slide).toMatchObject({ path: 'hest/wsis/X1.tif', mpp: 0.27 });
    const chosen = slide.mppSources.find((statement) => statement.chosen);
    expect(chosen?.source).toBe('metadata: HEST metadata pixel_size_um_estimated');
    expect(await served.json<TableDetail>(tableAddress(id))).toMatchObject({
      sizePx: 55,
      shape: 'disc',
      rows: 2,
    });
    expect(await served.numbers(valuesAddress(id, 'ERBB2'))).toEqual(
      Float32Array.of(Math.log(2), Math.log(4)),
    );
  });

  it('of a manifest lie where it moves them, on the image it names', async () => {
    const { id, name, slideId } = await served.table('moved/counts.h5ad');
    expect(name).toBe('M1');
    const slide = await served.json<SlideDetail>(slideAddress(slideId!));
    expect(slide).toMatchObject({ path: 'moved/image.tif', name: 'M1', mpp: 0.4 });
    expect(await served.numbers(positionsAddress(id))).toEqual(Float32Array.of(25, 37, 225, 37));
    expect((await served.json<TableDetail>(tableAddress(id))).sizePx).toBe(110);
  });
});
