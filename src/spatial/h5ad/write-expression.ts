/** Predicted or measured expression of the spots of one section as an AnnData file. */
import { type Matrix, matrix } from '../../core/matrix.ts';
import { ShapeError } from '../../errors.ts';
import type { Spot } from '../types.ts';
import type { H5adColumn, UnsValue } from './h5ad-types.ts';
import { writeH5ad } from './write-h5ad.ts';

/** What {@link writeExpressionH5ad} writes. */
export interface ExpressionContent {
  /** Unique names of the spots. */
  readonly barcodes: readonly string[];
  /** Unique names of the genes. */
  readonly genes: readonly string[];
  /** Spots x genes; goes to `X`. */
  readonly values: Matrix;
  /** Centre of every spot in level-0 pixels, in the order of `barcodes`; goes to `obsm/spatial`. */
  readonly spatial: readonly Pick<Spot, 'x' | 'y'>[];
  /** What made the values: model, protocol, section. Goes to `uns`. */
  readonly uns?: Readonly<Record<string, UnsValue>>;
  /** Further tables of spots x genes, e.g. `measured`. */
  readonly layers?: Readonly<Record<string, Matrix>>;
  /** Columns about the spots. */
  readonly obs?: Readonly<Record<string, H5adColumn>>;
  /** Columns about the genes, e.g. each one's score. */
  readonly var?: Readonly<Record<string, H5adColumn>>;
  /** Diameter of a spot in level-0 pixels, for tools that draw spots (`uns/spatial/ST/scalefactors`). */
  readonly spotDiameterPx?: number;
}

/**
 * Writes an AnnData file that scanpy and squidpy open: whole or not at all, same bytes for the same content.
 *
 * @throws ShapeError when `spatial` has another length than `barcodes`; UsageError as writeH5ad.
 */
export async function writeExpressionH5ad(path: string, content: ExpressionContent): Promise<void> {
  const { barcodes, genes, values, spatial, uns = {}, layers = {}, spotDiameterPx } = content;
  if (spatial.length !== barcodes.length) {
    throw new ShapeError('writeExpressionH5ad', {
      need: `${barcodes.length} places, one per barcode`,
      found: `${spatial.length}`,
    });
  }
  const places = matrix(barcodes.length, 2, Float64Array.from(spatial.flatMap(({ x, y }) => [x, y])));
  const dense = ({ rows, cols, data }: Matrix) => ({ kind: 'dense', rows, cols, data }) as const;
  const drawn =
    spotDiameterPx === undefined
      ? {}
      : { spatial: { ST: { images: {}, scalefactors: { spot_diameter_fullres: spotDiameterPx } } } };
  await writeH5ad(path, {
    obs: { index: barcodes, columns: content.obs ?? {} },
    var: { index: genes, columns: content.var ?? {} },
    X: dense(values),
    layers: Object.fromEntries(Object.entries(layers).map(([name, layer]) => [name, dense(layer)])),
    obsm: { spatial: places },
    uns: { ...drawn, ...uns },
  });
}
