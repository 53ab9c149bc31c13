import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { mergeOptions, nearestKey, PRESETS, readRunConfig, withEpochSteps } from '../../src/train/index.ts';

const read = (text: string, flags = {}) => readRunConfig({ yaml: { text, path: 'run.yaml' }, flags });
const PICTURES = 'patches: {pictures: tiles}\n';

function message(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('run file', () => {
  it('takes every published value where nothing is said', () => {
    const { ssl, backbone, augmentation } = read(`preset: paper\n${PICTURES}`);
    expect(backbone).toEqual({ name: 'mv-hybrid' });
    expect(augmentation).toEqual({
      blur: 'published',
      colour: 'published',
      globalScale: [0.32, 1],
      localScale: [0.05, 0.32],
    });
    expect(ssl.batch).toBe(64);
    expect(ssl.crops).toEqual({ globalPx: 256, localPx: 112, locals: 8, imageDtype: 'float16' });
    expect(ssl.dinoHead).toEqual({ prototypes: 65_536, hidden: 2048, bottleneck: 256, layers: 3 });
    expect(ssl.ibotHead).toEqual(ssl.dinoHead);
    expect(ssl.schedule).toMatchObject({
      epochs: 200,
      learningRate: 0.002,
      scaling: 'sqrt',
      finalLearningRate: 1e-6,
      warmupEpochs: 10,
      weightDecay: [0.04, 0.4],
      teacherMomentum: [0.992, 1],
      teacherTemperature: [0.04, 0.06],
      teacherTemperatureEpochs: 30,
      freezeLastLayerEpochs: 1,
    });
    expect(ssl.mask).toEqual({ probability: 0.5, ratio: [0.1, 0.5] });
    expect(ssl.losses).toMatchObject({ dino: 1, ibot: 1, koleo: 0.1 });
    expect(ssl.optimizer).toMatchObject({
      clipNorm: 3,
      layerDecay: 1,
      patchEmbedMultiplier: 0.2,
      decay: 'published',
    });
  });

  it('lets flags win over the file and the file over the preset', () => {
    const text = `preset: small\n${PICTURES}ssl:\n  batch: 8\n  crops: {locals: 2}\n`;
    const { ssl } = read(text, { ssl: { batch: 16 } });
    expect(ssl.batch).toBe(16);
    expect(ssl.crops).toMatchObject({ globalPx: PRESETS.small.ssl.crops.globalPx, locals: 2 });
    expect(mergeOptions({ a: { b: 1, c: [1, 2] } }, { a: { c: [3] } })).toEqual({ a: { b: 1, c: [3] } });
  });

  it('makes an epoch one pass over the patches unless its length is given', () => {
    const free = read(`preset: paper\n${PICTURES}`);
    // 24 processes of 64 images, and the paper's number of patches.
    expect(withEpochSteps(free, 755_936, 24).ssl.schedule.epochSteps).toBe(493);
    const given = read(`${PICTURES}ssl: {schedule: {epochSteps: 7}}`);
    expect(withEpochSteps(given, 755_936, 24).ssl.schedule.epochSteps).toBe(7);
  });

  it.each([
    [`${PICTURES}ssl: {bach: 3}`, '"bach" in run.yaml; did you mean "batch"?'],
    [`${PICTURES}ssl: {crops: {global_px: 128}}`, '"global_px" in run.yaml; did you mean "globalPx"?'],
    [`${PICTURES}slr: {}`, '"slr" in run.yaml; did you mean "ssl"?'],
    [`${PICTURES}backbone: {name: vit-12, einfft: true}`, '"backbone.einfft" in run.yaml'],
    [`${PICTURES}backbone: {name: mv-hybrid, widht: 96}`, 'did you mean "width"?'],
    [`${PICTURES}backbone: {name: vit-13}`, 'a usable value for backbone.name'],
    [`${PICTURES}ssl: {batch: many}`, 'a usable value for ssl.batch'],
    [`${PICTURES}ssl: {batch: -1}`, 'a usable value for ssl.batch'],
    [`${PICTURES}ssl: {crops: {globalPx: 100}}`, 'needed ssl.crops.globalPx as a multiple of 16, found 100'],
    [`${PICTURES}run: {accumulate: 7}`, 'needed run.accumulate that divides ssl.batch, found 7 and 64'],
    [`${PICTURES}augmentation: {blur: strong}`, 'a usable value for augmentation.blur'],
    ['ssl: {batch: 8}', 'exactly one of patches.pictures, patches.files and patches.cohort, found none'],
    ['patches: {pictures: a, cohort: b}', 'found pictures and cohort'],
    ['preset: tiny', 'needed preset paper or small, found tiny'],
    ['a: [', 'needed a YAML file, found run.yaml'],
    ['- a', 'needed keys and values'],
  ])('refuses %j', (text, expected) => {
    expect(message(() => read(text))).toContain(expected);
  });
});

describe('nearest key', () => {
  it('forgives case, separators, swapped and missing letters, and no more', () => {
    expect(nearestKey('teacher-momentum', ['teacherMomentum', 'teacherTemperature'])).toBe('teacherMomentum');
    expect(nearestKey('epocsh', ['epochs', 'epochSteps'])).toBe('epochs');
    expect(nearestKey('colour', ['blur', 'globalScale'])).toBeUndefined();
  });
});
