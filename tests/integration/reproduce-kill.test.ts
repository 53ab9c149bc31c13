/** The built command line: a reproduction killed with -9 in a pretraining and in a benchmark, then resumed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'mvhybrid-reproduce-kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const SETS = [
  'cohort.studies=3',
  'cohort.patientsPerStudy=1',
  'cohort.spotsPerSection=8',
  'ssl.batch=4',
  'ssl.crops.locals=1',
  'ssl.schedule.epochs=3',
  'ssl.schedule.epochSteps=10',
].flatMap((value) => ['--set', value]);

function start(out: string) {
  const args = [
    main,
    'reproduce',
    '--backbones',
    'mv-hybrid',
    '--seeds',
    '1',
    '--threads',
    '1',
    ...SETS,
    '--out',
    out,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr!.on('data', (chunk) => {
    err += String(chunk);
  });
  const end = new Promise<{ code: number | null; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, err })),
  );
  return { child, end };
}

async function killWhen(out: string, condition: () => boolean): Promise<void> {
  const { child, end } = start(out);
  while (!condition()) {
    if (child.exitCode !== null) throw new Error('the run ended too early');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL');
  await end;
}

describe('a reproduction', () => {
  it('killed in a pretraining and in a benchmark ends with the bytes of an uninterrupted one', async () => {
    const [whole, killed] = [join(root, 'whole'), join(root, 'killed')];
    // The teacher's file names its patches, so that both runs must have the same folder.
    const first = await start(killed).end;
    expect(first.code, first.err).toBe(0);
    renameSync(killed, whole);
    const pretraining = join(killed, 'pretrain', 'mv-hybrid', 'seed-0');
    const log = join(pretraining, 'metrics.jsonl');
    const steps = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0);
    // The state of step 20 is there, the last one is not.
    await killWhen(killed, () => steps() >= 22);
    expect(existsSync(join(pretraining, 'done.json'))).toBe(false);
    expect(existsSync(join(pretraining, 'checkpoints', 'step-00000020.safetensors'))).toBe(true);
    await killWhen(killed, () => existsSync(join(killed, 'benchmark', 'mv-hybrid', 'seed-0', 'stage.json')));
    const last = await start(killed).end;
    expect(last.code, last.err).toBe(0);
    expect(last.err).not.toMatch(/cutting patches|pretraining mv-hybrid/);
    for (const file of [
      'result.json',
      'pretrain/mv-hybrid/seed-0/teacher.safetensors',
      'benchmark/mv-hybrid/seed-0/result.json',
      'benchmark/mv-hybrid/seed-0/replicates.safetensors',
      'frequency/mv-hybrid/seed-0/spectra.json',
    ]) {
      const [a, b] = [whole, killed].map((folder) => readFileSync(join(folder, file)));
      expect(a!.equals(b!), file).toBe(true);
    }
  });
});
