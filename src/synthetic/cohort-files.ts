/** The texts of a generated section. */
import { gzipSync } from 'node:zlib';
import type { Gene } from './expression.ts';
import type { SpotStructure } from './spot-structure.ts';
import type { TissuePlan } from './tissue-plan.ts';

function barcodes(plan: TissuePlan): string[] {
  return plan.spots.map(({ arrayX, arrayY }) => `${arrayX}x${arrayY}`);
}

/** Spots with array places and pixel centres. */
export function spotsCsv(plan: TissuePlan, mpp: number): string {
  const names = barcodes(plan);
  const rows = plan.spots.map(({ arrayX, arrayY, xUm, yUm }, i) => [
    names[i]!,
    arrayX,
    arrayY,
    (xUm / mpp).toFixed(2),
    (yUm / mpp).toFixed(2),
  ]);
  return table([['barcode', 'array_x', 'array_y', 'px', 'py'], ...rows], ',');
}

/** The hidden causes under every spot. */
export function structureCsv(plan: TissuePlan, structure: readonly SpotStructure[]): string {
  const names = barcodes(plan);
  const header = [
    'barcode',
    'epithelium',
    'stroma',
    'necrosis',
    'epithelial_nuclei_per_mm2',
    'lymphocytes_per_mm2',
  ];
  const rows = structure.map((spot, i) => [
    names[i]!,
    spot.epithelium.toFixed(4),
    spot.stroma.toFixed(4),
    spot.necrosis.toFixed(4),
    spot.epithelialNuclei.toFixed(1),
    spot.lymphocytes.toFixed(1),
    ...(spot.fineTexture === undefined ? [] : [spot.fineTexture.toFixed(4)]),
  ]);
  const fine = structure[0]!.fineTexture === undefined ? [] : ['fine_texture'];
  return table([[...header, ...fine], ...rows], ',');
}

/** Spots x genes with an empty first header cell, as the public ST data sets have it. */
export function countsTsv(
  plan: TissuePlan,
  genes: readonly Gene[],
  counts: readonly Uint32Array[],
): Uint8Array {
  const rows = barcodes(plan).map((barcode, i) => [barcode, ...counts[i]!]);
  return gzipSync(table([['', ...genes.map(({ name }) => name)], ...rows], '\t'), { level: 6 });
}

/** Rows as lines. */
export function table(rows: readonly (readonly (string | number)[])[], separator: string): string {
  return `${rows.map((row) => row.join(separator)).join('\n')}\n`;
}
