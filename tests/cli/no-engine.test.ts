import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';

// Read when the engine is first used, which in this file never succeeds.
process.env.MVHYBRID_ADDON = 'absent/mvhybrid.node';

describe('without the compute engine', () => {
  it('help and version still work', async () => {
    const help = await runCli('--help');
    expect(help.code).toBe(0);
    for (const name of ['demo', 'embed', 'splits', 'benchmark', 'fit', 'predict', 'doctor'])
      expect(help.out).toContain(name);
    expect((await runCli('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const name of ['demo', 'embed', 'fit', 'predict', 'doctor']) {
      const one = await runCli(name, '--help');
      expect(one.code).toBe(0);
      expect(one.out).toContain('$ mvhybrid');
    }
    expect((await runCli('benchmark', 'expression', '--help')).out).toContain('$ mvhybrid');
  });

  it('doctor says what is missing, with every remedy, and fails', async () => {
    const { code, out, err } = await runCli('doctor');
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toContain('needed the native addon on libtorch, found no file');
    for (const remedy of ['npm run build', 'apt-get install', 'MVHYBRID_LIBTORCH'])
      expect(err).toContain(remedy);
  });
});
