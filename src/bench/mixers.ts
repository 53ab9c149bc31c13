/**
 * Forward time of the token mixers alone, and how it grows with the number of tokens:
 *
 *   node dist/bench/mixers.js
 */
import { fileURLToPath } from 'node:url';
import { layerFlops, totalFlops } from '../backbones/index.ts';
import { Attention, HydraMixer, MambaVisionMixer, type Module, VimMixer } from '../nn/index.ts';
import { noGrad, scope, type Tensor } from '../tensor/index.ts';
import { growthExponent } from './backbones.ts';
import { Inputs } from './inputs.ts';
import { type Sample, summarize, timeOf } from './timing.ts';

interface Mixer extends Module {
  forward(x: Tensor): Tensor;
}

const WIDTH = 384;
const HEADS = 6;

/** The mixers of the paper's backbones at their full width. */
const MIXERS: Readonly<Record<string, () => Mixer>> = {
  'mamba-vision': () => new MambaVisionMixer(WIDTH),
  vim: () => new VimMixer(WIDTH, { layers: 24 }),
  hydra: () => new HydraMixer(WIDTH),
  attention: () => new Attention(WIDTH, HEADS),
};
export const MIXER_NAMES = Object.keys(MIXERS);

export interface MixerBenchOptions {
  /** Default: all of {@link MIXER_NAMES}. */
  readonly names?: readonly string[];
  /** Default: class token and patches of 256, 384, 512, 768 and 1024 px. */
  readonly lengths?: readonly number[];
  /** Timed passes per length; default 7. */
  readonly runs?: number;
}

/** One mixer at one length, one image. */
export interface MixerTime {
  readonly tokens: number;
  /** Shortest wall time. */
  readonly ms: number;
  /** Median processor time over all threads: hardly touched by what else runs. */
  readonly cpuMs: number;
  readonly gflop: number;
}

export interface MixerSpeed {
  readonly name: string;
  readonly times: readonly MixerTime[];
  /** k of time ~ tokens^k, fitted to all processor times. */
  readonly exponent: number;
  /** The same between the last two lengths, where small constants matter least. */
  readonly lastExponent: number;
}

function mixerTime(mixer: Mixer, tokens: number, runs: number): MixerTime {
  const inputs = new Inputs();
  try {
    const x = inputs.normal([1, tokens, WIDTH]);
    const forward = () => noGrad(() => scope(() => void mixer.forward(x)));
    // Short passes are repeated, so that the clock's grain does not matter.
    const once = timeOf(forward);
    const repeats = Math.max(1, Math.ceil(20 / Math.max(once.wall, 0.1)));
    forward();
    const samples = Array.from({ length: runs }, (): Sample => {
      const { wall, cpu } = timeOf(() => {
        for (let i = 0; i < repeats; i++) forward();
      });
      return { wall: wall / repeats, cpu: cpu / repeats };
    });
    const { min, cpu } = summarize(samples);
    return { tokens, ms: min, cpuMs: cpu, gflop: totalFlops(layerFlops(mixer, tokens)) / 1e9 };
  } finally {
    inputs.dispose();
  }
}

/** Measures every mixer at every length: batch 1, width 384, no gradients. */
export function measureMixers(options: MixerBenchOptions = {}): MixerSpeed[] {
  const { names = MIXER_NAMES, lengths = [257, 577, 1025, 2305, 4097], runs = 7 } = options;
  return names.map((name) => {
    const mixer = MIXERS[name]!().initialize(1) as Mixer;
    try {
      const times = lengths.map((tokens) => mixerTime(mixer, tokens, runs));
      const points = times.map(({ tokens, cpuMs }) => ({ x: tokens, y: cpuMs }));
      return {
        name,
        times,
        exponent: growthExponent(points),
        lastExponent: growthExponent(points.slice(-2)),
      };
    } finally {
      mixer.dispose();
    }
  });
}

/** One line per mixer and length, and each mixer's exponents. */
export function formatMixerSpeeds(speeds: readonly MixerSpeed[]): string {
  const header = 'mixer          tokens       ms   CPU ms  GFLOP';
  const lines = speeds.flatMap(({ name, times, exponent, lastExponent }) => [
    ...times.map(({ tokens, ms, cpuMs, gflop }) =>
      [
        name.padEnd(13),
        String(tokens).padStart(7),
        ms.toFixed(2).padStart(8),
        cpuMs.toFixed(2).padStart(8),
        gflop.toFixed(2).padStart(6),
      ].join(' '),
    ),
    `${name.padEnd(13)} time ~ tokens^${exponent.toFixed(2)}; between the last two lengths tokens^${lastExponent.toFixed(2)}`,
  ]);
  return [header, ...lines].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${formatMixerSpeeds(measureMixers())}\n`);
}
