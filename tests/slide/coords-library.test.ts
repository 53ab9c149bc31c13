/**
 * Coordinates that `tile` writes, read as CLAM and TRIDENT read them: by h5py. Skipped where no Python with h5py is on the
 * path (Debian: `apt-get install python3-h5py`).
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { writeSyntheticSlide } from '../../src/synthetic/index.ts';
import { pythonJson, pythonWith } from '../support/python.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolder } from './pictures.ts';

const python = pythonWith('h5py');
const file = temporaryFolder('coords-library');

const DUMP = `
import json, sys
import h5py, numpy as np
def plain(v): return v.tolist() if isinstance(v, (np.ndarray, np.generic)) else v
with h5py.File(sys.argv[1], 'r') as f:
    c = f['coords']
    print(json.dumps({
        'shape': c.shape, 'dtype': str(c.dtype), 'maxshape': c.maxshape,
        'kinds': {k: str(np.asarray(v).dtype) if not isinstance(v, str) else 'str' for k, v in c.attrs.items()},
        'attrs': {k: plain(v) for k, v in c.attrs.items()},
        'coords': c[:].tolist(), 'names': sorted(f.keys()),
    }))`;

interface Dump {
  readonly shape: [number, number];
  readonly dtype: string;
  readonly maxshape: [number | null, number];
  readonly kinds: Record<string, string>;
  readonly attrs: Record<string, unknown>;
  readonly coords: [number, number][];
  readonly names: string[];
}

async function tiled(...more: string[]): Promise<Dump> {
  const out = file(more.join('') || 'clam');
  const { code, err } = await runCli('tile', file('slide.svs'), '--out', out, ...more);
  expect([code, err]).toEqual([0, expect.any(String)]);
  return pythonJson<Dump>(python!, DUMP, `${out}/slide.h5`);
}

const title = `h5py reads coordinates${python === undefined ? ' (skipped: no Python with h5py on the path)' : ''}`;
describe.skipIf(python === undefined)(title, () => {
  beforeAll(async () => {
    await writeSyntheticSlide(file('slide.svs'), { seed: 3, widthPx: 3000, heightPx: 2400 });
  }, 60_000);

  it("with CLAM's attributes", async () => {
    const { shape, dtype, maxshape, attrs, kinds, coords } = await tiled('--layout', 'clam');
    expect([dtype, shape[1], maxshape]).toEqual(['int64', 2, [null, 2]]);
    expect(shape[0]).toBeGreaterThan(10);
    const names = ['downsample', 'downsampled_level_dim', 'level_dim', 'name', 'patch_level', 'patch_size'];
    expect(Object.keys(attrs)).toEqual(expect.arrayContaining([...names, 'save_path']));
    expect(attrs).toMatchObject({
      name: 'slide',
      patch_level: 0,
      downsample: [1, 1],
      level_dim: [3000, 2400],
      downsampled_level_dim: [3000, 2400],
    });
    expect(kinds).toMatchObject({
      patch_size: 'int64',
      patch_level: 'int64',
      downsample: 'float64',
      name: 'str',
    });
    const size = attrs.patch_size as number;
    for (const [x, y] of coords) {
      expect(x > -size && y > -size && x < 3000 && y < 2400).toBe(true);
    }
  }, 60_000);

  it("with TRIDENT's attributes", async () => {
    const { attrs } = await tiled('--layout', 'trident');
    expect(attrs).toMatchObject({
      name: 'slide',
      overlap: 0,
      level0_width: 3000,
      level0_height: 2400,
      level0_magnification: 20,
    });
    for (const name of ['patch_size', 'patch_size_level0', 'target_magnification', 'savetodir']) {
      expect(attrs[name], name).toBeDefined();
    }
  }, 60_000);
});
