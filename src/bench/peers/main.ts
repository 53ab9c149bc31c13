/**
 * Side by side with the peers that are installed:
 *
 *   node dist/bench/peers/main.js [--json] [--threads N] [--batch N] [--rounds N] [name ...]
 */
import { parseArgs } from 'node:util';
import { createBackbone } from '../../backbones/index.ts';
import { isMvHybridError, UsageError } from '../../errors.ts';
import { noGrad, scope, setThreads } from '../../tensor/index.ts';
import { CEILING_FLOPS, ceilingProduct } from '../ceiling.ts';
import { Inputs } from '../inputs.ts';
import { describeMachine } from '../machine.ts';
import { median, timeOf } from '../timing.ts';
import { trainStepCases } from '../train-step.ts';
import { type Comparison, compare } from './compare.ts';
import { onnxRuntimePeer } from './onnx-runtime.ts';
import type { Absent, Peer } from './peer.ts';
import { pythonPeer } from './python.ts';

const IMAGE_PX = 256;

interface Plan {
  readonly threads: number;
  readonly batch: number;
  readonly rounds: number;
}

/** Our side, ready to run, and the peer. */
interface Pair {
  readonly ours: () => void;
  readonly peer: Peer | Absent;
  dispose(): void;
}

type MakePair = (plan: Plan) => Promise<Pair>;

/** Forward of a whole backbone at 256 px against a peer. */
function forwardPair(
  name: 'vit-12' | 'mv-hybrid',
  peerOf: (plan: Plan, model: ReturnType<typeof createBackbone>) => Promise<Peer | Absent>,
): MakePair {
  return async (plan) => {
    const model = createBackbone(name).initialize(1);
    const inputs = new Inputs();
    const images = inputs.normal([plan.batch, 3, IMAGE_PX, IMAGE_PX]);
    return {
      ours: () => noGrad(() => scope(() => void model.forward(images))),
      peer: await peerOf(plan, model),
      dispose: () => {
        inputs.dispose();
        model.dispose();
      },
    };
  };
}

async function trainStepPair({ threads }: Plan): Promise<Pair> {
  const ready = trainStepCases[0]!.prepare();
  return {
    ours: () => ready.run(),
    peer: await pythonPeer('train_step.py', [trainStepCases[0]!.items!.count, threads]),
    dispose: () => ready.dispose(),
  };
}

const PAIRS: Readonly<Record<string, MakePair>> = {
  'vit-12-onnxruntime': forwardPair('vit-12', ({ batch, threads }, model) =>
    onnxRuntimePeer(model, { batch, px: IMAGE_PX, threads }),
  ),
  'vit-12-pytorch': forwardPair('vit-12', ({ batch, threads }) =>
    pythonPeer('forward.py', ['vit-12', batch, threads]),
  ),
  'mv-hybrid-onnxruntime': forwardPair('mv-hybrid', ({ batch, threads }, model) =>
    onnxRuntimePeer(model, { batch, px: IMAGE_PX, threads }),
  ),
  'mv-hybrid-pytorch': forwardPair('mv-hybrid', ({ batch, threads }) =>
    pythonPeer('forward.py', ['mv-hybrid', batch, threads]),
  ),
  'train-step-small-pytorch': trainStepPair,
};

/** Speeds that bound what any of it can reach: one large product, and copying memory. */
function ceilings(): { gflops: number; copyGBs: number } {
  const product = ceilingProduct();
  const floats = 1 << 25;
  const [from, to] = [new Float32Array(floats).fill(1), new Float32Array(floats)];
  try {
    for (let i = 0; i < 3; i++) product.run();
    const times = Array.from({ length: 9 }, () => timeOf(() => product.run()).wall);
    const copies = Array.from({ length: 9 }, () => timeOf(() => to.set(from)).wall);
    return { gflops: CEILING_FLOPS / median(times) / 1e6, copyGBs: (8 * floats) / median(copies) / 1e6 };
  } finally {
    product.dispose();
  }
}

function lineOf({ work, peer, ours, theirs, ratio, ratios }: Comparison): string {
  const ms = (value: number): string => value.toFixed(0);
  return [
    work.padEnd(26),
    `${ms(ours.median)} ms (${ms(ours.min)}-${ms(ours.max)})`.padStart(22),
    `${ms(theirs.median)} ms (${ms(theirs.min)}-${ms(theirs.max)})`.padStart(24),
    `${ratio.toFixed(3)} (${ratios.min.toFixed(2)}-${ratios.max.toFixed(2)})`.padStart(20),
    ` ${peer}`,
  ].join(' ');
}

function positive(text: string, option: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError('bench', { need: `a positive whole number for ${option}`, found: text });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      threads: { type: 'string', default: '2' },
      batch: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const unknown = positionals.find((name) => !(name in PAIRS));
  if (unknown !== undefined)
    throw new UsageError('bench', {
      need: `names among ${Object.keys(PAIRS).join(', ')}`,
      found: `"${unknown}"`,
    });
  const plan: Plan = {
    threads: positive(values.threads, '--threads'),
    batch: positive(values.batch, '--batch'),
    rounds: positive(values.rounds, '--rounds'),
  };
  setThreads(plan.threads);
  const machine = describeMachine();
  const ceiling = ceilings();
  const comparisons: Comparison[] = [];
  const absent: { work: string; install: string }[] = [];
  for (const work of positionals.length === 0 ? Object.keys(PAIRS) : positionals) {
    const { ours, peer, dispose } = await PAIRS[work]!(plan);
    try {
      if ('absent' in peer) absent.push({ work, install: peer.absent });
      else {
        const onRound = (done: number): void => {
          if (process.stderr.isTTY) process.stderr.write(`${work}: round ${done} of ${plan.rounds}\n`);
        };
        comparisons.push(await compare(work, ours, peer, { rounds: plan.rounds, onRound }));
        await peer.close();
      }
    } finally {
      dispose();
    }
  }
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ machine, plan, ceiling, comparisons, absent }, null, 2)}\n`);
    return;
  }
  const lines = [
    `${machine.processor}, ${machine.cores} cores, load ${machine.load.toFixed(1)} before; batch ${plan.batch}, ${plan.rounds} rounds`,
    `ceilings: ${ceiling.gflops.toFixed(0)} GFLOP/s in one 2048 x 2048 x 2048 product, ${ceiling.copyGBs.toFixed(1)} GB/s copying memory`,
    '',
    `${'work'.padEnd(26)} ${'ours, median (range)'.padStart(22)} ${'peer, median (range)'.padStart(24)} ${'ours / peer'.padStart(20)}  peer`,
    ...comparisons.map(lineOf),
    ...absent.map(({ work, install }) => `${work}: not compared, needs ${install}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

main().catch((error: unknown) => {
  const usage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
  if (!isMvHybridError(error) && !usage) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = usage ? 2 : 1;
});
