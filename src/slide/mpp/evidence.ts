/** Turns fields of slide files into statements about the pixel size. */
import type { MppEvidence, MppSource } from './mpp-table.ts';

/** Micrometres per unit of OME-XML's PhysicalSizeXUnit. */
const OME_UNITS_UM: Readonly<Record<string, number>> = {
  µm: 1,
  μm: 1,
  um: 1,
  micron: 1,
  nm: 1e-3,
  mm: 1e3,
  cm: 1e4,
  m: 1e6,
  in: 25_400,
};

/** A statement from texts such as `0.4990`, or none where they hold no number. */
export function evidenceFromText(
  source: MppSource,
  field: string,
  x: string | undefined,
  y: string | undefined = x,
): MppEvidence[] {
  const [mppX, mppY] = [Number.parseFloat(x ?? ''), Number.parseFloat(y ?? '')];
  return Number.isNaN(mppX) || Number.isNaN(mppY) ? [] : [{ source, field, mppX, mppY }];
}

/**
 * TIFF resolution: pixels per inch (unit 2) or centimetre (unit 3); unit 1 states no length.
 * @source TIFF 6.0 section 8.
 */
export function evidenceFromResolution(
  x: number | undefined,
  y: number | undefined,
  unit: number | undefined,
): MppEvidence[] {
  const unitUm = unit === 2 ? 25_400 : unit === 3 ? 10_000 : undefined;
  if (unitUm === undefined || x === undefined || y === undefined || !(x > 0 && y > 0)) return [];
  const field = unit === 2 ? 'pixels per inch' : 'pixels per centimetre';
  return [{ source: 'resolution tags', field, mppX: unitUm / x, mppY: unitUm / y }];
}

/** OME-XML `PhysicalSizeX` with its unit (micrometre by default). @source OME schema 2016-06. */
export function evidenceFromOme(attributes: ReadonlyMap<string, string>): MppEvidence[] {
  const size = (axis: 'X' | 'Y') => {
    const unit = OME_UNITS_UM[attributes.get(`PhysicalSize${axis}Unit`) ?? 'µm'];
    const value = Number.parseFloat(attributes.get(`PhysicalSize${axis}`) ?? '');
    return unit === undefined ? Number.NaN : value * unit;
  };
  const [mppX, mppY] = [size('X'), size('Y')];
  if (Number.isNaN(mppX)) return [];
  return [{ source: 'ome', field: 'PhysicalSizeX', mppX, mppY: Number.isNaN(mppY) ? mppX : mppY }];
}

/** Objective power by the rule of thumb 10 um / magnification. */
export function evidenceFromMagnification(field: string, power: string | undefined): MppEvidence[] {
  const magnification = Number.parseFloat(power ?? '');
  if (!(magnification > 0)) return [];
  const mpp = 10 / magnification;
  return [{ source: 'magnification', field: `${field} ${magnification}`, mppX: mpp, mppY: mpp }];
}
