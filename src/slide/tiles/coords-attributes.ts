/** The attributes that CLAM and TRIDENT keep beside coordinates. */
import { requireMpp } from '../mpp/mpp-table.ts';
import type { WholeSlide } from '../whole-slide.ts';
import type { CoordsAttribute, CoordsLayout } from './coords-file.ts';
import type { PatchSize } from './patch-size.ts';

/** A stated downsample may differ by this share from a level's. */
const LEVEL_TOLERANCE = 0.01;

/** Where the file goes, as both tools note it. */
export interface CoordsPlace {
  /** File name of the slide without its ending. */
  readonly name: string;
  readonly folder: string;
}

/**
 * Attributes in the layout of one tool. CLAM can only name levels of the slide: where the delivered patch is no
 * level, `patch_level` is 0 and `patch_size` the side on the slide, so that CLAM reads the right field.
 *
 * @throws DataError for TRIDENT if neither pixel size nor magnification is known.
 * @source CLAM and TRIDENT coordinate files.
 */
export function coordsAttributes(
  layout: CoordsLayout,
  slide: WholeSlide,
  size: PatchSize,
  place: CoordsPlace,
): Map<string, CoordsAttribute> {
  const common: [string, CoordsAttribute][] = slide.mpp === undefined ? [] : [['slide_mpp', slide.mpp]];
  if (layout === 'trident') {
    const magnification = nominalMagnification(slide);
    return new Map<string, CoordsAttribute>([
      ['patch_size', size.sizePx],
      ['patch_size_level0', size.sidePx],
      ['level0_magnification', magnification],
      ['target_magnification', (magnification * size.sizePx) / size.sidePx],
      ['overlap', size.overlapPx],
      ['name', place.name],
      ['savetodir', place.folder],
      ['level0_width', slide.widthPx],
      ['level0_height', slide.heightPx],
      ...common,
    ]);
  }
  const wanted = size.sidePx / size.sizePx;
  const fits = slide.levels.findIndex(
    ({ downsample }) => Math.abs(downsample / wanted - 1) <= LEVEL_TOLERANCE,
  );
  const level = Math.max(0, fits);
  const { widthPx, heightPx } = slide.levels[level]!;
  return new Map<string, CoordsAttribute>([
    ['patch_size', fits < 0 ? size.sidePx : size.sizePx],
    ['patch_level', level],
    ['downsample', [slide.widthPx / widthPx, slide.heightPx / heightPx]],
    ['downsampled_level_dim', [widthPx, heightPx]],
    ['level_dim', [widthPx, heightPx]],
    ['name', place.name],
    ['save_path', place.folder],
    ...common,
  ]);
}

/** The stated objective power, else 10 um / pixel size. */
function nominalMagnification(slide: WholeSlide): number {
  const stated = ['aperio.AppMag', 'openslide.objective-power'].map((name) =>
    Number.parseFloat(slide.properties.get(name) ?? ''),
  );
  const power = stated.find((value) => value > 0);
  return power ?? 10 / requireMpp(slide.path, slide.mppTable);
}
