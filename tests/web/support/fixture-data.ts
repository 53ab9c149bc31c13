/** A small served folder with numbers that a test can compute itself. */
import type {
  Catalogue,
  RunDetail,
  SlideDetail,
  TableDetail,
  TableKind,
  TissueOutline,
} from '../../../src/contract/index.ts';

/** One table of the fixture: places and a value for each row and name. */
export interface FixtureTable {
  readonly detail: TableDetail;
  readonly positions: Float32Array;
  readonly barcodes: readonly string[];
  readonly value: (row: number, name: string) => number;
  readonly projection: Float32Array | null;
}

export interface Fixture {
  readonly catalogue: Catalogue;
  readonly slide: SlideDetail;
  readonly tissue: TissueOutline;
  readonly tables: ReadonlyMap<string, FixtureTable>;
  readonly run: RunDetail;
}

export interface FixtureOptions {
  /** Spots along both axes; default 40 and 30. */
  readonly columns?: number;
  readonly rows?: number;
  readonly width?: number;
  readonly height?: number;
}

export const GENES = [
  'ERBB2',
  'CD74',
  'GNAS',
  'FASN',
  'MS4A1',
  ...Array.from({ length: 25 }, (_, i) => `GENE${i}`),
];
/** This gene has no value in every seventeenth row. */
export const GENE_WITH_GAPS = 'GENE3';

/** Measured value of a row: a smooth pattern over the slide, different for each gene. */
export function measuredValue(row: number, gene: string, columns: number): number {
  const g = GENES.indexOf(gene);
  if (gene === GENE_WITH_GAPS && row % 17 === 5) return Number.NaN;
  const [x, y] = [row % columns, Math.floor(row / columns)];
  return Math.fround(2 + Math.sin((x + 3 * g) / 6) + Math.cos((y - g) / 5));
}

/** Predictions are shrunk towards the middle. */
export function predictedValue(row: number, gene: string, columns: number): number {
  return Math.fround(1 + 0.5 * measuredValue(row, gene, columns) + 0.1 * Math.sin(row));
}

function gridPositions(columns: number, rows: number, width: number, height: number): Float32Array {
  const positions = new Float32Array(2 * columns * rows);
  for (let row = 0; row < columns * rows; row++) {
    positions[2 * row] = ((row % columns) + 0.5) * (width / columns);
    positions[2 * row + 1] = (Math.floor(row / columns) + 0.5) * (height / rows);
  }
  return positions;
}

/** Two clouds: the left and the right half of the slide. */
function twoClouds(positions: Float32Array, width: number): Float32Array {
  return Float32Array.from(positions, (value, i) => {
    const left = positions[i - (i % 2)]! < width / 2;
    return (i % 2 === 0 ? (left ? 0 : 12) : 0) + Math.sin(value * 1.7) * 3;
  });
}

function tableDetail(id: string, kind: TableKind, rows: number, sizePx: number): TableDetail {
  const patches = kind === 'patches';
  return {
    id,
    name: patches ? 'sample patches' : `sample ${kind}`,
    path: `${kind}/sample.h5ad`,
    kind,
    slideId: 's1',
    rows,
    genes: patches ? [] : GENES,
    unit: patches ? '' : 'ln(1 + count)',
    shape: patches ? 'square' : 'disc',
    sizePx,
    columns: patches ? ['tissue_share', 'focus'] : [],
    projection: patches,
    quality: { overTissue: patches ? null : 0.93, focus: patches ? 184.2 : null },
  };
}

function tablesOf(columns: number, rows: number, width: number, height: number): FixtureTable[] {
  const count = columns * rows;
  const positions = gridPositions(columns, rows, width, height);
  const barcodes = Array.from({ length: count }, (_, row) => `${row % columns}x${Math.floor(row / columns)}`);
  const sizePx = (0.55 * width) / columns;
  // Predictions lie in the opposite order: only barcodes bring them together.
  const back = (row: number) => count - 1 - row;
  const patchPositions = gridPositions(20, 15, width, height);
  return [
    {
      detail: tableDetail('m1', 'measured', count, sizePx),
      positions,
      barcodes,
      value: (row, gene) => measuredValue(row, gene, columns),
      projection: null,
    },
    {
      detail: tableDetail('p1', 'predicted', count, sizePx),
      positions: positions.map((_, i) => positions[2 * back(i >> 1) + (i % 2)]!),
      barcodes: [...barcodes].reverse(),
      value: (row, gene) => predictedValue(back(row), gene, columns),
      projection: null,
    },
    {
      detail: tableDetail('q1', 'patches', 300, width / 20),
      positions: patchPositions,
      barcodes: Array.from({ length: 300 }, (_, row) => `patch${row}`),
      value: (row, name) => (name === 'focus' ? 100 + row : (row % 20) / 19),
      projection: twoClouds(patchPositions, width),
    },
  ];
}

const RUN: RunDetail = {
  id: 'r1',
  name: 'leave one patient out',
  kind: 'expression',
  report: false,
  protocol: [
    ['Encoder', 'mv-hybrid, seeded random weights'],
    ['Split', 'one patient held out at a time'],
  ],
  splits: [
    {
      name: 'patient',
      folds: [
        { name: 'patient A', testSpots: 120 },
        { name: 'patient B', testSpots: 98 },
        { name: 'patient C', testSpots: 143 },
      ],
      genes: GENES.map((gene, g) => ({
        gene,
        pcc: [0, 1, 2].map((fold) =>
          g === 6 && fold === 1 ? null : Math.sin(g * 1.3 + fold * 0.4) * 0.4 + 0.2,
        ),
      })),
    },
  ],
};

function slideDetail(width: number, height: number, tables: readonly FixtureTable[]): SlideDetail {
  return {
    id: 's1',
    name: 'sample.tif',
    path: 'slides/sample.tif',
    width,
    height,
    tileSize: 256,
    maxLevel: Math.ceil(Math.log2(Math.max(width, height))),
    reader: 'built-in',
    mpp: 0.5,
    mppSources: [
      { source: 'TIFF resolution', mpp: 0.5, note: '20,000 px per cm', chosen: true },
      { source: 'Aperio MPP', mpp: null, note: 'not stated', chosen: false },
    ],
    levels: [1, 4, 16].map((downsample) => ({
      width: Math.ceil(width / downsample),
      height: Math.ceil(height / downsample),
      downsample,
    })),
    tables: tables.map(({ detail }) => detail.id),
    tissue: true,
  };
}

function catalogueOf(slide: SlideDetail, tables: readonly FixtureTable[]): Catalogue {
  const { id, name, path, width, height, mpp } = slide;
  const backbone = 'mv-hybrid';
  return {
    folder: 'cohort',
    slides: [{ id, name, path, width, height, mpp }],
    tables: tables.map(({ detail }) => ({ ...detail, genes: detail.genes.length })),
    runs: [{ id: 'r1', name: RUN.name, path: 'results/result.json', kind: 'expression', report: false }],
    heads: [
      {
        id: 'h1',
        name: 'head',
        path: 'model/head.safetensors',
        genes: GENES,
        backbone,
        encoder: 'random weights of seed 0',
      },
    ],
    weights: [{ id: 'w1', name: 'teacher.safetensors', path: 'run/teacher.safetensors', backbone }],
    problems: [
      {
        path: 'slides/broken.svs',
        message: 'broken.svs: needed a TIFF header, found 0 bytes; copy the file again',
      },
    ],
  };
}

/** An ellipse of tissue. */
function ellipse(width: number, height: number): TissueOutline {
  const edge = Array.from({ length: 60 }, (_, i): [number, number] => {
    const angle = (i / 60) * 2 * Math.PI;
    return [width * (0.5 + 0.42 * Math.cos(angle)), height * (0.5 + 0.42 * Math.sin(angle))];
  });
  return { parts: [[edge]], share: Math.PI * 0.42 ** 2 };
}

/** Everything the fixture server answers. */
export function createFixture(options: FixtureOptions = {}): Fixture {
  const { columns = 40, rows = 30, width = 4000, height = 3000 } = options;
  const tables = tablesOf(columns, rows, width, height);
  const slide = slideDetail(width, height, tables);
  return {
    catalogue: catalogueOf(slide, tables),
    slide,
    tissue: ellipse(width, height),
    tables: new Map(tables.map((table) => [table.detail.id, table])),
    run: RUN,
  };
}
