/** Cohorts whose genes have one known cause each: structure of low, or texture of high spatial frequency. */
import type { Gene, GeneNumbers } from './expression.ts';
import type { ScannerStyle } from './scanner.ts';
import type { SpotStructure } from './spot-structure.ts';
import type { StainStyle } from './stain.ts';

/**
 * What drives a gene: `low`, areas of glands and stroma (tens of micrometres and more); `high`, fine texture (a few
 * micrometres); `none`, nothing that the picture shows.
 */
export const DRIVERS = ['low', 'high', 'none'] as const;
export type Driver = (typeof DRIVERS)[number];

/** Two fifths of the genes follow glands or stroma, two fifths fine texture, one fifth nothing. */
export const DRIVER_GENES: GeneNumbers = {
  epithelial: 15,
  stromal: 15,
  proliferation: 0,
  immune: 0,
  necrosis: 0,
  housekeeping: 8,
  noise: 7,
  texture: 30,
};

interface Cause {
  readonly driver: Driver;
  readonly structure: keyof SpotStructure | null;
}

const CAUSES: Readonly<Record<string, Cause>> = {
  EPI: { driver: 'low', structure: 'epithelium' },
  STR: { driver: 'low', structure: 'stroma' },
  TEX: { driver: 'high', structure: 'fineTexture' },
  HKG: { driver: 'none', structure: null },
  NOI: { driver: 'none', structure: null },
};

/** One gene in the manifest. */
export interface DrivenGene {
  readonly name: string;
  readonly driver: Driver;
  /** Column of structure.csv that drives it. */
  readonly structure: string | null;
  /**
   * Share of the variance of ln(1 + count) within sections that a straight line over the gene's structure, and over the
   * structures of the other driver, explains; measured on this cohort.
   */
  readonly explained: { readonly low: number; readonly high: number };
}

/** `drivers.json` of a cohort. */
export interface DriverManifest {
  readonly seed: number;
  readonly shares: Readonly<Record<Driver, number>>;
  readonly genes: readonly DrivenGene[];
  readonly studies: readonly {
    readonly study: string;
    readonly mpp: number;
    readonly stain: StainStyle;
    readonly scanner: ScannerStyle;
  }[];
}

/** Counts and causes of one section. */
export interface SectionRecordForDrivers {
  readonly structure: readonly SpotStructure[];
  /** [spots][genes] */
  readonly counts: readonly Uint32Array[];
}

/** Values less their mean. */
function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.map((v) => v - mean);
}

/** Squared correlation of values that have mean 0 within every section; 0 where one does not vary. */
function explainedShare(cause: readonly number[], effect: readonly number[]): number {
  const sum = (f: (i: number) => number) => cause.reduce((total, _, i) => total + f(i), 0);
  const [xy, xx, yy] = [
    sum((i) => cause[i]! * effect[i]!),
    sum((i) => cause[i]! ** 2),
    sum((i) => effect[i]! ** 2),
  ];
  return xx > 0 && yy > 0 ? (xy * xy) / (xx * yy) : 0;
}

/** Measures what drives each gene of a written cohort. */
export function describeDrivers(
  genes: readonly Gene[],
  sections: readonly SectionRecordForDrivers[],
): DrivenGene[] {
  const within = (of: (section: SectionRecordForDrivers) => number[]) =>
    sections.flatMap((one) => centred(of(one)));
  const structure = (key: keyof SpotStructure) =>
    within((section) => section.structure.map((spot) => spot[key] ?? 0));
  const levels = {
    epithelium: structure('epithelium'),
    stroma: structure('stroma'),
    fineTexture: structure('fineTexture'),
  };
  return genes.map(({ name }, g) => {
    const { driver, structure: own } = CAUSES[name.slice(0, 3)]!;
    const effect = within(({ counts }) => counts.map((spot) => Math.log1p(spot[g]!)));
    const low = own === 'stroma' ? levels.stroma : levels.epithelium;
    return {
      name,
      driver,
      structure: own === 'fineTexture' ? 'fine_texture' : own,
      explained: {
        low: round(explainedShare(low, effect)),
        high: round(explainedShare(levels.fineTexture, effect)),
      },
    };
  });
}

const round = (share: number) => Math.round(1e4 * share) / 1e4;

/** Share of the genes per driver. */
export function driverShares(genes: readonly DrivenGene[]): Record<Driver, number> {
  const share = (driver: Driver) => genes.filter((gene) => gene.driver === driver).length / genes.length;
  return { low: share('low'), high: share('high'), none: share('none') };
}
