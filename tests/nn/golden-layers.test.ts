/** Layers against the published classes: outputs and every gradient. */
import { describe, expect, it } from 'vitest';
import {
  Attention,
  EinFft,
  HydraMixer,
  MambaVisionMixer,
  type Module,
  VimMixer,
} from '../../src/nn/index.ts';
import { type Tensor, tensorCount } from '../../src/tensor/index.ts';
import { readGolden } from '../support/fixtures.ts';
import { expectGoldenModule } from '../support/golden-module.ts';

interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

function check(file: string, make: (meta: Readonly<Record<string, unknown>>) => Layer): void {
  const start = tensorCount();
  const layer = make(readGolden(file).meta);
  expectGoldenModule(file, layer, (input) => ({ y: layer.forward(input('x')) }));
  layer.dispose();
  expect(tensorCount()).toBe(start);
}

describe('MambaVision mixer', () => {
  it.each(['mvmixer_L1', 'mvmixer_L2', 'mvmixer_L3', 'mvmixer_L17', 'mvmixer_L50'])('%s', (file) => {
    check(
      file,
      ({ d_model, d_state, d_conv, expand }) =>
        new MambaVisionMixer(d_model as number, {
          states: d_state as number,
          taps: d_conv as number,
          expand: expand as number,
        }),
    );
  });
});

describe('EinFFT', () => {
  it.each(['einfft_small_L5', 'einfft_shrink_L10', 'einfft_L50', 'einfft_L257'])('%s', (file) => {
    check(file, ({ dim, num_blocks }) => new EinFft(dim as number, num_blocks as number));
  });
});

describe('attention', () => {
  it('attention_L17', () => {
    check('attention_L17', ({ dim, num_heads }) => new Attention(dim as number, num_heads as number));
  });
});

describe('Vim mixer', () => {
  it.each(['vim_v2_L1', 'vim_v2_L2', 'vim_v2_L17', 'vim_v2_L50'])('%s', (file) => {
    check(
      file,
      ({ d_model, d_state, d_conv, expand, if_divide_out }) =>
        new VimMixer(d_model as number, {
          states: d_state as number,
          taps: d_conv as number,
          expand: expand as number,
          divideOut: if_divide_out as boolean,
        }),
    );
  });
});

describe('Hydra mixer', () => {
  it.each(['hydra_L1', 'hydra_L2', 'hydra_L10', 'hydra_L50'])('%s', (file) => {
    check(
      file,
      ({ d_model, d_state, d_conv, expand, headdim, ngroups }) =>
        new HydraMixer(d_model as number, {
          states: d_state as number,
          taps: d_conv as number,
          expand: expand as number,
          headWidth: headdim as number,
          groups: ngroups as number,
        }),
    );
  });
});
