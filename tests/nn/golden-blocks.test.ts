/** Residual blocks against the published classes: outputs and every gradient. */
import { describe, expect, it } from 'vitest';
import { MixerBlock, VitBlock } from '../../src/backbones/index.ts';
import { Attention, EinFft, MambaVisionMixer, Mlp, type Module } from '../../src/nn/index.ts';
import { type Tensor, tensorCount } from '../../src/tensor/index.ts';
import { expectGoldenModule } from '../support/golden-module.ts';

const WIDTH = 32;

interface Block extends Module {
  forward(x: Tensor): Tensor;
}

function check(file: string, make: () => Block): void {
  const start = tensorCount();
  const block = make();
  expectGoldenModule(file, block, (input) => ({ y: block.forward(input('x')) }));
  block.dispose();
  expect(tensorCount()).toBe(start);
}

const mamba = (): MambaVisionMixer => new MambaVisionMixer(WIDTH);
const attention = (): Attention => new Attention(WIDTH, 2);
const einfft = (): EinFft => new EinFft(WIDTH);
const mlp = (): Mlp => new Mlp(WIDTH, 4 * WIDTH);

describe('MV_Hybrid block', () => {
  it.each([
    ['block_mv_einfft', mamba, einfft, undefined],
    ['block_mv_mlp', mamba, mlp, undefined],
    ['block_attn_mlp', attention, mlp, undefined],
    ['block_attn_einfft', attention, einfft, undefined],
    ['block_mv_einfft_ls', mamba, einfft, 1],
  ] as const)('%s', (file, mixer, channels, layerScale) => {
    check(file, () => new MixerBlock(WIDTH, mixer(), channels(), { layerScale }));
  });
});

describe('DINOv2 block', () => {
  it.each([
    ['vit_block_ls', 'mlp'],
    ['vit_block_swiglu', 'swiglu'],
  ] as const)('%s', (file, ffn) => {
    check(file, () => new VitBlock(WIDTH, 2, { ffn, layerScale: 1, dropPath: 0 }));
  });
});
