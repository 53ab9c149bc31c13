/** Options of `serve` and `predict --region`, before any work. */
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';

describe('predict --region', () => {
  it.each(['1,2,3', '1,2,3,4,5', '0,0,0,10', '0,0,10,-1', '0.5,0,10,10', 'a,b,c,d'])(
    'refuses %s',
    async (region) => {
      const { code, err } = await runCli(
        'predict',
        'head.safetensors',
        'a.svs',
        '--region',
        region,
        '--out',
        'x',
      );
      expect(code).toBe(2);
      expect(err).toContain('It must be');
    },
  );
});

describe('serve', () => {
  it.each([
    [['--port', '65536'], 'It must be a port'],
    [['--port', '-1'], 'It must be a whole number'],
    [['--token', 'short'], 'It must be 8 to 200 letters'],
    [['--token', 'with space and more'], 'It must be 8 to 200 letters'],
    [['--threads', '0'], 'It must be a whole number of 1 or more'],
    [['--max-upload', 'x'], 'It must be a number'],
  ])('refuses %s', async (flags, message) => {
    const { code, err } = await runCli('serve', 'folder', ...flags);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
