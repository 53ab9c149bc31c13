import { type Matrix, matrix } from '../core/matrix.ts';
import type { Embeddings } from '../embedding/index.ts';
import { DataError } from '../errors.ts';
import type { Section } from '../spatial/index.ts';

/** A section with the feature vector of each spot; row i of `features` belongs to `section.spots[i]`. */
export interface EmbeddedSection {
  readonly section: Section;
  readonly features: Matrix<Float32Array>;
}

/**
 * Joins a section with its embeddings by barcode (never by position).
 *
 * @throws DataError when a spot has no embedding or a barcode stands twice. Embeddings of other spots are ignored.
 */
export function joinEmbeddings(section: Section, embeddings: Embeddings): EmbeddedSection {
  const { rows, values, width } = embeddings;
  const place = new Map(rows.map(({ barcode }, i) => [barcode, i]));
  if (place.size !== rows.length) {
    throw new DataError('join embeddings', {
      need: 'each barcode once',
      found: `${rows.length - place.size} repeated ones in the embeddings of section ${section.id}`,
    });
  }
  const data = new Float32Array(section.spots.length * width);
  const missing: string[] = [];
  for (const [i, { barcode }] of section.spots.entries()) {
    const row = place.get(barcode);
    if (row === undefined) missing.push(barcode);
    else data.set(values.subarray(row * width, (row + 1) * width), i * width);
  }
  if (missing.length > 0) {
    throw new DataError('join embeddings', {
      need: `an embedding for each of ${section.spots.length} spots of section ${section.id}`,
      found: `none for ${missing.length} (${missing.slice(0, 3).join(', ')})`,
      next: 'embed the section again',
    });
  }
  return { section, features: matrix(section.spots.length, width, data) };
}
