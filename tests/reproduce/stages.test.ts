import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runStage, type Stage, stageKey, stageMark } from '../../src/reproduce/stages.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-stages-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const nothing = () => undefined;
function stage(id: string, settings: unknown, run: Stage['run'], needs: readonly Stage[] = []): Stage {
  return { id, title: id, settings, needs, expectedSeconds: 1, run };
}

describe('stages', () => {
  it('run once, and again only when their settings or what they read change', async () => {
    const folder = join(root, 'once');
    let runs = 0;
    const count = async () => void runs++;
    const first = stage('a', { x: 1 }, count);
    await runStage(folder, first, nothing);
    const mark = await runStage(folder, first, nothing);
    expect(runs).toBe(1);
    expect(mark).toEqual(await stageMark(folder, first));
    expect(mark.seconds).toBeGreaterThanOrEqual(0);
    await runStage(folder, stage('a', { x: 2 }, count), nothing);
    expect(runs).toBe(2);
    const reader = (of: Stage) => stage('b', {}, count, [of]);
    expect(stageKey(reader(first))).not.toBe(stageKey(reader(stage('a', { x: 2 }, count))));
    expect(stageKey(stage('a', { x: 1 }, nothing as never))).toBe(stageKey(first));
  });

  it('find what a failed run with the same settings left, and nothing of other settings', async () => {
    const folder = join(root, 'left');
    const part = (where: string) => join(where, 'part');
    const fail: Stage['run'] = async (where) => {
      writeFileSync(part(where), 'half');
      throw new Error('killed');
    };
    await expect(runStage(folder, stage('c', { x: 1 }, fail), nothing)).rejects.toThrow('killed');
    expect(await stageMark(folder, stage('c', { x: 1 }, fail))).toBeUndefined();
    let found = '';
    const look: Stage['run'] = async (where) => {
      found = existsSync(part(where)) ? readFileSync(part(where), 'utf8') : 'nothing';
    };
    await runStage(folder, stage('c', { x: 1 }, look), nothing);
    expect(found).toBe('half');
    await runStage(folder, stage('c', { x: 2 }, look), nothing);
    expect(found).toBe('nothing');
  });

  it('take a damaged mark for none', async () => {
    const folder = join(root, 'damaged');
    const one = stage('d', {}, async () => undefined);
    await runStage(folder, one, nothing);
    writeFileSync(join(folder, 'd', 'done.json'), '{"key": ');
    expect(await stageMark(folder, one)).toBeUndefined();
  });
});
