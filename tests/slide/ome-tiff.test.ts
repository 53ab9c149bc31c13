import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import { halveRows } from '../../src/slide/tiff/halve.ts';
import { readOmeXml } from '../../src/slide/tiff/ome-xml.ts';
import type { WholeSlide } from '../../src/slide/whole-slide.ts';
import { colourful, difference, temporaryFolder } from './pictures.ts';
import { buildTiff, RGB8, type TestPicture, withTags } from './tiff-builder.ts';

const file = temporaryFolder('ome');
const [W, H] = [96, 64];
const pixels = colourful(W, H);
const half = halveRows(pixels, W, H, W / 2);
const GREY = withTags(RGB8, [258, 3, [8]], [262, 3, [1]], [277, 3, [1]]);
const plane = (data: Uint8Array, c: number) => data.filter((_, i) => i % 3 === c);

function xml(images: string, prefix = ''): string {
  return `<?xml version="1.0"?><${prefix}OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><${prefix}Instrument><${prefix}Objective NominalMagnification="20.0"/></${prefix}Instrument>${images}</${prefix}OME>`;
}

function image(name: string, pixelsAttributes: string, inner: string): string {
  return `<Image ID="Image:0" Name="${name}"><Pixels ${pixelsAttributes}>${inner}</Pixels></Image>`;
}

const RGB_PIXELS =
  'SizeX="96" SizeY="64" SizeC="3" SizeZ="1" SizeT="1" PhysicalSizeX="500" PhysicalSizeXUnit="nm" PhysicalSizeY="500" PhysicalSizeYUnit="nm"';
const RGB_INNER = '<Channel SamplesPerPixel="3"/><TiffData IFD="0" PlaneCount="1"/>';

const strip = (
  data: Uint8Array,
  widthPx: number,
  tags: TestPicture['tags'],
  sub?: TestPicture[],
): TestPicture => ({
  widthPx,
  heightPx: (2 * widthPx) / 3,
  chunks: [data],
  tags,
  ...(sub === undefined ? {} : { sub }),
});

async function open(pictures: TestPicture[]): Promise<WholeSlide> {
  await writeFile(file('a.ome.tif'), buildTiff(pictures));
  return openSlide(file('a.ome.tif'), { reader: 'builtin' });
}

async function expectLevels(slide: WholeSlide): Promise<void> {
  expect(slide.format).toBe('ome-tiff');
  expect(slide.levels.map(({ widthPx, downsample }) => [widthPx, downsample])).toEqual([
    [96, 1],
    [48, 2],
  ]);
  const whole = (width: number) => ({ x: 0, y: 0, width, height: (2 * width) / 3 });
  expect(difference(await slide.readLevel(0, whole(96)), pixels).largest).toBe(0);
  expect(difference(await slide.readLevel(1, whole(48)), half).largest).toBe(0);
  await slide.close();
}

describe('OME-TIFF', () => {
  it('reads an RGB pyramid in SubIFDs, its pixel size and its label', async () => {
    const label = image(
      'label image',
      'SizeX="30" SizeY="20" SizeC="3"',
      '<Channel SamplesPerPixel="3"/><TiffData IFD="1"/>',
    );
    const description = xml(image('scan', RGB_PIXELS, RGB_INNER) + label);
    const main = strip(pixels, 96, withTags(RGB8, [270, 2, description]), [strip(half, 48, RGB8)]);
    const slide = await open([main, strip(new Uint8Array(1800).fill(9), 30, RGB8)]);
    expect(slide.mpp).toBeCloseTo(0.5, 12);
    expect(slide.mppTable.rows.map(({ source }) => source)).toEqual(['ome', 'magnification']);
    expect(slide.associatedNames).toEqual(['label']);
    expect((await slide.readAssociated('label')).pixels[7]).toBe(9);
    await expectLevels(slide);
  });

  it('joins three grey planes, each with its SubIFDs', async () => {
    const inner = '<Channel/><Channel/><Channel/><TiffData/>';
    const description = xml(image('scan', RGB_PIXELS, inner));
    const planes = [0, 1, 2].map((c) =>
      strip(plane(pixels, c), 96, c === 0 ? withTags(GREY, [270, 2, description]) : GREY, [
        strip(plane(half, c), 48, GREY),
      ]),
    );
    await expectLevels(await open(planes));
  });

  it('takes levels stored as images of their own', async () => {
    const inner = (ifd: number) => `<Channel SamplesPerPixel="3"/><TiffData IFD="${ifd}"/>`;
    const small = image('scan 2', 'SizeX="48" SizeY="32" SizeC="3"', inner(1));
    const description = xml(image('scan 1', RGB_PIXELS, inner(0)) + small);
    const main = strip(pixels, 96, withTags(RGB8, [270, 2, description]));
    await expectLevels(await open([main, strip(half, 48, RGB8)]));
  });

  it('refuses fluorescence with a clear line', async () => {
    const channels = '<Channel/>'.repeat(4);
    const description = xml(image('scan', 'SizeX="96" SizeY="64" SizeC="4"', `${channels}<TiffData/>`));
    const planes = [0, 1, 2, 0].map((c, i) =>
      strip(plane(pixels, c), 96, i === 0 ? withTags(GREY, [270, 2, description]) : GREY),
    );
    await expect(open(planes)).rejects.toThrow(DataError);
    await expect(open(planes)).rejects.toThrow('4 grey planes (SizeC 4)');
  });

  it('understands prefixes, entities and missing TiffData', () => {
    const text = xml(
      '<ome:Image Name="a &lt;b&gt; &#181;m"><ome:Pixels SizeC="2" SizeZ="3" SizeT="1"/></ome:Image>' +
        '<ome:Image Name=\'second\'><ome:Pixels SizeC="3"><ome:Channel SamplesPerPixel="3"/></ome:Pixels></ome:Image>',
      'ome:',
    );
    const [first, second] = readOmeXml(text);
    expect([first?.name, first?.directories]).toEqual(['a <b> µm', [0, 1, 2, 3, 4, 5]]);
    expect([second?.name, second?.directories, second?.samplesPerPixel]).toEqual(['second', [6], 3]);
  });
});
