import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../../src/errors.ts';
import {
  NCT_CRC_CLASSES,
  readClassFolders,
  readMhist,
  readNctCrc,
  readUniToPatho,
  UNITOPATHO_CLASSES,
} from '../../../src/eval/classification/index.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-labelled-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes files (empty unless text is given) below a new folder. */
function folder(name: string, files: readonly (string | readonly [string, string])[]): string {
  const base = join(root, name);
  for (const file of files) {
    const [path, text] = typeof file === 'string' ? [file, ''] : file;
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
  return base;
}

describe('MHIST', () => {
  const header = 'Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition';
  const files = ['images/MHIST_aaa.png', 'images/MHIST_aab.png', 'images/MHIST_aac.png'];
  const list = (rows: string, head = header) => ['annotations.csv', `${head}\n${rows}\n`] as const;

  it('lists pictures with label and partition', async () => {
    const base = folder('mhist', [
      ...files,
      list('MHIST_aaa.png,SSA,6,train\r\nMHIST_aab.png,HP,2,train\r\nMHIST_aac.png,HP,0,test'),
    ]);
    const set = await readMhist(base);
    expect(set.classes).toEqual(['SSA', 'HP']);
    expect(set.images).toEqual([
      { path: join(base, 'images', 'MHIST_aaa.png'), label: 'SSA', patient: undefined, split: 'train' },
      { path: join(base, 'images', 'MHIST_aab.png'), label: 'HP', patient: undefined, split: 'train' },
      { path: join(base, 'images', 'MHIST_aac.png'), label: 'HP', patient: undefined, split: 'test' },
    ]);
    expect(set.notes[0]).toContain('no patients');
  });

  it('does without the column of votes', async () => {
    const short = list('MHIST_aaa.png,SSA,train', 'Image Name,Majority Vote Label,Partition');
    expect((await readMhist(folder('mhist-short', [...files, short]))).images).toHaveLength(1);
  });

  it.each([
    ['unknown label', list('MHIST_aaa.png,TVA,6,train'), DataError, /"TVA" and "train" in line 2/],
    ['unknown partition', list('MHIST_aaa.png,HP,6,val'), DataError, /"HP" and "val" in line 2/],
    ['missing picture', list('MHIST_zzz.png,HP,6,test'), DataError, /1 missing, e\.g\. MHIST_zzz\.png/],
    ['missing column', list('a,b', 'Image Name,Partition'), DataError, /none named Majority Vote Label/],
    ['no list', 'images/x.png', UsageError, /nothing at .*annotations\.csv/],
  ])('refuses: %s', async (name, extra, kind, message) => {
    const base = folder(`mhist-${name}`, [...files, extra]);
    await expect(readMhist(base)).rejects.toThrow(kind);
    await expect(readMhist(base)).rejects.toThrow(message);
  });
});

describe('UniToPatho', () => {
  const a = '149-B1-HP.ndpi_ROI__mpp0.44_reg000_crop_sk00003_(7425,15843,1812,1812).png';
  const b = '12-B2-TVALG.ndpi_ROI__mpp0.44_reg001_crop_sk00000_(1,2,1812,1812).png';
  const c = '77-B5-NORM.ndpi_ROI__mpp0.44_reg001_crop_sk00000_(3,4,1812,1812).png';
  const pictures = [`800/HP/${a}`, `800/TVA.LG/${b}`, `800/NORM/${c}`];
  const lists = (train: string, test: string) =>
    [
      ['800/train.csv', train],
      ['800/test.csv', test],
    ] as const;
  const usual = lists(
    `image_id,top_label,top_label_name\n"${a}",0,HP\n"${b}",5,TVA.LG\n`,
    `image_id,top_label,top_label_name\n"${c}",1,NORM\n`,
  );

  it('lists pictures of both lists, the slide standing for the patient', async () => {
    const base = folder('utp', [...pictures, ...usual]);
    const set = await readUniToPatho(base);
    expect(set.classes).toEqual([...UNITOPATHO_CLASSES]);
    expect(set.images).toEqual([
      { path: join(base, '800', 'HP', a), label: 'HP', patient: '149-B1-HP', split: 'train' },
      { path: join(base, '800', 'TVA.LG', b), label: 'TVA.LG', patient: '12-B2-TVALG', split: 'train' },
      { path: join(base, '800', 'NORM', c), label: 'NORM', patient: '77-B5-NORM', split: 'validation' },
    ]);
    expect(await readUniToPatho(join(base, '800'))).toEqual(set);
  });

  it('takes the class from the folder and the slide from a column `wsi` where the list says so', async () => {
    const base = folder('utp-plain', [
      ...pictures,
      '800/HP/unlisted.png',
      ...lists(`image_id,wsi\n"${a}",S1\n`, `image_id,wsi\n"${c}",S2\n`),
    ]);
    const set = await readUniToPatho(base);
    expect(set.images.map((image) => [image.label, image.patient])).toEqual([
      ['HP', 'S1'],
      ['NORM', 'S2'],
    ]);
    expect(set.notes[1]).toBe('2 pictures of the folders are in neither list and were left out');
  });

  it('refuses a slide in both lists, a picture in the wrong folder, and missing pictures', async () => {
    const both = folder('utp-both', [
      ...pictures,
      ...lists(`image_id,wsi\n"${a}",S1\n`, `image_id,wsi\n"${c}",S1\n`),
    ]);
    await expect(readUniToPatho(both)).rejects.toThrow(/slide S1 in both/);
    const wrong = folder('utp-wrong', [
      ...pictures,
      ...lists(`image_id,top_label_name\n"${a}",NORM\n`, 'image_id\n'),
    ]);
    await expect(readUniToPatho(wrong)).rejects.toThrow(DataError);
    const gone = folder('utp-gone', [...pictures, ...lists('image_id\nx.png\n', 'image_id\n')]);
    await expect(readUniToPatho(gone)).rejects.toThrow(/1 missing, e\.g\. x\.png/);
    const odd = folder('utp-odd', [...pictures, ...lists('name\nx.png\n', 'image_id\n')]);
    await expect(readUniToPatho(odd)).rejects.toThrow(/a column image_id/);
    await expect(readUniToPatho(folder('utp-none', pictures))).rejects.toThrow(UsageError);
  });
});

describe('class folders', () => {
  const all = NCT_CRC_CLASSES.map((name) => `${name}/${name}-AAAA.tif`);

  it('of NCT-CRC-HE, in the usual order', async () => {
    const set = await readNctCrc(folder('NCT-CRC-HE-100K', [...all, 'ADI/ADI-AAAB.tif', 'ADI/notes.txt']));
    expect(set.images.map((image) => image.label)).toEqual(['ADI', ...NCT_CRC_CLASSES]);
    expect(new Set(set.images.map((image) => image.split))).toEqual(new Set(['train']));
    const query = await readNctCrc(folder('CRC-VAL-HE-7K', all));
    expect([query.name, query.images[0]!.split]).toEqual(['CRC-VAL-HE-7K', 'test']);
  });

  it('of any set, those with pictures', async () => {
    const base = folder('any', ['b/1.png', 'a/2.JPG', 'empty/readme.md', 'list.csv']);
    expect((await readClassFolders(base)).classes).toEqual(['a', 'b']);
  });

  it('that are missing or empty are refused', async () => {
    await expect(readNctCrc(folder('half', all.slice(1)))).rejects.toThrow(/pictures in the sub-folder ADI/);
    await expect(readClassFolders(folder('none', ['x.txt']))).rejects.toThrow(DataError);
    await expect(readClassFolders(join(root, 'absent'))).rejects.toThrow(UsageError);
  });
});
