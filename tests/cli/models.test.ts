import { describe, expect, it } from 'vitest';
import { BACKBONE_NAMES, type BackboneFacts } from '../../src/backbones/index.ts';
import { runCli } from '../support/run-cli.ts';

describe('mvhybrid models', () => {
  it('prints a table and what is known about each', async () => {
    const { code, out, err } = await runCli('models');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^mv-hybrid +12 x \(mamba-vision \+ einfft\), 12 x \(attention \+ mlp\) +30,963,072 +15\.1 +20\.6$/m,
    );
    expect(out).toMatch(/^hydra-einfft +24 x \(hydra \+ einfft\) +28,160,736 /m);
    for (const name of BACKBONE_NAMES) expect(out).toContain(`\n${name}\n  known: `);
  });

  it('prints the same as JSON', async () => {
    const { code, out } = await runCli('models', '--json');
    expect(code).toBe(0);
    const models = JSON.parse(out) as BackboneFacts[];
    expect(models.map(({ name, blocks, parameters }) => [name, blocks, parameters])).toEqual([
      ['mv-hybrid', 24, 30_963_072],
      ['vit-12', 12, 21_698_304],
      ['vit-24', 24, 43_001_088],
      ['vim-einfft', 24, 28_940_160],
      ['hydra-einfft', 24, 28_160_736],
      ['hydra-hybrid', 24, 35_522_352],
      ['vim', 24, 25_411_584],
    ]);
  });
});
