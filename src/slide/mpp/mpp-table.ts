/** Pixel size: every statement about it side by side, which one is used, and why. */
import { DataError, UsageError } from '../../errors.ts';
import { CREDIBLE_MPP } from '../resolution-tags.ts';

/** Where a statement comes from, in falling order of trust. */
export const MPP_SOURCES = [
  'user',
  'metadata',
  'openslide',
  'aperio',
  'ome',
  'resolution tags',
  'magnification',
] as const;

/** One of {@link MPP_SOURCES}. */
export type MppSource = (typeof MPP_SOURCES)[number];

/** A statement about the pixel size, in micrometres per level-0 pixel. */
export interface MppEvidence {
  readonly source: MppSource;
  /** Field it was read from, e.g. `aperio.MPP`. */
  readonly field: string;
  readonly mppX: number;
  readonly mppY: number;
}

/** A statement and what became of it. */
export interface MppRow extends MppEvidence {
  readonly used: boolean;
  readonly why: string;
}

/** Outcome of {@link reconcileMpp}. */
export interface MppTable {
  /** Micrometres per level-0 pixel; absent where nothing credible is stated or statements conflict. */
  readonly mpp?: number;
  readonly rows: readonly MppRow[];
  /** Two statements that differ by a factor of about ten, in words. */
  readonly conflict?: string;
}

/** Two statements agree if they differ by at most this share. */
const AGREE = 0.05;
/** A ratio in this range counts as a factor of ten, a known mistake of writers of TIFF resolution tags. */
const TEN = { min: 8, max: 12.5 } as const;
/** Print settings start here: 300 dpi is 85 um. */
const PRINT_MPP = 30;

/**
 * Decides on one pixel size. The user's value always wins. Else the most trusted credible statement is used
 * (order of {@link MPP_SOURCES}; credible: {@link CREDIBLE_MPP}, axes within 1 %; nominal magnification never),
 * unless another one says ten times as much or as little: then none is used until the user chooses.
 *
 * @throws UsageError if the user's value is not positive.
 */
export function reconcileMpp(evidence: readonly MppEvidence[], userMpp?: number): MppTable {
  if (userMpp !== undefined && !(Number.isFinite(userMpp) && userMpp > 0)) {
    throw new UsageError('openSlide', { need: 'mpp as a number above 0', found: `${userMpp}` });
  }
  const user: MppEvidence[] =
    userMpp === undefined ? [] : [{ source: 'user', field: 'mpp option', mppX: userMpp, mppY: userMpp }];
  const ordered = [...user, ...evidence].sort(
    (a, b) => MPP_SOURCES.indexOf(a.source) - MPP_SOURCES.indexOf(b.source),
  );
  const chosen = ordered.find((row) => row.source === 'user' || objection(row) === undefined);
  const against = chosen && ordered.find((row) => row !== chosen && isTenfold(row, chosen));
  const isConflict = against !== undefined && chosen?.source !== 'user';
  const rows = ordered.map((row) => {
    if (row !== chosen) return { ...row, used: false, why: whyNot(row, chosen) };
    const why = isConflict ? 'refused: another value differs tenfold' : whyUsed(row, ordered);
    return { ...row, used: !isConflict, why };
  });
  if (isConflict) return { rows, conflict: `${say(chosen!)} but ${say(against)}` };
  return chosen === undefined ? { rows } : { rows, mpp: meanMpp(chosen) };
}

/**
 * The pixel size, where one is certain.
 *
 * @throws DataError if nothing credible is stated or statements conflict; the message lists them.
 */
export function requireMpp(path: string, table: MppTable): number {
  if (table.mpp !== undefined) return table.mpp;
  const listed = table.rows.map((row) => `${say(row)} (${row.why})`).join(', ');
  throw new DataError('requireMpp', {
    need: `one certain pixel size for ${path}`,
    found:
      table.conflict === undefined ? listed || 'none stated' : `a tenfold disagreement: ${table.conflict}`,
    next: 'state the micrometres per pixel yourself with the mpp option',
  });
}

/** The table as aligned text: source, value, used or not, why. */
export function formatMppTable(table: MppTable): string {
  const cells = [
    ['source', 'field', 'um/px', 'used', 'why'],
    ...table.rows.map((row) => [row.source, row.field, valueText(row), row.used ? 'yes' : 'no', row.why]),
  ];
  const widths = [0, 1, 2, 3].map((c) => Math.max(...cells.map((row) => row[c]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  if (table.rows.length === 0) lines.push('(no pixel size is stated)');
  return lines.join('\n');
}

function meanMpp({ mppX, mppY }: MppEvidence): number {
  return mppX === mppY ? mppX : (mppX + mppY) / 2;
}

/** Why a statement can never be used, whatever the others say. */
function objection(row: MppEvidence): string | undefined {
  const mpp = meanMpp(row);
  if (row.source === 'magnification') return 'nominal, only a rough check';
  if (!(mpp > 0) || !Number.isFinite(mpp)) return 'no positive number';
  if (mpp > PRINT_MPP) return 'a print setting, no microscope';
  if (mpp < CREDIBLE_MPP.min) return `below ${CREDIBLE_MPP.min}, perhaps ten times too small`;
  if (mpp > CREDIBLE_MPP.max) return `above ${CREDIBLE_MPP.max}`;
  if (Math.abs(row.mppX / row.mppY - 1) > 0.01) return 'x and y differ by more than 1 %';
  return undefined;
}

function isTenfold(row: MppEvidence, chosen: MppEvidence): boolean {
  const ratio = meanMpp(row) / meanMpp(chosen);
  const factor = Math.max(ratio, 1 / ratio);
  return factor >= TEN.min && factor <= TEN.max;
}

function whyUsed(row: MppEvidence, all: readonly MppEvidence[]): string {
  if (row.source === 'user') return 'stated by the user';
  const backed = all.some((other) => other !== row && objection(other) === undefined && agrees(other, row));
  return backed ? 'most trusted, confirmed by another' : 'most trusted';
}

function whyNot(row: MppEvidence, chosen: MppEvidence | undefined): string {
  const reason = objection(row) ?? 'less trusted';
  if (chosen === undefined) return reason;
  if (isTenfold(row, chosen)) return `${reason}; differs tenfold from ${chosen.source}`;
  if (agrees(row, chosen)) return row.source === 'magnification' ? reason : 'agrees';
  const percent = Math.round(100 * Math.abs(meanMpp(row) / meanMpp(chosen) - 1));
  return objection(row) === undefined ? `${reason}; differs by ${percent} %` : reason;
}

function agrees(a: MppEvidence, b: MppEvidence): boolean {
  return Math.abs(meanMpp(a) / meanMpp(b) - 1) <= AGREE;
}

function say(row: MppEvidence): string {
  return `${row.field} says ${valueText(row)}`;
}

function valueText({ mppX, mppY }: MppEvidence): string {
  const digits = (value: number) => `${Number(value.toPrecision(5))}`;
  return mppX === mppY ? digits(mppX) : `${digits(mppX)} x ${digits(mppY)}`;
}
