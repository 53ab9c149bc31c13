/** Golden model files: tensors and how closely to match them. */
import { readFileSync } from 'node:fs';
import type { Tolerance } from './close.ts';
import { goldenPath } from './paths.ts';

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

export interface Golden {
  /** Options of the run that made the values, from the manifest. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
  /** Tensors whose name starts with `prefix`, without it. */
  group(prefix: string): Map<string, GoldenTensor>;
  /** One tensor; fails the test when the file has none of that name. */
  get(name: string): GoldenTensor;
  /** The manifest's tolerance for a tensor. */
  tolerance(name: string): Tolerance;
}

interface Entry {
  readonly dtype: 'F32' | 'F64' | 'I32' | 'U8';
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

interface Manifest {
  readonly fixtures: readonly {
    readonly file: string;
    readonly meta?: Readonly<Record<string, unknown>>;
    readonly tolerance?: Readonly<Record<string, { readonly rtol_of_max?: number; readonly atol?: number }>>;
  }[];
}

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array } as const;

function manifest(): Manifest {
  return JSON.parse(readFileSync(goldenPath('model/MANIFEST.json'), 'utf8')) as Manifest;
}

/** Reads `tests/golden/model/<name>.safetensors`. */
export function readGolden(name: string): Golden {
  const bytes = readFileSync(goldenPath(`model/${name}.safetensors`));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, Entry>;
  const tensors = new Map<string, GoldenTensor>();
  for (const [key, stored] of Object.entries(header)) {
    if (key === '__metadata__') continue;
    const [from, to] = stored.data_offsets;
    const copy = Uint8Array.from(bytes.subarray(start + from, start + to));
    tensors.set(key, { shape: stored.shape, data: new ARRAYS[stored.dtype](copy.buffer) });
  }
  const entry = manifest().fixtures.find(({ file }) => file === `${name}.safetensors`);
  if (entry === undefined) throw new Error(`MANIFEST.json lists no ${name}.safetensors`);
  return {
    meta: entry.meta ?? {},
    tensors,
    group: (prefix) =>
      new Map(
        [...tensors].filter(([k]) => k.startsWith(prefix)).map(([k, v]) => [k.slice(prefix.length), v]),
      ),
    get(key) {
      const found = tensors.get(key);
      if (found === undefined) throw new Error(`${name} has no tensor ${key}`);
      return found;
    },
    tolerance(key) {
      const { rtol_of_max, atol } = entry.tolerance?.[key.split('.')[0]!] ?? entry.tolerance?.out ?? {};
      return {
        ...(rtol_of_max === undefined ? {} : { rtolOfMax: rtol_of_max }),
        ...(atol === undefined ? {} : { atol }),
      };
    },
  };
}
