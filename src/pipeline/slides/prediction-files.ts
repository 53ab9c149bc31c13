/** Predictions of a whole slide as tables and outlines, written piece by piece whatever their number. */
import { open } from 'node:fs/promises';
import { writeAtomically } from '../../core/atomic-file.ts';
import { csvText } from '../../core/csv.ts';
import { type Matrix, matrixRow } from '../../core/matrix.ts';
import type { PatchRow } from '../../embedding/index.ts';

/** Predicted values of the patches of a slide. */
export interface SlidePrediction {
  /** Names and upper left corners, level-0 pixels. */
  readonly rows: readonly PatchRow[];
  readonly sidePx: number;
  /** Distance of neighbours, level-0 pixels. */
  readonly stepPx: number;
  readonly genes: readonly string[];
  /** Patches x genes. */
  readonly values: Matrix;
}

/** Rows that are turned into text at a time. */
const BLOCK = 2000;

async function writePieces(path: string, pieces: Iterable<string>): Promise<void> {
  await writeAtomically(path, async (temporary) => {
    const handle = await open(temporary, 'w');
    try {
      for (const piece of pieces) await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
  });
}

const short = (value: number) => Number(value.toPrecision(7));

/** Writes `barcode,x_px,y_px,<genes>`: the centre of each patch in level-0 pixels and its values. */
export async function writePredictionTable(path: string, prediction: SlidePrediction): Promise<void> {
  const { rows, sidePx, genes, values } = prediction;
  function* pieces(): Generator<string> {
    const header = csvText(['barcode', 'x_px', 'y_px', ...genes], []);
    yield header;
    for (let from = 0; from < rows.length; from += BLOCK) {
      const some = rows.slice(from, from + BLOCK).map(({ barcode, x, y }, i) => {
        return [barcode, x + sidePx / 2, y + sidePx / 2, ...Array.from(matrixRow(values, from + i), short)];
      });
      // The header again, to be cut off: one writer of quotes and line ends.
      yield csvText(['barcode', 'x_px', 'y_px', ...genes], some).slice(header.length);
    }
  }
  await writePieces(path, pieces());
}

/**
 * Writes a GeoJSON file that QuPath imports: one square per patch, with the values of `genes` as measurements.
 *
 * @param genes columns to write; they must be among the prediction's.
 */
export async function writePredictionGeojson(
  path: string,
  prediction: SlidePrediction,
  genes: readonly string[],
): Promise<void> {
  const { rows, sidePx, values } = prediction;
  const columns = genes.map((gene) => [gene, prediction.genes.indexOf(gene)] as const);
  function* pieces(): Generator<string> {
    yield '{"type":"FeatureCollection","features":[\n';
    for (let from = 0; from < rows.length; from += BLOCK) {
      const some = rows.slice(from, from + BLOCK).map(({ barcode, x, y }, i) => {
        const [right, bottom] = [x + sidePx, y + sidePx];
        const ring = [
          [x, y],
          [right, y],
          [right, bottom],
          [x, bottom],
          [x, y],
        ];
        const row = matrixRow(values, from + i);
        const measurements = Object.fromEntries(columns.map(([gene, c]) => [gene, short(row[c]!)]));
        const geometry = { type: 'Polygon', coordinates: [ring] };
        const properties = { objectType: 'tile', name: barcode, measurements };
        return JSON.stringify({ type: 'Feature', geometry, properties });
      });
      yield `${from === 0 ? '' : ',\n'}${some.join(',\n')}`;
    }
    yield '\n]}\n';
  }
  await writePieces(path, pieces());
}
