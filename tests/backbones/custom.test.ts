/** A seventh backbone from a configuration object alone: it trains, is stored, read back, and embeds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { backboneOptionNames, createBackbone, embed, openBackbone } from '../../src/backbones/index.ts';
import { UsageError } from '../../src/errors.ts';
import { DinoV2, dinoV2Config, trainStep } from '../../src/ssl/index.ts';
import { tensorCount, toFloat32Array } from '../../src/tensor/index.ts';
import { readRunConfig } from '../../src/train/index.ts';
import { writeTeacher } from '../../src/train/teacher-file.ts';
import { tinyBatch, tinyOptions } from '../ssl/tiny-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'mvhybrid-custom-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const YAML = `
backbone:
  name: custom
  label: vim-hydra-attention
  width: 32
  heads: 2
  hydra: { states: 8, headWidth: 16, groups: 2 }
  blocks:
    - { mixer: vim, channelMixer: mlp }
    - { mixer: hydra, channelMixer: einfft, count: 2 }
    - { mixer: attention, channelMixer: swiglu }
patches: { pictures: somewhere }
`;

describe('a new hybrid from a run file', () => {
  it('learns for some steps, is written, read back and embeds the same', async () => {
    const start = tensorCount();
    const config = readRunConfig({ yaml: { text: YAML, path: 'run.yaml' } });
    const { name, ...options } = config.backbone;
    const model = new DinoV2(() => createBackbone(name, options), dinoV2Config(tinyOptions()));
    const before = toFloat32Array(
      model.student.namedParameters().get('backbone.blocks.blocks.1.mixer.dt_bias')!,
    );
    const losses = Array.from({ length: 12 }, () => {
      const batch = tinyBatch(model);
      const report = trainStep(model, batch);
      for (const t of Object.values(batch)) if (typeof t === 'object' && 'dispose' in t) t.dispose();
      expect(report.applied).toBe(true);
      return report.losses.total;
    });
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    expect(
      toFloat32Array(model.student.namedParameters().get('backbone.blocks.blocks.1.mixer.dt_bias')!),
    ).not.toEqual(before);

    const path = join(folder, 'teacher.safetensors');
    await writeTeacher(path, model, config);
    const rgb = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 31) % 256);
    const features = embed(model.teacher.backbone, rgb, 32, 'cls+mean');
    const opened = await openBackbone({ weights: path });
    expect(opened.name).toBe('custom');
    expect(opened.backbone.card.name).toBe('vim-hydra-attention');
    expect(embed(opened.backbone, rgb, 32, 'cls+mean')).toEqual(features);
    opened.backbone.dispose();
    model.dispose();
    expect(tensorCount()).toBe(start);
  });

  it('says which part it does not know', () => {
    expect(backboneOptionNames('custom')).toContain('blocks');
    for (const options of [
      {},
      { blocks: [] },
      { blocks: [{ mixer: 'lstm', channelMixer: 'mlp' }] },
      { blocks: [{ mixer: 'vim', channelMixer: 'mlp', count: 0 }] },
      { blocks: [{ mixer: 'vim', channelMixer: 'mlp' }], hydra: { heads: 3 } },
    ]) {
      expect(() => createBackbone('custom', options)).toThrow(UsageError);
      expect(() => createBackbone('custom', options)).toThrow(/^backbone: needed options of custom/);
    }
  });
});
