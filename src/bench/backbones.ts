/**
 * Forward time per patch of the backbones, and how it grows with the number of tokens:
 *
 *   node dist/bench/backbones.js [name ...]
 */
import { fileURLToPath } from 'node:url';
import { backboneFlops, createBackbone, totalFlops } from '../backbones/index.ts';
import { noGrad, scope, tensor } from '../tensor/index.ts';

/** The paper's six. */
export const PAPER_BACKBONES = [
  'mv-hybrid',
  'vit-12',
  'vit-24',
  'vim-einfft',
  'hydra-einfft',
  'hydra-hybrid',
] as const;

export interface BackboneBenchOptions {
  /** Default: the paper's six. */
  readonly names?: readonly string[];
  /** Image sides; default 256, 384, 512, 768, 1024: 257 to 4097 tokens. */
  readonly sides?: readonly number[];
  /** Images per forward pass at the smallest side; default 8. Larger sides take one image. */
  readonly batch?: number;
  /** Timed passes per size; default 3. */
  readonly runs?: number;
  /** Called before each measurement. */
  readonly onSize?: (name: string, side: number) => void;
}

/** One backbone at one image side. */
export interface BackboneTime {
  readonly side: number;
  readonly tokens: number;
  readonly batch: number;
  /** Shortest wall time per image. */
  readonly msPerImage: number;
  /** Median processor time per image over all threads: hardly touched by what else runs. */
  readonly cpuMsPerImage: number;
  readonly gflopPerImage: number;
}

export interface BackboneSpeed {
  readonly name: string;
  readonly times: readonly BackboneTime[];
  /** k of time ~ tokens^k, fitted to the processor times of single images. */
  readonly exponent: number;
}

/** Slope of log(y) over log(x) by least squares. */
export function growthExponent(points: readonly { readonly x: number; readonly y: number }[]): number {
  const logs = points.map(({ x, y }) => [Math.log(x), Math.log(y)] as const);
  const [meanX, meanY] = [0, 1].map((k) => logs.reduce((sum, p) => sum + p[k]!, 0) / logs.length);
  const above = logs.reduce((sum, [x, y]) => sum + (x - meanX!) * (y - meanY!), 0);
  return above / logs.reduce((sum, [x]) => sum + (x - meanX!) ** 2, 0);
}

interface Pass {
  readonly wall: number;
  readonly cpu: number;
}

function timed(work: () => void): Pass {
  const [start, before] = [performance.now(), process.cpuUsage()];
  work();
  const [wall, { user, system }] = [performance.now() - start, process.cpuUsage(before)];
  return { wall, cpu: (user + system) / 1000 };
}

/** Passes that are not counted: the first ones also wait for memory that is new to the process. */
const WARM_UP = 3;

/** Wall time at best, processor time in the middle of `runs` passes. */
function passes(name: string, side: number, batch: number, runs: number): { best: Pass; gflop: number } {
  const model = createBackbone(name).initialize(1);
  try {
    return noGrad(() =>
      scope(() => {
        const pixels = Float32Array.from({ length: batch * 3 * side * side }, (_, i) => Math.sin(i));
        const images = tensor(pixels, [batch, 3, side, side]);
        const forward = (): void => scope(() => void model.forward(images));
        for (let i = 0; i < WARM_UP; i++) forward();
        const all = Array.from({ length: runs }, () => timed(forward));
        const cpu = all.map((pass) => pass.cpu).sort((a, b) => a - b)[Math.floor(runs / 2)]!;
        const wall = Math.min(...all.map((pass) => pass.wall));
        return {
          best: { wall: wall / batch, cpu: cpu / batch },
          gflop: totalFlops(backboneFlops(model, side)) / 1e9,
        };
      }),
    );
  } finally {
    model.dispose();
  }
}

/** Measures every backbone at every side; the first side also with a whole batch. */
export function measureBackbones(options: BackboneBenchOptions = {}): BackboneSpeed[] {
  const { names = PAPER_BACKBONES, sides = [256, 384, 512, 768, 1024], batch = 8, runs = 3 } = options;
  return names.map((name) => {
    const measure = (side: number, images: number): BackboneTime => {
      options.onSize?.(name, side);
      const { best, gflop } = passes(name, side, images, runs);
      return {
        side,
        tokens: (side / 16) ** 2 + 1,
        batch: images,
        msPerImage: best.wall,
        cpuMsPerImage: best.cpu,
        gflopPerImage: gflop,
      };
    };
    const single = sides.map((side) => measure(side, 1));
    const exponent = growthExponent(
      single.map(({ tokens, cpuMsPerImage }) => ({ x: tokens, y: cpuMsPerImage })),
    );
    return { name, times: [measure(sides[0]!, batch), ...single], exponent };
  });
}

/** One line per backbone and size, and each backbone's exponent. */
export function formatBackboneSpeeds(speeds: readonly BackboneSpeed[]): string {
  const header = 'backbone      px    tokens  batch  ms/image  CPU ms  GFLOP  GFLOP/s';
  const lines = speeds.flatMap(({ name, times, exponent }) => [
    ...times.map(({ side, tokens, batch, msPerImage, cpuMsPerImage, gflopPerImage }) =>
      [
        name.padEnd(12),
        String(side).padStart(4),
        String(tokens).padStart(8),
        String(batch).padStart(6),
        msPerImage.toFixed(1).padStart(9),
        cpuMsPerImage.toFixed(0).padStart(7),
        gflopPerImage.toFixed(1).padStart(6),
        (gflopPerImage / (msPerImage / 1000)).toFixed(0).padStart(8),
      ].join(' '),
    ),
    `${name.padEnd(12)} time ~ tokens^${exponent.toFixed(2)}`,
  ]);
  return [header, ...lines].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  const speeds = measureBackbones(names.length > 0 ? { names } : {});
  process.stdout.write(`${formatBackboneSpeeds(speeds)}\n`);
}
